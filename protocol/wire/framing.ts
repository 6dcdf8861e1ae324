/**
 * Frames: an unsigned LEB128 length, then that many bytes. Encoding, and a transform for it-pipe from the bytes of a
 * stream to batches of complete frames. A length is checked before anything is allocated for it. Lengths are decoded
 * byte by byte, because they may be split between reads.
 */
import { encodeUint8Array, encodingLength } from 'uint8-varint'
import type { Bytes } from '../base/bytes.ts'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

/** Lengths up to 2^28 - 1 fit in four bytes: more is hostile, whatever the maximum. */
const maxLengthBytes = 4

const empty = new Uint8Array()

/** The clock by which a frame must end. Passed in, so that tests need no waiting. */
export interface FrameClock {
  /** Milliseconds from any monotonic origin. */
  now(): number
  /** Calls `late` after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, late: () => void): () => void
}

const systemClock: FrameClock = {
  now: () => performance.now(),
  after(ms, late) {
    const timer = setTimeout(late, ms)
    return () => clearTimeout(timer)
  },
}

/** `payload` after its length. */
export function frame(payload: Uint8Array): Uint8Array {
  return frameAll([payload])
}

/**
 * Several frames as one array, so that they are sent in one write. Its memory is its own: what waits to be sent must
 * not keep a block of Node's pool of small buffers, of 64 KiB.
 */
export function frameAll(payloads: readonly Uint8Array[]): Uint8Array {
  const length = ({ byteLength }: Uint8Array): number => encodingLength(byteLength) + byteLength
  const framed = new Uint8Array(payloads.reduce((sum, payload) => sum + length(payload), 0))
  let at = 0
  for (const payload of payloads) {
    encodeUint8Array(payload.byteLength, framed, at)
    framed.set(payload, at + encodingLength(payload.byteLength))
    at += length(payload)
  }
  return framed
}

/**
 * Yields the frames that each chunk completes, together, so that a reader can handle them in one transaction.
 * Errors: `too-large` for a frame over `max` bytes, `bad-request` for a malformed length, for an end inside a frame
 * and for a frame that has not ended `deadline` ms after it began. `reserve` is called with the length of each frame
 * before there is memory for it, and refuses it with an error.
 */
export function unframe(
  max: number,
  deadline: number = limits.frame,
  clock = systemClock,
  reserve: (bytes: number) => void = () => {},
) {
  return async function* (source: AsyncIterable<Bytes>): AsyncGenerator<Uint8Array[], void, undefined> {
    const decoder = new FrameDecoder(max, reserve)
    const chunks = source[Symbol.asyncIterator]()
    let begun: number | undefined
    try {
      for (;;) {
        const next = chunks.next()
        const step = await (begun === undefined ? next : within(clock, next, deadline - (clock.now() - begun)))
        if (step.done === true) break
        const frames = decoder.push(step.value.subarray())
        if (!decoder.pending) begun = undefined
        else if (begun === undefined || frames.length > 0) begun = clock.now()
        if (frames.length > 0) yield frames
      }
      if (decoder.pending) throw new QuorumError('bad-request', 'The stream ended inside a frame')
    } finally {
      // Not awaited: an iterator that waits for bytes would only return when the stream ends.
      void chunks.return?.(undefined)
    }
  }
}

/** Collects bytes into frames. Buffers at most one frame of `max` bytes. */
export class FrameDecoder {
  readonly #max: number
  readonly #reserve: (bytes: number) => void
  #length = 0
  #lengthBytes = 0
  #body: Uint8Array | undefined
  #filled = 0

  /** `reserve`: as for `unframe`. */
  constructor(max: number, reserve: (bytes: number) => void = () => {}) {
    this.#max = max
    this.#reserve = reserve
  }

  /** A part of a frame has arrived. */
  get pending(): boolean {
    return this.#lengthBytes > 0
  }

  /** The frames that `chunk` completes. */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = []
    for (let at = 0; at < chunk.byteLength;) {
      const { frame: whole, used } = this.first(chunk.subarray(at))
      at += used
      if (whole != null) frames.push(whole)
    }
    return frames
  }

  /** The first frame that `chunk` completes, if any, and the number of bytes consumed: none after that frame. */
  first(chunk: Uint8Array): { frame?: Uint8Array; used: number } {
    let at = 0
    while (this.#body == null) {
      const byte = chunk[at]
      if (byte == null) return { used: at }
      at += 1
      if (!this.#takeLength(byte)) continue
      this.#reserve(this.#length)
      if (chunk.byteLength - at >= this.#length) {
        const whole = kept(chunk.subarray(at, at + this.#length))
        at += this.#length
        this.#next()
        return { frame: whole, used: at }
      }
      this.#body = new Uint8Array(this.#length)
    }
    const part = chunk.subarray(at, at + this.#length - this.#filled)
    this.#body.set(part, this.#filled)
    this.#filled += part.byteLength
    at += part.byteLength
    if (this.#filled < this.#length) return { used: at }
    const whole = this.#body
    this.#next()
    return { frame: whole, used: at }
  }

  /** Consumes one byte of the length; true when it is the last. */
  #takeLength(byte: number): boolean {
    this.#length |= (byte & 0x7f) << (7 * this.#lengthBytes)
    this.#lengthBytes += 1
    if (byte >= 0x80) {
      if (this.#lengthBytes === maxLengthBytes) throw new QuorumError('too-large', 'A frame length is out of bounds')
      return false
    }
    if (this.#length > this.#max) {
      throw new QuorumError('too-large', `A frame of ${this.#length} bytes is over the limit of ${this.#max}`)
    }
    return true
  }

  #next(): void {
    this.#length = 0
    this.#lengthBytes = 0
    this.#body = undefined
    this.#filled = 0
  }
}

/** A frame may be kept for long, and must not keep the whole chunk that it came in. */
function kept(whole: Uint8Array): Uint8Array {
  // Of empty frames, a chunk has as many as bytes.
  if (whole.byteLength === 0) return empty
  return whole.byteLength < whole.buffer.byteLength / 2 ? Uint8Array.from(whole) : whole
}

async function within<T>(clock: FrameClock, work: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const stop = clock.after(ms, () => late.reject(new QuorumError('bad-request', 'A frame did not end in time')))
  try {
    return await Promise.race([work, late.promise])
  } finally {
    stop()
  }
}
