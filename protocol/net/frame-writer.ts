/**
 * Writes frames to a stream in order, with back-pressure and bounds: for a receiver that does not read, so many bytes
 * wait for so long, then the stream is aborted.
 */
import type { Stream } from '@libp2p/interface'
import { QuorumError, toError } from '../base/errors.ts'
import type { Holding } from '../base/byte-room.ts'
import { limits } from '../base/limits.ts'
import { netLimits } from './limits.ts'
import { frameAll } from '../wire/framing.ts'
import { push } from './streams.ts'

interface WriterBounds {
  /** Bytes that wait to be sent, and netLimits.waitingFrame for each write. */
  most?: number
  /** Milliseconds until a frame is sent whose turn it is. */
  longest?: number
  /** Has what waits behind another frame, with that of others: who reads is served, however full it is. */
  room?: Holding
}

export class FrameWriter {
  readonly #stream: Stream
  readonly #bounds: WriterBounds
  #tail: Promise<void> = Promise.resolve()
  #queued = 0

  constructor(stream: Stream, bounds: WriterBounds = {}) {
    this.#stream = stream
    this.#bounds = bounds
  }

  /**
   * Sends the frames together after all earlier ones; resolves when there is room for more. Rejects, and the
   * stream is aborted, when the other side reads nothing for too long, or more waits than the bounds allow.
   */
  write(...payloads: readonly Uint8Array[]): Promise<void> {
    const { most = netLimits.writeQueue, longest = limits.frame, room } = this.#bounds
    const bytes = frameAll(payloads)
    const cost = bytes.byteLength + netLimits.waitingFrame
    const shared = this.#queued > 0 ? room : undefined
    if (this.#queued + cost > most || shared?.mayTake(cost) === false) {
      const error = new QuorumError('rate-limited', 'The other side does not read what it is sent')
      this.#stream.abort(error)
      return Promise.reject(error)
    }
    this.#queued += cost
    shared?.take(cost)
    const written = this.#tail.then(async () => {
      try {
        await push(this.#stream, bytes, AbortSignal.timeout(longest))
      } catch (error) {
        this.#stream.abort(toError(error))
        throw error
      } finally {
        this.#queued -= cost
        shared?.give(cost)
      }
    })
    // A failed write aborts the stream; later writes fail by themselves.
    this.#tail = written.catch(() => undefined)
    return written
  }

  /** Resolves when nothing waits: all of it is sent, or the stream has ended. */
  flushed(): Promise<void> {
    return this.#tail
  }
}
