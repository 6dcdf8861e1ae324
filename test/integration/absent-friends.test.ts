/** A peer with more friends that are away than it can ask for one by one: what it asks its node, and who is found. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { QuorumError } from '../../protocol/base/errors.ts'
import { Expectations } from '../../protocol/directory/expectations.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { befriended } from '../support/friends.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'

guardProcess()

const many = 300

/** A store with a seed, and friends at that node, who are tried in this order. */
async function storeWith(node: string, friends: readonly string[], seed: Uint8Array = randomBytes(32)) {
  const store = openMemoryStore()
  store.setSetting('seed', seed)
  for (const [addedAt, friend] of friends.entries()) store.putFriend({ ...befriended(friend, [node]), addedAt })
  return store
}

test('friends that are away are tried at a rate, however many they are and however often the node comes back', async (t) => {
  const tokens = 20
  change(t, pathLimits, { tries: { tokens, per: hour } })
  // However short the friend's stay is on a fast machine, it counts as one.
  change(t, netLimits, { stableAfter: 0 })
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const seeds = Array.from({ length: many }, () => randomBytes(32))
  const friends = await Promise.all(seeds.map(async (seed) => (await identityFromSeed(seed)).peer))
  const peer = await startPeer(t, { store: await storeWith(address, friends), nodes: [address], direct: 'never' })
  const connected = () => peer.events.filter(({ event, data }) => event === 'node-state' && data.reserved).length
  const lookups = () => node.stats().requests['lookup ok'] ?? 0
  await until(() => lookups() === tokens, 'the first are tried')

  const before = connected()
  await peer.removeNode({ address })
  await peer.addNode({ address })
  await until(() => connected() > before, 'the node is back')
  await peer.nodeKnowledge({ node: address })
  assert.equal(lookups(), tokens)
  const refused = Object.keys(node.stats().requests).filter((kind) => kind.endsWith('rate-limited'))
  assert.deepEqual(refused, [])

  // The last of them comes: it dials by itself, and this peer is there.
  const store = await storeWith(address, [peer.id], seeds.at(-1))
  const last = await startPeer(t, { store, nodes: [address], direct: 'never' })
  await until(async () => (await peer.friends()).filter(({ online }) => online).length === 1, 'the last is found')
  await last.stop()
  // It was there a moment ago, so it is tried again without waiting for a turn.
  await until(() => lookups() > tokens, 'it is tried again')
})

test('a friend that comes is named by the node, and dialled at once by the one that waited', async (t) => {
  // No attempt is made without a sign that the friend is there.
  change(t, pathLimits, { tries: { tokens: 1, per: hour } })
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const seeds = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const [one = '', two = '', stranger = ''] = await Promise.all(
    seeds.map(async (seed) => (await identityFromSeed(seed)).peer),
  )
  const start = async (friends: string[], seed?: Uint8Array) =>
    startPeer(t, { store: await storeWith(address, friends, seed), nodes: [address], direct: 'never' })
  const expected = () => node.stats().requests['expect ok'] ?? 0
  const online = async (peer: TestPeer) =>
    (await peer.friends()).flatMap((friend) => (friend.online ? friend.peer : []))
  // The stranger takes the only attempt of each, so the two find each other by the node alone.
  const waiting = await start([stranger, two], seeds[0])
  await until(() => expected() === 1, 'the node knows who is expected')
  const coming = await start([stranger, one], seeds[1])
  await until(async () => (await online(waiting)).includes(two) && (await online(coming)).includes(one), 'they met')
  // It expects both, and neither expects it.
  await start([one, two], seeds[2])
  await until(() => expected() === 3, 'the node knows who is expected')
  assert.equal(node.stats().requests['lookup rate-limited'], undefined)
})

test('an older node does not know the call: friends find each other all the same', async (t) => {
  const unknown = t.mock.method(Expectations.prototype, 'begin', () => ({
    add: () => {
      throw new QuorumError('unsupported-version', 'This node does not know that request')
    },
    remove: () => {},
    end: () => {},
  }))
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const [alice, bob] = [await startPeer(t, { nodes: [address] }), await startPeer(t, { nodes: [address] })]
  await befriend(alice, bob)
  await tell(alice, bob, 'hello')
  assert.ok(unknown.mock.callCount() > 0)
})
