/**
 * Fair scheduling of the writes on a multiplexed connection. Streams with data to send are served in turn, a bounded
 * share each, so that a small message waits for one round at most. Frames without data (window updates, opening and
 * closing of streams, pings) are sent before data. No data is passed to the connection while it is full: data that
 * waits here can still be scheduled, in the queue of the connection it could not overtake megabytes of one stream.
 */
import type { MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { toError } from '../../base/errors.ts'
import { netLimits } from '../limits.ts'
import { encodeHeader, YamuxError, type Header } from './frames.ts'

/** A stream as the scheduler sees it. */
export interface Sender {
  /** Appends at most `share` bytes of data to `batch`, as one frame. Returns whether more could be sent now. */
  take(batch: Uint8ArrayList, share: number): boolean
  /** The data that it appended to a batch has been sent. */
  sent(): void
}

export class FairWriter {
  readonly #connection: MessageStream
  #control = new Uint8ArrayList()
  /** In the order in which they are served. */
  readonly #ready = new Set<Sender>()
  /** The connection is full: it dispatches `drain` when it no longer is. */
  #full: boolean
  #flushing = false
  /** A flush is scheduled. */
  #scheduled = false

  constructor(connection: MessageStream) {
    this.#connection = connection
    this.#full = connection.writableNeedsDrain
    connection.addEventListener('drain', () => {
      this.#full = false
      this.flush()
    })
  }

  /**
   * Queues a frame without data, to be sent soon. The connection is aborted when the other side causes more such frames
   * than it reads.
   */
  control(header: Header): void {
    if (this.#control.byteLength >= netLimits.muxControlQueue) {
      this.#connection.abort(new YamuxError('The other side causes answers and does not read them'))
      return
    }
    this.#control.append(encodeHeader(header))
    if (this.#scheduled) return
    this.#scheduled = true
    // Frames caused by the same event are sent together.
    queueMicrotask(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** `sender` has data to send: `flush` serves it. */
  ready(sender: Sender): void {
    this.#ready.add(sender)
  }

  forget(sender: Sender): void {
    this.#ready.delete(sender)
  }

  /** Sends as much as the connection accepts. Aborts the connection when sending fails. */
  flush(): void {
    // `sent` may make a sender send more, which calls this again: the running loop serves it.
    if (this.#flushing) return
    this.#flushing = true
    try {
      while (!this.#full) {
        const taken = new Set<Sender>()
        const batch = this.#batch(taken)
        if (batch.byteLength === 0) break
        this.#full = !this.#connection.send(batch)
        for (const sender of taken) sender.sent()
      }
    } catch (error) {
      this.#connection.abort(toError(error))
    } finally {
      this.#flushing = false
    }
  }

  #batch(taken: Set<Sender>): Uint8ArrayList {
    const batch = this.#control
    this.#control = new Uint8ArrayList()
    for (const sender of this.#ready) {
      if (batch.byteLength >= netLimits.muxBatch) break
      // A single sender delays no other one: it may fill the batch.
      const share = this.#ready.size === 1 ? netLimits.muxBatch - batch.byteLength : netLimits.muxTurn
      this.#ready.delete(sender)
      taken.add(sender)
      if (sender.take(batch, share)) this.#ready.add(sender)
    }
    return batch
  }
}
