/** A peer with more friends that are away than it can ask for one by one: what it asks its node, and who is found. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { befriended } from '../support/friends.ts'
import { guardProcess } from '../support/guard.ts'
import { startNode, startPeer, until } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'

guardProcess()

const many = 300

/** A store with a seed, and friends at that node. */
async function storeWith(node: string, friends: readonly string[], seed = randomBytes(32)) {
  const store = openMemoryStore()
  store.setSetting('seed', seed)
  for (const friend of friends) store.putFriend(befriended(friend, [node]))
  return store
}

test('friends that are away are tried at a rate, however many they are and however often the node comes back', async (t) => {
  const tokens = 20
  change(t, pathLimits, { tries: { tokens, per: hour } })
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
