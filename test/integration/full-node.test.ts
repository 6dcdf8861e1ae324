/**
 * A node that is full says so to those who come, keeps those who are there, and has a place for somebody else when one
 * of them leaves.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { limits } from '../../protocol/base/limits.ts'
import { sign } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import type { RelayNode } from '../../protocol/index.ts'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { DirectorySession } from '../../protocol/directory/session.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { recordToWire } from '../../protocol/wire/contact.ts'
import { startAttacker } from '../support/attacker.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { befriend, reservations, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'

const minute = 60_000

async function told(peer: TestPeer): Promise<number> {
  const at = async (): Promise<number | undefined> => (await peer.self()).nodes[0]?.fullUntil
  await until(async () => (await at()) !== undefined, 'the node has said that it is full')
  return (await at()) ?? assert.fail()
}

const asked = (node: RelayNode): number => node.stats().requests['announce node-full'] ?? 0
const statesOf = ({ events }: TestPeer): string[] =>
  events.flatMap(({ event, data }) => (event === 'node-state' ? [data.state] : []))

/** Two friends who have the only places of a node. */
async function fullNode(t: TestContext) {
  change(t, netLimits, { nodeConnections: 2 })
  const node = await startNode(t)
  const nodes = node.addresses().slice(0, 1)
  const alice = await startPeer(t, { nodes, name: 'alice', direct: 'never' })
  const bob = await startPeer(t, { nodes, name: 'bob', direct: 'never' })
  await befriend(alice, bob)
  await until(async () => (await reservations(alice, bob)) === 2, 'both are reserved')
  return { node, nodes, alice, bob }
}

test('who comes is told, waits for minutes, and meanwhile uses other nodes', async (t) => {
  const { node, nodes, alice, bob } = await fullNode(t)
  const other = await startNode(t)
  const begun = Date.now()
  const carol = await startPeer(t, { nodes: [...nodes, ...other.addresses()], direct: 'never' })
  const again = await told(carol)
  assert.ok(again - begun >= directoryLimits.nodeFull.first / 2)
  assert.ok(directoryLimits.nodeFull.first / 2 >= minute)
  await until(async () => (await reservations(carol)) === 1, 'the other node has a place')
  assert.deepEqual([statesOf(alice), statesOf(bob)].flat().includes('unreachable'), false)
  await tell(alice, bob, 'still here')
  assert.equal(asked(node), 1)
})

test('who came is let in when somebody leaves, and was never shown as connected before', async (t) => {
  change(t, directoryLimits, { nodeFull: { first: 100, longest: 100 } })
  const { node, nodes, alice, bob } = await fullNode(t)
  const carol = await startPeer(t, { nodes, direct: 'never' })
  await until(() => asked(node) >= 3, 'the node is asked again')
  assert.deepEqual([...new Set(statesOf(carol))], ['unreachable'])
  assert.deepEqual([statesOf(alice), statesOf(bob)].flat().includes('unreachable'), false)
  await bob.stop()
  await until(async () => (await reservations(carol)) === 1, 'carol has a place')
  assert.equal((await carol.self()).nodes[0]?.fullUntil, undefined)
})

test('a friend is told that the node is full, not that they are away', async (t) => {
  const { nodes, alice } = await fullNode(t)
  const store = openMemoryStore()
  store.putFriend(befriended(alice.id, nodes))
  const carol = await startPeer(t, { store, nodes, direct: 'never' })
  await told(carol)
  assert.equal((await carol.connection({ peer: alice.id })).adviceCode, 'node-full')
})

test('at a full node a newcomer may look up and deliver, and the connection ends with its refused record', async (t) => {
  const { nodes, alice } = await fullNode(t)
  const { session, connection, record } = await newcomer(t, nodes)
  assert.equal((await session.lookup({ peer: alice.id }))?.peer, alice.id)
  await session.deliver(alice.id, randomBytes(100))
  await assert.rejects(session.announce(record, ''), { code: 'node-full' })
  await until(() => connection.status !== 'open', 'it is closed')
})

