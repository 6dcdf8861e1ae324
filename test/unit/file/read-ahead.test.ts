/** What the sender reads of files that are no longer what was offered: each costs itself only. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { chunkDigest, FileDigest } from '../../../protocol/file/digest.ts'
import { FileList, type ChunkPosition } from '../../../protocol/file/manifest.ts'
import { ReadAhead } from '../../../protocol/file/send/read-ahead.ts'
import { scan } from '../../../protocol/file/send/scan.ts'
import { folder } from '../../support/cleanup.ts'

const large = 3 * limits.chunk + 1
/** In this order they travel. */
const sizes = { 'a-small': 100, 'b-small': 100, 'c-large': large, 'd-large': large, 'e-large': large, 'f-small': 5 }

async function scene(t: TestContext) {
  const top = path.join(folder(t), 'top')
  fs.mkdirSync(top)
  for (const [name, size] of Object.entries(sizes)) fs.writeFileSync(path.join(top, name), randomBytes(size))
  const { entries, sources } = await scan([top])
  const list = new FileList(entries)
  /** What arrives: of each file its bytes, or `skipped`; `onChunk` runs after each chunk. */
  const read = async (
    skips: boolean,
    from: ChunkPosition = { file: 0, chunk: 0 },
    prefix: Uint8Array = new Uint8Array(),
    onChunk = (_name: string) => {},
  ) => {
    const arrived = new Map<string, number | 'skipped'>()
    for await (const { header, data } of new ReadAhead(list, sources).read(from, prefix, skips)) {
      const name = path.basename(entries[header.file]?.path ?? '')
      const before = arrived.get(name) ?? 0
      assert.notEqual(before, 'skipped', 'nothing follows of a file that was skipped')
      arrived.set(name, 'skipped' in header ? 'skipped' : Number(before) + data.byteLength)
      onChunk(name)
    }
    return Object.fromEntries(arrived)
  }
  return { top, read, at: (name: string) => path.join(top, name) }
}

test('files that changed, vanished, or became something else are skipped, and all others are whole', async (t) => {
  const { read, at } = await scene(t)
  fs.appendFileSync(at('b-small'), 'more')
  fs.rmSync(at('c-large'))
  fs.rmSync(at('e-large'))
  fs.mkdirSync(at('e-large'))
  const expected = { ...sizes, 'b-small': 'skipped', 'c-large': 'skipped', 'e-large': 'skipped' }
  assert.deepEqual(await read(true), expected)
})

test('a file that becomes shorter or other while it is read is skipped, and all others are whole', async (t) => {
  for (const change of [
    (file: string) => fs.truncateSync(file, 2 * limits.chunk),
    (file: string) => fs.writeFileSync(file, randomBytes(large)),
  ]) {
    const { read, at } = await scene(t)
    let chunks = 0
    const during = (name: string): void => {
      if (name === 'd-large' && (chunks += 1) === 1) change(at(name))
    }
    assert.deepEqual(await read(true, undefined, undefined, during), { ...sizes, 'd-large': 'skipped' })
  }
})

test('a file whose beginning is no longer what the receiver has is skipped, and those after it are whole', async (t) => {
  const { read, at } = await scene(t)
  const prefix = new FileDigest()
  prefix.add(chunkDigest(fs.readFileSync(at('c-large')).subarray(0, limits.chunk)))
  const from = { file: 2, chunk: 1 }
  const rest = { 'd-large': large, 'e-large': large, 'f-small': 5 }
  assert.deepEqual(await read(true, from, prefix.value()), { 'c-large': large - limits.chunk, ...rest })
  fs.writeFileSync(at('c-large'), randomBytes(large))
  assert.deepEqual(await read(true, from, prefix.value()), { 'c-large': 'skipped', ...rest })
})

test('a folder in whose place there is a link by now is not followed, to whatever it leads', async (t) => {
  const { top, read } = await scene(t)
  const moved = path.join(path.dirname(top), 'elsewhere')
  fs.renameSync(top, moved)
  fs.symlinkSync('elsewhere', top)
  assert.deepEqual(new Set(Object.values(await read(true))), new Set(['skipped']))
  fs.rmSync(top)
  fs.renameSync(moved, top)
  assert.deepEqual(await read(true), sizes)
})

test('everything can be gone', async (t) => {
  const { top, read } = await scene(t)
  fs.rmSync(top, { recursive: true })
  assert.deepEqual(new Set(Object.values(await read(true))), new Set(['skipped']))
})

test('a receiver that does not understand skipped files is told that the transfer ends', async (t) => {
  const { read, at } = await scene(t)
  fs.rmSync(at('c-large'))
  await assert.rejects(read(false), { code: 'source-changed' })
})
