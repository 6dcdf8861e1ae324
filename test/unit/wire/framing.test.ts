/** Frames: lengths, splitting at any byte, and refusals before any memory is allocated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { frame, frameAll, FrameDecoder, unframe, type FrameClock } from '../../../protocol/wire/framing.ts'
import { refused } from '../../support/refused.ts'

const max = 20_000
const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + length) % 256)

async function* chunks(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all
}
async function batches(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[][]> {
  return Array.fromAsync(unframe(max)(source))
}

/** Does not advance between two calls of `pass`. */
class FakeClock implements FrameClock {
  readonly #timers = new Map<object, { at: number; late: () => void }>()
  #now = 0

  now(): number {
    return this.#now
  }

  after(ms: number, late: () => void): () => void {
    const timer = {}
    this.#timers.set(timer, { at: this.#now + ms, late })
    return () => this.#timers.delete(timer)
  }

  /** The number of running deadlines. */
  get waiting(): number {
    return this.#timers.size
  }

  pass(ms: number): void {
    this.#now += ms
    for (const [timer, { at, late }] of this.#timers) {
      if (at > this.#now) continue
      this.#timers.delete(timer)
      late()
    }
  }
}

/**
 * A source that yields what `push` gives it, and never ends; and the frames read from it under a deadline of 100 ms.
 */
function timed() {
  const clock = new FakeClock()
  let next = Promise.withResolvers<Uint8Array>()
  async function* source(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = await next.promise
      next = Promise.withResolvers()
      yield chunk
    }
  }
  const frames = unframe(max, 100, clock)(source())
  /** Yields `chunk`; resolves when it has been read and the next one is awaited. */
  const push = async (chunk: Uint8Array): Promise<void> => {
    next.resolve(chunk)
    await turn()
  }
  return { clock, frames, push }
}

test('a length takes the minimum number of bytes', () => {
  assert.deepEqual([...frame(new Uint8Array(0))], [0])
  const prefix = (length: number) => [...frame(bytes(length)).subarray(0, frame(bytes(length)).byteLength - length)]
  assert.deepEqual(prefix(127), [0x7f])
  assert.deepEqual(prefix(128), [0x80, 1])
  assert.deepEqual(prefix(16_383), [0xff, 0x7f])
  assert.deepEqual(prefix(16_384), [0x80, 0x80, 1])
})

test('any cut of the bytes gives the same frames', async () => {
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

test('frames that one chunk completes are yielded together', async () => {
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

test('a length of more than four bytes is refused, even for a small value', () => {
  assert.throws(() => new FrameDecoder(max).push(new Uint8Array([0x80, 0x80, 0x80, 0x80])), refused('too-large'))
  assert.deepEqual(new FrameDecoder(max).push(new Uint8Array([0x80, 0x80, 0x80])), [])
})

test('an end between frames ends the stream, an end inside a frame is an error', async () => {
  assert.deepEqual(await batches(chunks()), [])
  assert.equal((await batches(chunks(frame(bytes(5))))).length, 1)
  await assert.rejects(batches(chunks(frame(bytes(5)).subarray(0, 3))), refused('bad-request'))
  await assert.rejects(batches(chunks(new Uint8Array([0x80]))), refused('bad-request'))
})

test('a frame that never ends times out, however many bytes arrive', async () => {
  const { clock, frames, push } = timed()
  const read = frames.next()
  await push(new Uint8Array([5, 1]))
  clock.pass(60)
  await push(new Uint8Array([2]))
  clock.pass(39)
  await push(new Uint8Array([3]))
  assert.equal(clock.waiting, 1)
  clock.pass(1)
  await assert.rejects(read, refused('bad-request'))
  assert.equal(clock.waiting, 0)
})

test('a frame that begins in the chunk of the previous one has its full time', async () => {
  const { clock, frames, push } = timed()
  const first = frames.next()
  await push(new Uint8Array([2, 1]))
  clock.pass(99)
  await push(new Uint8Array([2, 2, 1]))
  assert.equal((await first).value?.length, 1)
  const second = frames.next()
  await turn()
  clock.pass(99)
  await push(new Uint8Array([2]))
  assert.equal((await second).value?.length, 1)
})

test('between frames there is no deadline', async () => {
  const { clock, frames, push } = timed()
  for (const length of [3, 4]) {
    const read = frames.next()
    await push(frame(bytes(length)))
    assert.equal((await read).value?.[0]?.byteLength, length)
    assert.equal(clock.waiting, 0)
    clock.pass(1_000_000)
  }
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
