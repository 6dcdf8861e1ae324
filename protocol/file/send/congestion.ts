/**
 * How much of a file may be in flight: as much as the path carries in two round trips and no more, because what queues
 * in front of a slow link delays the chat as well. The rate and the round trip time are measured from the receiver's
 * acknowledgements, as in BBR (Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016). It decides when to
 * send, never what.
 */
import { limits } from '../../base/limits.ts'

/** Window in bandwidth-delay products: one fills the path, the second finds out whether it carries more. */
const gain = 2
/** The rate is the highest of this many acknowledgements. */
const ratesCompared = 10
/**
 * The round trip time is the lowest of this many milliseconds. After that one part is sent alone and measured: any
 * other waits in the queue that the window itself made, and the window would double each time, until chat waits for
 * minutes.
 */
const roundTripLifetime = 10_000
/**
 * Lower bound of a measured round trip, in milliseconds. Acknowledgements are coalesced for up to 10 ms
 * (`fileLimits.acknowledge`): a single one that was not delayed would shrink the window, and with it the rate, below
 * what the delayed ones allow, and every later measurement would be wrong.
 */
const shortestRoundTrip = 20

interface Sent {
  /** Bytes of the stream up to the end of this part. */
  upTo: number
  /** When it was sent, and what had been acknowledged then. */
  at: number
  acknowledged: number
  acknowledgedAt: number
  /** Nothing else was in flight. */
  alone: boolean
}

export class CongestionControl {
  readonly #now: () => number
  readonly #sent: Sent[] = []
  readonly #rates: number[] = []
  #window: number = limits.fileInFlight.least * 4
  #total = 0
  #acknowledged = 0
  #acknowledgedAt: number
  #roundTrip = Infinity
  #roundTripAt = 0
  /** The round trip is too old: what is in flight drains, then a part is sent alone. */
  #draining = false
  /** The caller that waits in `room()`. */
  #waiting: { bytes: number; resume(): void } | undefined

  /** `now`: milliseconds, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#acknowledgedAt = now()
  }

  /** Bytes that may be in flight. */
  get window(): number {
    return this.#window
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get inFlight(): number {
    return this.#total - this.#acknowledged
  }

  /** Whether `bytes` more may be sent now. More than the window may be sent when nothing else is in flight. */
  allows(bytes: number): boolean {
    return this.inFlight === 0 || (!this.#draining && this.inFlight + bytes <= this.#window)
  }

  /** Resolves when `bytes` more may be sent; one caller at a time. Errors: the reason of `signal`. */
  async room(bytes: number, signal: AbortSignal): Promise<void> {
    while (!this.allows(bytes)) {
      signal.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting = { bytes, resume: resolve }
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
    }
    signal.throwIfAborted()
  }

  /** `bytes` more were sent. */
  sent(bytes: number): void {
    const alone = this.inFlight === 0
    this.#total += bytes
    this.#sent.push({
      upTo: this.#total,
      at: this.#now(),
      acknowledged: this.#acknowledged,
      acknowledgedAt: this.#acknowledgedAt,
      alone,
    })
  }

  /** `bytes` have arrived in all. A value above what was sent, or not above the last one, is ignored. */
  acknowledge(bytes: number): void {
    if (bytes <= this.#acknowledged || bytes > this.#total) return
    const now = this.#now()
    let last: Sent | undefined
    while (this.#sent[0] != null && this.#sent[0].upTo <= bytes) last = this.#sent.shift()
    this.#acknowledged = bytes
    this.#acknowledgedAt = now
    if (last != null) this.#measure(last, now)
    if (this.#waiting != null && this.allows(this.#waiting.bytes)) {
      const { resume } = this.#waiting
      this.#waiting = undefined
      resume()
    }
  }

  #measure(last: Sent, now: number): void {
    const roundTrip = Math.max(shortestRoundTrip, now - last.at)
    const old = now - this.#roundTripAt > roundTripLifetime
    if (roundTrip <= this.#roundTrip || (old && last.alone)) {
      this.#roundTrip = roundTrip
      this.#roundTripAt = now
      this.#draining = false
    } else if (old) this.#draining = true
    const rate = (last.upTo - last.acknowledged) / Math.max(1, now - last.acknowledgedAt)
    this.#rates.push(rate)
    if (this.#rates.length > ratesCompared) this.#rates.shift()
    const bandwidthDelay = Math.max(...this.#rates) * this.#roundTrip
    this.#window = Math.min(limits.fileInFlight.most, Math.max(limits.fileInFlight.least, gain * bandwidthDelay))
  }
}
