/**
 * How fast a transfer is and how long it will take, in a form that people can read: smoothed, so that the numbers do
 * not jump, and undefined while nothing can be known yet.
 */
import { fileLimits } from './limits.ts'

export class Speed {
  readonly #now: () => number
  #startedAt: number
  #measuredAt: number
  #bytes: number
  #rate: number | undefined

  /** `bytes`: what is done already. `now`: milliseconds, monotonic. */
  constructor(bytes: number, now: () => number = () => performance.now()) {
    this.#now = now
    this.#startedAt = now()
    this.#measuredAt = this.#startedAt
    this.#bytes = bytes
  }

  /** `bytes` are done in all. */
  update(bytes: number): void {
    const now = this.#now()
    const passed = now - this.#measuredAt
    if (passed < fileLimits.speed.interval) return
    const rate = Math.max(0, bytes - this.#bytes) / (passed / 1000)
    // An interval weighs as much as it is long, so that a machine that slept needs no special case.
    const weight = 1 - Math.exp(-passed / fileLimits.speed.smoothing)
    this.#rate = this.#rate == null ? rate : this.#rate + weight * (rate - this.#rate)
    this.#measuredAt = now
    this.#bytes = bytes
  }

  /** Bytes a second; 0 while it is too early to tell. */
  get bytesPerSecond(): number {
    return Math.round(this.#rate ?? 0)
  }

  /** Whole seconds until `left` more bytes are done, in steps as coarse as people speak; undefined: cannot be told. */
  secondsFor(left: number): number | undefined {
    const tooEarly = this.#now() - this.#startedAt < fileLimits.speed.firstEstimate
    if (this.#rate == null || this.#rate < 1 || tooEarly) return undefined
    const seconds = left / this.#rate
    const step = seconds > 3600 ? 300 : seconds > 600 ? 60 : seconds > 60 ? 10 : seconds > 20 ? 5 : 1
    return Math.ceil(seconds / step) * step
  }
}
