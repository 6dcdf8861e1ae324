/**
 * How much of a file may be on its way: as much as the line carries in two round trips, and no more, because whatever
 * waits in front of a slow line also waits in front of the chat. The rate and the round trip are measured from the
 * receiver's acknowledgements, as BBR does it (Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016). It
 * decides when to send, never what.
 */
import { limits } from '../../base/limits.ts'

/** Of the bandwidth-delay product: one to fill the line, one to find out whether it carries more. */
const gain = 2
/** Rates are compared over so many acknowledgements, and round trips over so many milliseconds. */
const rates = 10
const roundTripKept = 10_000
/**
 * In milliseconds. An acknowledgement waits up to 10 for company (file/receive/receive-stream.ts): by a lucky one that did not, the
 * window would shrink below what the others allow, and the speed with it, until nothing measured is true any more.
 */
const shortestRoundTrip = 20

interface Sent {
  /** Bytes of the stream up to here, when they were sent, and what had been acknowledged then. */
  upTo: number
  at: number
  acknowledged: number
  acknowledgedAt: number
}

export class Pace {
  readonly #now: () => number
  readonly #sent: Sent[] = []
  readonly #rates: number[] = []
  #window: number = limits.fileInFlight.least * 4
  #total = 0
  #acknowledged = 0
  #acknowledgedAt: number
  #roundTrip = Infinity
  #roundTripAt = 0
  #waiting: { bytes: number; go(): void } | undefined

  /** `now`: milliseconds, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#acknowledgedAt = now()
  }

  /** Bytes that may be on their way. */
  get window(): number {
    return this.#window
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get onTheWay(): number {
    return this.#total - this.#acknowledged
  }

  /** `bytes` more may go now. What is larger than the window goes when nothing else is on its way. */
  has(bytes: number): boolean {
    return this.onTheWay === 0 || this.onTheWay + bytes <= this.#window
  }

  /** Resolves when `bytes` more may go; one caller at a time. */
  async room(bytes: number, signal: AbortSignal): Promise<void> {
    while (!this.has(bytes)) {
      signal.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting = { bytes, go: resolve }
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
    }
    signal.throwIfAborted()
  }

  /** `bytes` more have gone. */
  sent(bytes: number): void {
    this.#total += bytes
    this.#sent.push({
      upTo: this.#total,
      at: this.#now(),
      acknowledged: this.#acknowledged,
      acknowledgedAt: this.#acknowledgedAt,
    })
  }

  /** So many bytes have arrived in all. More than were sent, or fewer than before, tell nothing. */
  acknowledge(bytes: number): void {
    if (bytes <= this.#acknowledged || bytes > this.#total) return
    const now = this.#now()
    let last: Sent | undefined
    while (this.#sent[0] != null && this.#sent[0].upTo <= bytes) last = this.#sent.shift()
    this.#acknowledged = bytes
    this.#acknowledgedAt = now
    if (last != null) this.#measure(last, now)
    if (this.#waiting != null && this.has(this.#waiting.bytes)) {
      const { go } = this.#waiting
      this.#waiting = undefined
      go()
    }
  }

  #measure(last: Sent, now: number): void {
    const roundTrip = Math.max(shortestRoundTrip, now - last.at)
    if (roundTrip < this.#roundTrip || now - this.#roundTripAt > roundTripKept) {
      this.#roundTrip = roundTrip
      this.#roundTripAt = now
    }
    const rate = (last.upTo - last.acknowledged) / Math.max(1, now - last.acknowledgedAt)
    this.#rates.push(rate)
    if (this.#rates.length > rates) this.#rates.shift()
    const carried = Math.max(...this.#rates) * this.#roundTrip
    this.#window = Math.min(limits.fileInFlight.most, Math.max(limits.fileInFlight.least, gain * carried))
  }
}
