/** threats.md 22: the node between two friends is killed during a transfer, which continues when the node is back. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { startFriends } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { becomes, digestOf, give, MiB, randomFile, reaches, transferOf } from '../support/transfers.ts'
import { until } from '../support/until.ts'

test('threats.md 22: the relay is killed during a transfer and restarts: the transfer continues', async (t) => {
  const stage = new Stage(t)
  const { node, alice, bob } = await startFriends(stage, 'never')
  const source = randomFile(path.join(stage.folder, 'source.bin'), 150 * MiB)
  const to = path.join(stage.folder, 'to')
  const id = await give(alice, bob, [source], to)
  for (const at of [5, 40]) {
    await reaches(bob, id, at * MiB)
    await node.kill9()
    await becomes(id, 'waiting', [bob])
    const { doneBytes } = await transferOf(bob, id)
    await node.start()
    const moves = async () => (await transferOf(bob, id)).doneBytes > doneBytes
    const begun = performance.now()
    await until(moves, 'it moves again')
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    t.diagnostic(`it moves again ${seconds} s after the node was back; 15 s are promised`)
  }
  await becomes(id, 'done', [alice, bob])
  assert.deepEqual(fs.readdirSync(to), ['source.bin'])
  assert.equal(digestOf(path.join(to, 'source.bin')), digestOf(source))
  await Promise.all([alice.stop(), bob.stop(), node.stop()])
})
