/** Chunks from the bytes of a stream: the same ones for any cut, and no allocation that is out of bounds. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { readChunks } from '../../../protocol/file/receive/chunk-reader.ts'
import { chunkDigest, FileDigest } from '../../../protocol/file/digest.ts'
import { FileList } from '../../../protocol/file/manifest.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { fileLimits } from '../../../protocol/file/limits.ts'
import type { Bytes } from '../../../protocol/base/bytes.ts'
import { chunkErrorToWire, chunkHeaderToWire } from '../../../protocol/wire/file.ts'
import { frame } from '../../../protocol/wire/framing.ts'

const header = (length: number) => frame(chunkHeaderToWire({ file: 1, chunk: 2, length, digest: new Uint8Array(32) }))

async function* source(parts: Iterable<Bytes>): AsyncGenerator<Bytes> {
  yield* parts
}

async function read(parts: Iterable<Bytes>): Promise<{ chunks: Buffer[]; counted: number }> {
  const chunks: Buffer[] = []
  let counted = 0
  for await (const chunk of readChunks(source(parts), (length) => (counted += length))) {
    if (!('skipped' in chunk)) chunks.push(chunk.data)
  }
  return { chunks, counted }
}

test('any cut of a stream gives the same chunks, and their bytes are counted once', async () => {
  const contents = [1, 70_000, 5, 300].map((length) => randomBytes(length))
  const whole = Buffer.concat(contents.flatMap((content) => [header(content.byteLength), content]))
  const cuts = fc.array(fc.integer({ min: 0, max: whole.byteLength }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(cuts, fc.boolean(), async (at, lists) => {
      const ends = [...at.toSorted((a, b) => a - b), whole.byteLength]
      const parts = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end))
      const { chunks, counted } = await read(lists ? [new Uint8ArrayList(...parts)] : parts)
      assert.deepEqual(chunks, contents)
      assert.equal(counted, Buffer.concat(contents).byteLength)
    }),
    { numRuns: 200 },
  )
})

test('a chunk over the limit, an empty one and a header over its limit: nothing is allocated', async () => {
  await assert.rejects(read([header(limits.chunk + 1)]), { code: 'too-large' })
  await assert.rejects(read([header(0)]), { code: 'too-large' })
  await assert.rejects(read([frame(new Uint8Array(fileLimits.chunkHeader + 1))]), { code: 'too-large' })
})

test('an end inside a header or a chunk is a lost path, an end between chunks is an end', async () => {
  const whole = Buffer.concat([header(10), randomBytes(10)])
  await assert.rejects(read([whole.subarray(0, 3)]), { code: 'peer-offline' })
  await assert.rejects(read([whole.subarray(0, whole.byteLength - 1)]), { code: 'peer-offline' })
  assert.equal((await read([whole])).chunks.length, 1)
})

test('an error that the sender reports instead of a chunk is thrown, with its code', async () => {
  const said = frame(chunkErrorToWire({ code: 'source-changed', message: 'It is gone' }))
  await assert.rejects(read([said]), { name: 'QuorumError', code: 'source-changed', message: 'It is gone' })
})

test('random bytes end in an error or in chunks within bounds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const outcome = await read([bytes]).catch((error: unknown) => error)
      assert.ok(!(outcome instanceof Error) || 'code' in outcome, String(outcome))
    }),
  )
})

test('a list iterates over its files chunk by chunk, skips empty ones, and knows how many bytes precede each', () => {
  const sizes = [0, limits.chunk, 1, 0, 2 * limits.chunk + 7, 0]
  const list = new FileList(sizes.map((size, at) => ({ path: `root ${at % 2}/${at}`, size, modified: 0 })))
  assert.deepEqual(list.roots, ['root 0', 'root 1'])
  const seen: [number, number, number, boolean][] = []
  for (let next = list.at({ file: 0, chunk: 0 }); next != null; next = list.after(next)) {
    seen.push([next.file, next.chunk, next.length, next.last])
    assert.equal(next.offset, next.chunk * limits.chunk)
  }
  assert.deepEqual(seen, [
    [1, 0, limits.chunk, true],
    [2, 0, 1, true],
    [4, 0, limits.chunk, false],
    [4, 1, limits.chunk, false],
    [4, 2, 7, true],
  ])
  assert.equal(list.bytes, 3 * limits.chunk + 8)
  assert.equal(list.bytesBefore({ file: 4, chunk: 1 }), 2 * limits.chunk + 1)
  const done = (bytes: number): number[] => list.slice(0, sizes.length, bytes).map((file) => file.done)
  assert.deepEqual(done(limits.chunk + 1), [0, limits.chunk, 1, 0, 0, 0])
  assert.deepEqual(done(list.bytes), sizes)
  assert.deepEqual(
    list.slice(4, 1, 0).map(({ size }) => size),
    sizes.slice(4, 5),
  )
  const positions = [0, limits.chunk - 1, limits.chunk, limits.chunk + 1, list.bytes - 1, list.bytes]
  assert.deepEqual(
    positions.map((bytes) => list.fileAt(bytes)),
    [1, 1, 2, 4, 4, undefined],
  )
})

test('a digest may be requested in between, and hashing continues', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  const digest = new FileDigest()
  digest.add(one)
  const half = digest.value()
  digest.add(two)
  assert.deepEqual(half, chunkDigest(one))
  assert.deepEqual(digest.value(), chunkDigest(Buffer.concat([one, two])))
})
