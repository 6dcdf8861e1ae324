/** Frames: lengths, splitting anywhere, and what is refused before anything is allocated for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { frame, frameAll, FrameDecoder, unframe } from '../../../protocol/wire/framing.ts'
import { refused } from '../../support/refused.ts'

const max = 20_000
const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + length) % 256)

async function* chunks(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all
}
async function batches(source: AsyncIterable<Uint8Array>, deadline?: number): Promise<Uint8Array[][]> {
  return Array.fromAsync(unframe(max, deadline)(source))
}

test('a length takes as few bytes as it needs', () => {
  assert.deepEqual([...frame(new Uint8Array(0))], [0])
  const prefix = (length: number) => [...frame(bytes(length)).subarray(0, frame(bytes(length)).byteLength - length)]
  assert.deepEqual(prefix(127), [0x7f])
  assert.deepEqual(prefix(128), [0x80, 1])
  assert.deepEqual(prefix(16_383), [0xff, 0x7f])
  assert.deepEqual(prefix(16_384), [0x80, 0x80, 1])
})

test('frames come out as they went in, however the bytes are cut', async () => {
  const payloads = [0, 1, 127, 128, 300, 16_384].map(bytes)
  const wire = frameAll(payloads)
  for (const size of [1, 2, 3, 129, 1000, wire.byteLength]) {
    const cut = Array.from({ length: Math.ceil(wire.byteLength / size) }, (_, at) =>
      wire.subarray(at * size, (at + 1) * size),
    )
    const frames = (await batches(chunks(...cut))).flat()
    assert.deepEqual(frames.map(Buffer.from), payloads.map(Buffer.from), `in pieces of ${size}`)
  }
})

test('frames that one chunk completes come together', async () => {
  const [a, b, c] = [bytes(10), bytes(20), bytes(30)] as const
  const wire = frameAll([a, b, c])
  const [first, second] = await batches(chunks(wire.subarray(0, 40), wire.subarray(40)))
  assert.deepEqual([first?.length, second?.length], [2, 1])
})

test('a frame of exactly the maximum passes, one byte more is refused by its length alone', () => {
  assert.equal(new FrameDecoder(max).push(frame(bytes(max)))[0]?.byteLength, max)
  const length = frame(bytes(max + 1)).subarray(0, 3)
  assert.throws(() => new FrameDecoder(max).push(length), refused('too-large'))
})

test('a length of more than four bytes is refused, also if it is small', () => {
  assert.throws(() => new FrameDecoder(max).push(new Uint8Array([0x80, 0x80, 0x80, 0x80])), refused('too-large'))
  assert.deepEqual(new FrameDecoder(max).push(new Uint8Array([0x80, 0x80, 0x80])), [])
})

test('an end between frames is an end, inside one an error', async () => {
  assert.deepEqual(await batches(chunks()), [])
  assert.equal((await batches(chunks(frame(bytes(5))))).length, 1)
  await assert.rejects(batches(chunks(frame(bytes(5)).subarray(0, 3))), refused('bad-request'))
  await assert.rejects(batches(chunks(new Uint8Array([0x80]))), refused('bad-request'))
})

test('a frame that never ends is given up', async () => {
  async function* stuck(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array([5, 1])
    await Promise.withResolvers<void>().promise
  }
  await assert.rejects(batches(stuck(), 5), refused('bad-request'))
})

test('between frames there is no deadline', async () => {
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield frame(bytes(3))
    await pause(20)
    yield frame(bytes(4))
  }
  assert.equal((await batches(slow(), 1)).length, 2)
})

test('the source is released when its reader stops', async () => {
  let released = false
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield frame(bytes(3))
    } finally {
      released = true
    }
  }
  for await (const frames of unframe(max)(source())) {
    assert.equal(frames.length, 1)
    break
  }
  assert.ok(released)
})
