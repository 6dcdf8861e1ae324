/** Handles that look like codes: a node gives out none, also to a peer that does not check it itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Settings } from '../../protocol/identity/settings.ts'
import { startNode, startPeer, until } from '../support/network.ts'

test('a node gives nobody a handle that looks like a code; a mistyped code asks nobody', async (t) => {
  const node = await startNode(t)
  const [alice, mallory, bob] = [
    await startPeer(t, { nodes: node.addresses(), name: 'Alice' }),
    await startPeer(t, { nodes: node.addresses(), name: 'Alice' }),
    await startPeer(t, { nodes: node.addresses() }),
  ]
  await until(async () => (await mallory.self()).nodes[0]?.state === 'connected', 'the node is there')
  const { code } = await alice.invite({})
  const mistyped = code.slice(0, -1).toLowerCase()
  t.mock.method(Settings.prototype, 'setHandle', () => undefined)
  t.mock.method(Settings.prototype, 'handle', () => mistyped)
  await assert.rejects(mallory.setProfile({ handle: mistyped }), { code: 'handle-taken' })
  t.mock.restoreAll()
  const before = node.stats().requests['lookup ok'] ?? 0
  await assert.rejects(bob.requestFriend({ to: mistyped }), { code: 'bad-invite', message: /has 9/u })
  assert.equal(node.stats().requests['lookup ok'] ?? 0, before, 'no node is asked')
  assert.deepEqual(await bob.friends(), [])
})
