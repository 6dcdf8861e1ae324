/**
 * A bound on what waits in memory, shared by keys (addresses): who takes much does not keep out the others. What does
 * not fit is refused and not queued: it would wait in memory as well.
 */
import { QuorumError } from './errors.ts'

/** What one user of a room holds. */
export interface Holding {
  mayTake(bytes: number): boolean
  /** Errors: `rate-limited`. */
  take(bytes: number): void
  give(bytes: number): void
  /** Gives back all that is held. */
  end(): void
}

export class ByteRoom {
  readonly #most: number
  readonly #perKey: number
  readonly #byKey = new Map<string, number>()
  #held = 0

  /** Bytes in all, and of one key. */
  constructor(most: number, perKey: number) {
    this.#most = most
    this.#perKey = perKey
  }

  get held(): number {
    return this.#held
  }

  of(key: string): Holding {
    let own = 0
    const change = (bytes: number): void => {
      own += bytes
      this.#held += bytes
      const ofKey = (this.#byKey.get(key) ?? 0) + bytes
      if (ofKey === 0) this.#byKey.delete(key)
      else this.#byKey.set(key, ofKey)
    }
    const mayTake = (bytes: number): boolean =>
      this.#held + bytes <= this.#most && (this.#byKey.get(key) ?? 0) + bytes <= this.#perKey
    return {
      mayTake,
      take: (bytes) => {
        if (!mayTake(bytes)) {
          throw new QuorumError('rate-limited', 'Too much is being received at once: wait some seconds')
        }
        change(bytes)
      },
      give: (bytes) => change(-Math.min(bytes, own)),
      end: () => change(-own),
    }
  }
}
