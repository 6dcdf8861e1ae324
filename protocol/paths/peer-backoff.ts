/** Attempts that are repeated less and less often while they fail, for each peer separately. */
import { Retry, type RetryOptions } from '../base/backoff.ts'

export class PeerBackoff {
  readonly #options: RetryOptions
  readonly #now: () => number
  readonly #waits = new Map<string, PeerWait>()

  /** `now` in milliseconds, monotonic. */
  constructor(options: RetryOptions, now: () => number) {
    this.#options = options
    this.#now = now
  }

  /**
   * The wait of that peer, over until it is begun. An attempt keeps the one that it started with: when `reset` or
   * `forget` runs during the attempt, its failure delays nothing.
   */
  of(peer: string): PeerWait {
    let wait = this.#waits.get(peer)
    if (wait === undefined) {
      wait = new PeerWait(new Retry(this.#options), this.#now)
      this.#waits.set(peer, wait)
    }
    return wait
  }

  forget(peer: string): void {
    this.#waits.delete(peer)
  }

  /** Something changed: what failed before may work now. */
  reset(): void {
    this.#waits.clear()
  }
}

class PeerWait {
  readonly #retry: Retry
  readonly #now: () => number
  #until = 0

  constructor(retry: Retry, now: () => number) {
    this.#retry = retry
    this.#now = now
  }

  get over(): boolean {
    return this.#now() >= this.#until
  }

  /** Begins the next wait, which is longer than the one before. */
  begin(): void {
    this.#until = this.#now() + this.#retry.next()
  }
}
