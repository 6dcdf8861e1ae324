/**
 * Token buckets: allow bursts up to `tokens` and refill evenly. The clock is a parameter, so that tests need not wait.
 */

/** A bucket of `tokens` that refills evenly within `per` milliseconds. */
export interface Rate {
  tokens: number
  per: number
}

export class TokenBucket {
  readonly #rate: Rate
  readonly #now: () => number
  #level: number
  #at: number

  /** `now` in milliseconds, from any monotonic origin. */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate
    this.#now = now
    this.#level = rate.tokens
    this.#at = now()
  }

  /** Takes `count` tokens and returns true, or takes nothing and returns false. */
  take(count = 1): boolean {
    this.#refill()
    if (this.#level < count) return false
    this.#level -= count
    return true
  }

  /** Milliseconds until `take(count)` succeeds, if nothing else is taken: at least 1 if it would not now. */
  wait(count: number): number {
    this.#refill()
    const missing = Math.min(count, this.#rate.tokens) - this.#level
    return missing <= 0 ? 0 : Math.max(1, Math.ceil((missing * this.#rate.per) / this.#rate.tokens))
  }

  /** Puts one token back: what it was taken for cost nothing after all. */
  give(): void {
    this.#level = Math.min(this.#rate.tokens, this.#level + 1)
  }

  #refill(): void {
    const now = this.#now()
    const refill = (Math.max(0, now - this.#at) * this.#rate.tokens) / this.#rate.per
    this.#at = now
    this.#level = Math.min(this.#rate.tokens, this.#level + refill)
  }
}

/** One bucket for each key, for at most `keys` keys: the least recently used one is dropped. */
export class KeyedBuckets {
  readonly #rate: Rate
  readonly #now: () => number
  readonly #keys: number
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(rate: Rate, now: () => number, keys = 10_000) {
    this.#rate = rate
    this.#now = now
    this.#keys = keys
  }

  take(key: string, count = 1): boolean {
    return this.of(key).take(count)
  }

  /** The bucket of that key; it may be dropped when others are used. */
  of(key: string): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, this.#now)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#keys) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest)
        break
      }
    }
    return bucket
  }

  /** The same as in a bucket of its own. */
  give(key: string): void {
    this.#buckets.get(key)?.give()
  }
}

/**
 * A rate in two parts: a little for each member, so that nobody is locked out by a neighbour behind the same router,
 * and what it wants beyond from a bucket that all with its key share, since members cost nothing.
 */
export class SharedRate {
  readonly #own: Rate
  readonly #shared: Rate
  readonly #now: () => number
  readonly #byKey: KeyedBuckets

  constructor(own: Rate, shared: Rate, now: () => number) {
    this.#own = own
    this.#shared = shared
    this.#now = now
    this.#byKey = new KeyedBuckets(shared, now)
  }

  /** For a new member; without a key it shares with nobody. Returns what takes one token, or none and false. */
  of(key: string | undefined): () => boolean {
    const own = new TokenBucket(this.#own, this.#now)
    if (key != null) return () => own.take() || this.#byKey.take(key)
    const alone = new TokenBucket(this.#shared, this.#now)
    return () => own.take() || alone.take()
  }
}
