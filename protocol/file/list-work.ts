/**
 * How much work friends may cause with the lists of files of transfers: each time a list is read for one of them, its
 * entries are taken from what that friend has left (`fileLimits.listWork`).
 */
import { TokenBucket } from '../base/rate-limit.ts'
import { fileLimits } from './limits.ts'

export class ListWork {
  readonly #clock: () => number
  /** By PeerId; as many as there are friends with transfers. */
  readonly #left = new Map<string, TokenBucket>()

  /** `clock`: milliseconds, monotonic. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  /** Takes the work of reading a list of `entries`, 0 if none is read; false if the friend has caused too much. */
  take(peer: string, entries: number): boolean {
    return this.#of(peer).take(entries + fileLimits.listAtLeast)
  }

  /** Milliseconds until `take` succeeds. */
  wait(peer: string, entries: number): number {
    return this.#of(peer).wait(entries + fileLimits.listAtLeast)
  }

  #of(peer: string): TokenBucket {
    let left = this.#left.get(peer)
    if (left == null) this.#left.set(peer, (left = new TokenBucket(fileLimits.listWork, this.#clock)))
    return left
  }
}