test('a peer that has a place gets no other when it connects again before the old connection has gone', async (t) => {
  change(t, netLimits, { nodeConnections: 1 })
  const node = await startNode(t)
  const seed = randomBytes(32)
  for (const sequence of [1, 2]) {
    const { session, record } = await newcomer(t, node.addresses(), { seed, sequence })
    await session.announce(record, '')
  }
  assert.deepEqual([node.stats().connections, asked(node)], [2, 0])
  const { session, record } = await newcomer(t, node.addresses())
  await assert.rejects(session.announce(record, ''), { code: 'node-full' })
})

test('newcomers who stay at a full node keep nobody from being told, and put nobody out (threats.md 14)', async (t) => {
  change(t, netLimits, { nodeSeatsPerAddress: [2, 2], nodeSeatFor: hour })
  const { node, nodes, alice, bob } = await fullNode(t)
  const crowd: Awaited<ReturnType<typeof newcomer>>[] = []
  for (let count = 0; count < 6; count += 1) crowd.push(await newcomer(t, nodes))
  await until(() => crowd.filter(({ connection }) => connection.status === 'open').length === 2, 'two have seats')
  await told(await startPeer(t, { nodes, direct: 'never' }))
  await until(() => node.stats().connections <= 4, 'two places, two seats')
  await tell(alice, bob, 'still here')
  assert.deepEqual([statesOf(alice), statesOf(bob)].flat().includes('unreachable'), false)
})

test('a seat at a full node is for some seconds (threats.md 14)', async (t) => {
  change(t, netLimits, { nodeSeatFor: 50 })
  const { nodes } = await fullNode(t)
  const { connection } = await newcomer(t, nodes)
  await until(() => connection.status !== 'open', 'it is cut')
})

test('an address that has more than its share of a full node loses its newest to another address (threats.md 14)', async (t) => {
  change(t, netLimits, { nodeConnections: 5, nodePlaceShare: 2, nodeSeatFor: 1000 })
  const node = await startNode(t)
  const nodes = node.addresses().slice(0, 1)
  const idle = async (from: string): Promise<Connection> => {
    const host = await bareHost(undefined, from)
    undo(t).defer(() => host.stop())
    return connectTo(host, nodes[0] ?? assert.fail())
  }
  const many: Connection[] = []
  for (let count = 0; count < 5; count += 1) many.push(await idle('127.0.0.2'))
  const there = (): number[] => many.flatMap(({ status }, index) => (status === 'open' ? [index] : []))
  const alice = await startPeer(t, { nodes, direct: 'never' })
  await until(async () => (await reservations(alice)) === 1, 'alice has a place')
  assert.deepEqual(there(), [0, 1, 2, 3])
  const bob = await startPeer(t, { nodes, direct: 'never' })
  await until(async () => (await reservations(bob)) === 1, 'bob has a place')
  await idle('127.0.0.3')
  await until(() => there().length === 2, 'its last place beyond the share is given to the third address')
  // From here on nobody has more than a share.
  await told(await startPeer(t, { nodes, direct: 'never' }))
  for (const from of ['127.0.0.4', '127.0.0.2']) {
    const connection = await idle(from)
    await until(() => connection.status !== 'open', 'no place becomes free while it has a seat')
  }
  assert.deepEqual(there(), [0, 1])
  await befriend(alice, bob)
})

/** A session of somebody who has no place yet, and a record to announce. */
async function newcomer(t: TestContext, nodes: readonly string[], { seed = randomBytes(32), sequence = 1 } = {}) {
  const { dial, identity } = await startAttacker(t, seed)
  const connection = await dial(nodes[0] ?? assert.fail())
  const session = await DirectorySession.open(connection, () => Promise.resolve())
  const content = { sequence, ttl: limits.recordTtl, nodes: [], addresses: [] }
  return { connection, session, record: sign(identity, 'quorum-record', recordToWire(content)) }
}
