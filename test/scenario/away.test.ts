/**
 * Friends who are never there at the same time (docs/protocol.md, "Parcels"): real processes, and a node that restarts
 * in between.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3-multiple-ciphers'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publicKeyOf } from '../../protocol/identity/identity.ts'
import { befriend, HeadlessNode, HeadlessPeer, mailboxes, startFriends } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { needsMemory, occurrences } from '../support/memory-scan.ts'
import { wordsIn } from '../support/search.ts'
import { until } from '../support/until.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`friends who are never up together, --direct ${direct}`, async (t) => {
    const { node, alice, bob } = await startFriends(new Stage(t), direct)
    await mailboxes(alice, bob)
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
  await mailboxes(alice, bob)
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

test(
  'hostile 108: a node has neither texts nor names of what was left, and on its disk not who left it for whom',
  needsMemory,
  async (t) => {
    const stage = new Stage(t)
    const node = await new HeadlessNode(stage, 'node', { args: ['--log-level', 'debug'] }).start()
    const setup = { nodes: node.addresses, args: ['--direct', 'never'] }
    const from = await new HeadlessPeer(stage, 'Wilhelmina', setup).start()
    const to = await new HeadlessPeer(stage, 'Bartholomew', setup).start()
    await befriend(from, to)
    await mailboxes(from, to)
    await to.kill9()
    await from.sees(to, false)
    const text = 'The lighthouse keeper knows the way'
    const { id } = await from.send(to, text)
    await from.event('message-changed', (message) => message.id === id && message.leftAt !== undefined)
    assert.equal(await node.figure('quorum_held_parcels'), 1)

    const words = [text, 'Wilhelmina', 'Bartholomew']
    const found = occurrences(node.pid, Object.fromEntries(words.map((word) => [word, Buffer.from(word)])))
    assert.deepEqual(found, Object.fromEntries(words.map((word) => [word, 0])))
    const disk = Buffer.concat(
      readdirSync(node.folder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
    )
    assert.ok(disk.byteLength > 2048, 'what was left is there')
    assert.deepEqual(wordsIn(disk, words), [])
    assert.deepEqual(wordsIn(Buffer.from(node.log), words), [])

    // The friend request, which it held before, names its recipient; what is in the mailboxes names nobody.
    await node.stop()
    const database = new Database(join(node.folder, 'held.db'), { readonly: true })
    const rows = ['parcels', 'tickets'].map((table) => database.prepare(`SELECT * FROM ${table}`).raw().all())
    database.close()
    assert.deepEqual(
      rows.map(({ length }) => length),
      [1, 2],
    )
    const stored = Buffer.concat(
      rows.flat(2).map((value) => (value instanceof Buffer ? value : Buffer.from(String(value)))),
    )
    assert.deepEqual(wordsIn(stored, [...words, from.id, to.id]), [])
    for (const { id: peer } of [from, to]) assert.equal(stored.indexOf(publicKeyOf(peer)), -1)
    await node.start()

    await to.start()
    await to.has(from, text, 'delivered')
    await Promise.all([from.stop(), to.stop()])
    await node.stop()
  },
)
