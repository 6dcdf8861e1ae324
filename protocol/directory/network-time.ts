/**
 * What time it is by the nodes, since the clock of this machine may be wrong: a board without a battery starts in 1970.
 * Only what two machines compare needs it (the expiry of an invite); everything else uses the own clock. A node that
 * lies can make invites look expired, or not; their author decides again when they are used.
 */
import type { ErrorData } from '../base/errors.ts'
import { directoryLimits } from './limits.ts'

interface Told {
  /** The node's clock, in milliseconds since the epoch. */
  time: number
  /** The steady clock when it said so: the own clock may be set meanwhile. */
  at: number
}

export interface NetworkTimeOptions {
  /** The own clock, milliseconds since the epoch. */
  now(): number
  /** Called once when the own clock is wrong. */
  onWarning(warning: ErrorData): void
}

export class NetworkTime {
  readonly #options: NetworkTimeOptions
  readonly #steady: () => number
  readonly #told = new Map<string, Told>()
  #warned = false

  /** `steady`: milliseconds, monotonic. */
  constructor(options: NetworkTimeOptions, steady: () => number = () => performance.now()) {
    this.#options = options
    this.#steady = steady
  }

  /** `node` has just said that it is `time`, in an answer that took `rttMs`; 0: it does not say. */
  observe(node: string, time: number, rttMs: number): void {
    // A node on a board without a battery: it would move the clocks of all its peers, and expire their invites.
    if (time < directoryLimits.earliestTime) return
    this.#told.set(node, { time: time + rttMs / 2, at: this.#steady() })
    if (this.ahead === 0 || this.#warned) return
    this.#warned = true
    const message = `The clock of this machine is wrong: by the nodes it is ${new Date(this.now()).toUTCString()}`
    this.#options.onWarning({ code: 'wrong-clock', message })
  }

  forget(node: string): void {
    this.#told.delete(node)
  }

  /**
   * Milliseconds that the clocks of the nodes are ahead of the own one, by the middle node. 0 while that is less than a
   * person notices, or no node is known.
   */
  get ahead(): number {
    const all = [...this.#told.values()].map(({ time, at }) => time + this.#steady() - at - this.#options.now())
    const middle = all.toSorted((a, b) => a - b)[Math.floor((all.length - 1) / 2)] ?? 0
    return Math.abs(middle) < directoryLimits.clockTolerance ? 0 : middle
  }

  /** As `now`, if a node has said in this run what time it is. */
  confirmed(): number | undefined {
    return this.#told.size === 0 ? undefined : this.now()
  }

  /** Milliseconds since the epoch: the own clock, unless the nodes contradict it. */
  now(): number {
    return this.#options.now() + this.ahead
  }
}
