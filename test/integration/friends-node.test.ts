/**
 * The node of a friend, not one of ours: its connection may stay while it carries a conversation, and no longer.
 * This process has a shorter limit, so that the test does not wait a minute. It still leaves a busy machine the time to
 * open a circuit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { befriend, reservations, startNode, startPeer, tell, until } from '../support/network.ts'

Object.assign(pathLimits, { strangerLifetime: 3_000 })

test('a conversation through the node of a friend outlives the limit for strangers; then the node is disconnected', async (t) => {
  const [ours, theirs] = [await startNode(t), await startNode(t)]
  const alice = await startPeer(t, { nodes: ours.addresses(), lan: false })
  const bob = await startPeer(t, { nodes: theirs.addresses(), lan: false })
  for (const peer of [alice, bob]) {
    await until(async () => (await reservations(peer)) === 1, 'each has a node of its own')
  }
  await befriend(alice, bob)
  await until(async () => (await alice.connection({ peer: bob.id })).path === 'relayed', 'they talk through a node')
  const { via, since } = await alice.connection({ peer: bob.id })
  assert.ok(via === ours.peer || via === theirs.peer)
  // For the peer that connected to it, that node is a stranger.
  const [guest, host] = via === theirs.peer ? [alice, bob] : [bob, alice]
  const foreign = via === theirs.peer ? theirs : ours
  assert.equal(foreign.stats().circuits, 1)
  await until(
    () => Date.now() - (since ?? Date.now()) > 2 * pathLimits.strangerLifetime,
    'the stay of a stranger is over',
  )
  await tell(guest, host, 'still there')
  const now = await alice.connection({ peer: bob.id })
  assert.deepEqual([now.via, now.since], [via, since])
  assert.equal(foreign.stats().connections, 2)

  await guest.removeFriend({ peer: host.id })
  await until(() => foreign.stats().connections === 1, 'the guest has left that node')
})
