/**
 * How fast a transfer is and how long it will take, as people like to read it: smoothed, so that numbers do not jump,
 * and honest about what nobody can know yet.
 */

/** Bytes are counted over intervals of this length, in milliseconds. */
const interval = 500
/** After this long, in milliseconds, a change of speed is seen almost whole. */
const memory = 4000
/** Before this, in milliseconds, nobody can tell how long it takes. */
const tooEarly = 1000

export class Speed {
  readonly #now: () => number
  #begun: number
  #at: number
  #bytes: number
  #rate: number | undefined

  /** `bytes`: what is done already. `now`: milliseconds, monotonic. */
  constructor(bytes: number, now: () => number = () => performance.now()) {
    this.#now = now
    this.#begun = now()
    this.#at = this.#begun
    this.#bytes = bytes
  }

  /** So many bytes are done in all. */
  update(bytes: number): void {
    const now = this.#now()
    const passed = now - this.#at
    if (passed < interval) return
    const rate = Math.max(0, bytes - this.#bytes) / (passed / 1000)
    // What one interval weighs depends on its length: a pause of the machine is no special case.
    const weight = 1 - Math.exp(-passed / memory)
    this.#rate = this.#rate == null ? rate : this.#rate + weight * (rate - this.#rate)
    this.#at = now
    this.#bytes = bytes
  }

  /** Bytes a second; 0 while it is too early to tell. */
  get bytesPerSecond(): number {
    return Math.round(this.#rate ?? 0)
  }

  /** Whole seconds until `left` more bytes are done, in steps as coarse as people speak; undefined: cannot be told. */
  secondsFor(left: number): number | undefined {
    if (this.#rate == null || this.#rate < 1 || this.#now() - this.#begun < tooEarly) return undefined
    const seconds = left / this.#rate
    const step = seconds > 3600 ? 300 : seconds > 600 ? 60 : seconds > 60 ? 10 : seconds > 20 ? 5 : 1
    return Math.ceil(seconds / step) * step
  }
}
