/** How many may use a node at once, as its operator chose: peers, reservations, held envelopes. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { openMailboxes } from '../../node/mailboxes.ts'
import { createRelayNode } from '../../protocol/index.ts'
import { bareHost, circuitStatus, connectTo, reserve } from '../support/circuit.ts'
import { folder, undo } from '../support/cleanup.ts'
import { reservations, startNode, startPeer, until } from '../support/network.ts'
import { anyPort, ready, runNode } from '../support/node-process.ts'

async function startCapped(t: TestContext, ...caps: string[]): Promise<string[]> {
  const { addresses } = await ready(runNode(t, ['--json', '--data', folder(t), ...anyPort, ...caps]))
  return addresses.slice(0, 1)
}

async function idle(t: TestContext, node: string | undefined, from: string): Promise<Connection> {
  const host = await bareHost(undefined, from)
  undo(t).defer(() => host.stop())
  return connectTo(host, node ?? '')
}

test('with --max-peers, whoever comes when all places are taken is told that the node is full', async (t) => {
  const nodes = await startCapped(t, '--max-peers', '1')
  const alice = await startPeer(t, { nodes, direct: 'never' })
  await until(async () => (await reservations(alice)) === 1, 'alice has the place')
  const bob = await startPeer(t, { nodes, direct: 'never' })
  await until(async () => (await bob.self()).nodes[0]?.fullUntil !== undefined, 'bob is told')
  await alice.stop()
  await bob.addNode({ address: nodes[0] ?? '' })
  await until(async () => (await reservations(bob)) === 1, 'bob has it')
})

test('with --max-reservations 0 a node introduces peers and relays nothing', async (t) => {
  const nodes = await startCapped(t, '--max-reservations', '0')
  const alice = await startPeer(t, { nodes, direct: 'never' })
  await until(async () => (await alice.self()).nodes[0]?.state === 'connected', 'alice is connected')
  assert.equal(await reserve(await idle(t, nodes[0], '127.0.0.1')), circuitStatus.refused)
  assert.equal(await reservations(alice), 0)
})

test('with few places, too, one address keeps no more than a small share when others come (threats.md 14)', async (t) => {
  const node = await startNode(t, { most: { peers: 6 } })
  const [address] = node.addresses()
  const many: Connection[] = []
  for (let count = 0; count < 6; count += 1) many.push(await idle(t, address, '127.0.0.2'))
  const alice = await startPeer(t, { nodes: [address ?? ''], direct: 'never' })
  await until(async () => (await reservations(alice)) === 1, 'alice has a place')
  assert.equal(many.filter(({ status }) => status === 'open').length, 5)
})

test('a program that runs a node cannot choose numbers beyond the bounds', async (t) => {
  const store = openMailboxes(':memory:')
  undo(t).defer(() => store.close())
  for (const more of [
    { most: { peers: 0 } },
    { most: { peers: 10_001 } },
    { most: { reservations: -1 } },
    { most: { reservation: 1 } },
    { relay: { perPeer: 1 } },
    { relay: { perDay: -1 } },
    { relay: { perday: 1 } },
    { admits: true },
  ]) {
    const options = { seed: randomBytes(32), listen: [], store, ...more } as Parameters<typeof createRelayNode>[0]
    await assert.rejects(createRelayNode(options), { code: 'bad-request' }, JSON.stringify(more))
  }
})
