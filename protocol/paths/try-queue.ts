/**
 * Paces the attempts to reach friends of whom nothing is known but that they were away: a peer may have thousands, and
 * each attempt costs dials, a lookup and an envelope. Some are made at once; beyond, they take turns in the order in
 * which they asked, so that each is tried ever less often the more there are.
 */
import type { Rate } from '../base/rate-limit.ts'

export class TryQueue {
  readonly #rate: Rate
  #tokens: number
  #refill: NodeJS.Timeout | undefined
  /** By peer: its `take` resolves. */
  readonly #waiting = new Map<string, () => void>()

  constructor(rate: Rate) {
    this.#rate = rate
    this.#tokens = rate.tokens
  }

  /** Resolves when `peer` may be tried, also after `skip` and `stop`. One call at a time for each peer. */
  async take(peer: string): Promise<void> {
    const { tokens, per } = this.#rate
    this.#refill ??= setInterval(() => this.#next(), per / tokens)
    if (this.#tokens > 0) this.#tokens -= 1
    else await new Promise<void>((resolve) => this.#waiting.set(peer, resolve))
  }

  /** Ends the wait of `peer`. Returns whether there was one. */
  skip(peer: string): boolean {
    this.#waiting.get(peer)?.()
    return this.#waiting.delete(peer)
  }

  stop(): void {
    clearInterval(this.#refill)
    for (const peer of this.#waiting.keys()) this.skip(peer)
  }

  #next(): void {
    const [first] = this.#waiting.keys()
    if (first !== undefined) return void this.skip(first)
    this.#tokens += 1
    if (this.#tokens < this.#rate.tokens) return
    clearInterval(this.#refill)
    this.#refill = undefined
  }
}
