/**
 * Who writes next on a multiplexed connection. Streams with something to send take turns, a bounded share each, so a
 * small message never waits behind more than one round; what concerns the connection or a stream as such (windows,
 * beginnings, ends, pings) goes before data. Nothing is handed to the connection while it is full: what waits, waits
 * here, where turns can still be taken, and not in one queue behind megabytes of one stream.
 */
import type { MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { toError } from '../../base/errors.ts'
import { netLimits } from '../limits.ts'
import { encodeHeader, YamuxError, type Header } from './frames.ts'

/** What takes turns. */
export interface Sender {
  /** Puts at most `share` bytes of data on `batch`, as one frame. Returns whether there is more that may be sent now. */
  take(batch: Uint8ArrayList, share: number): boolean
  /** What it put on a batch has been sent. */
  sent(): void
}

export class TurnWriter {
  readonly #connection: MessageStream
  #control = new Uint8ArrayList()
  /** In the order of their turns. */
  readonly #ready = new Set<Sender>()
  /** The connection is full, and will say when it is not. */
  #full: boolean
  #flushing = false
  /** A flush will come by itself. */
  #soon = false

  constructor(connection: MessageStream) {
    this.#connection = connection
    this.#full = connection.writableNeedsDrain
    connection.addEventListener('drain', () => {
      this.#full = false
      this.flush()
    })
  }

  /** Queues a frame without data, to be sent soon. Who causes more of them than it reads loses the connection. */
  control(header: Header): void {
    if (this.#control.byteLength >= netLimits.muxControlQueue) {
      this.#connection.abort(new YamuxError('The other side causes answers and reads none'))
      return
    }
    this.#control.append(encodeHeader(header))
    if (this.#soon) return
    this.#soon = true
    // What is caused together goes together.
    queueMicrotask(() => {
      this.#soon = false
      this.flush()
    })
  }

  /** `sender` wants turns; `flush` gives them. */
  ready(sender: Sender): void {
    this.#ready.add(sender)
  }

  forget(sender: Sender): void {
    this.#ready.delete(sender)
  }

  /** Sends as much as the connection takes. A connection that fails ends. */
  flush(): void {
    // A sender that hears of its success sends more: the loop that is running takes care of it.
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
      // Nobody else is waiting: nobody is held up by a longer turn.
      const share = this.#ready.size === 1 ? netLimits.muxBatch - batch.byteLength : netLimits.muxTurn
      this.#ready.delete(sender)
      taken.add(sender)
      if (sender.take(batch, share)) this.#ready.add(sender)
    }
    return batch
  }
}
