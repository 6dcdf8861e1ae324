/**
 * Writes frames to a stream in order, with back-pressure and a bound: for a receiver that never reads, at most
 * `maxQueued` bytes are buffered, then the stream is aborted.
 */
import type { Stream } from '@libp2p/interface'
import { QuorumError, toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { netLimits } from './limits.ts'
import { frameAll } from '../wire/framing.ts'
import { push } from './streams.ts'

export class FrameWriter {
  readonly #stream: Stream
  readonly #maxQueued: number
  #tail: Promise<void> = Promise.resolve()
  #queued = 0

  constructor(stream: Stream, maxQueued: number = netLimits.writeQueue) {
    this.#stream = stream
    this.#maxQueued = maxQueued
  }

  /**
   * Sends the frames together after all earlier ones; resolves when there is room for more. Rejects, and the
   * stream is aborted, when the other side reads nothing for limits.frame, or the queue is over its bound.
   */
  write(...payloads: readonly Uint8Array[]): Promise<void> {
    const bytes = frameAll(payloads)
    if (this.#queued + bytes.byteLength > this.#maxQueued) {
      const error = new QuorumError('rate-limited', 'The other side does not read what it is sent')
      this.#stream.abort(error)
      return Promise.reject(error)
    }
    this.#queued += bytes.byteLength
    const written = this.#tail.then(async () => {
      try {
        await push(this.#stream, bytes, AbortSignal.timeout(limits.frame))
      } catch (error) {
        this.#stream.abort(toError(error))
        throw error
      } finally {
        this.#queued -= bytes.byteLength
      }
    })
    // A failed write aborts the stream; later writes fail by themselves.
    this.#tail = written.catch(() => undefined)
    return written
  }
}
