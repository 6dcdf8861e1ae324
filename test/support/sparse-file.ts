/** A file of 5 GB with content in a few places, around 2 and 4 GiB too, from one headless peer to another. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { startFriends } from './headless.ts'
import { Stage } from './line-process.ts'
import { becomes, digestOf, give, MiB } from './transfers.ts'

const size = 5_000_000_000
const places = [0, 2_147_483_640, 4_294_967_290]

export async function sendWithHoles(t: TestContext, direct: 'auto' | 'never'): Promise<void> {
  const stage = new Stage(t)
  const { node, alice, bob } = await startFriends(stage, direct)
  const file = path.join(stage.folder, 'sparse.img')
  const handle = fs.openSync(file, 'w')
  fs.ftruncateSync(handle, size)
  for (const at of places) fs.writeSync(handle, `here is ${at}`, at)
  fs.closeSync(handle)
  const to = path.join(stage.folder, 'received')
  const id = await give(alice, bob, [file], to)
  await becomes(id, 'done', [alice, bob])
  const received = path.join(to, 'sparse.img')
  const stats = fs.statSync(received)
  assert.equal(stats.size, size)
  assert.ok(stats.blocks * 512 < 16 * MiB, `${stats.blocks * 512} bytes on the disk`)
  for (const at of [...places, size - MiB]) assert.equal(digestOf(received, at, MiB), digestOf(file, at, MiB))
  await Promise.all([alice.stop(), bob.stop(), node.stop()])
}
