/**
 * Friends who are never there at the same time (docs/protocol.md, "Parcels"): real processes, and a node that restarts
 * in between.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFriends } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`friends who are never up together, --direct ${direct}`, async (t) => {
    const { node, alice, bob } = await startFriends(new Stage(t), direct)
    await until(async () => (await node.figure('quorum_mailboxes')) >= 2, 'both have given a ticket')
    await bob.stop()
    await alice.sees(bob, false)
    const written = Array.from({ length: 20 }, (_, at) => `message ${at}`)
    for (const text of written) await alice.send(bob, text)
    await alice.stop()
    await node.restart()

    await bob.start()
    await bob.has(alice, 'message 19', 'delivered')
    const received = (await bob.history(alice)).map(({ text }) => text)
    assert.deepEqual(received, written)
    await bob.stop()

    await alice.start()
    for (const text of written) await alice.has(bob, text, 'delivered')
    await alice.stop()
    await node.stop()
  })
}

test('a message is left for a friend who is away, and withdrawn when it is delivered otherwise', async (t) => {
  const { node, alice, bob } = await startFriends(new Stage(t), 'auto')
  await until(async () => (await node.figure('quorum_mailboxes')) >= 2, 'both have given a ticket')
  await bob.kill9()
  await alice.sees(bob, false)
  const { id } = await alice.send(bob, 'for later')
  const left = await alice.event('message-changed', (message) => message.id === id && message.leftAt !== undefined)
  assert.equal(left.state, 'sent')
  assert.equal(await alice.refusal('recallMessage', { message: id }), 'bad-request')
  await bob.start()
  await bob.has(alice, 'for later', 'delivered')
  const delivered = await alice.has(bob, 'for later', 'delivered')
  assert.equal(delivered.leftAt, undefined)
  await until(async () => (await node.figure('quorum_held_parcels')) === 0, 'the node holds nothing any more')
  assert.equal((await bob.history(alice)).length, 1)
  await Promise.all([alice.stop(), bob.stop()])
  await node.stop()
})
