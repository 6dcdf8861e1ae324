/**
 * Friends on the local network, by what they (or somebody in their name) say there: addresses worth a try, and a reason
 * to try now. Nothing is kept of those who are no friends, and nobody is dialled who is connected already. A liar gains
 * a few dials to its own network: the handshake names the friend, and any other peer fails it.
 */
import { pathLimits } from './limits.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'

export interface NeighboursOptions {
  isFriend(peer: string): boolean
  /** By any path. */
  connected(peer: string): boolean
  /** Tries everything known of `peer`, and `addresses` with it. */
  dial(peer: string): void
  /** Milliseconds, monotonic. */
  now?: () => number
}

export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #addresses = new Map<string, readonly string[]>()
  readonly #dials: KeyedBuckets

  constructor(options: NeighboursOptions) {
    this.#options = options
    this.#dials = new KeyedBuckets(pathLimits.neighbourDials, options.now ?? (() => performance.now()))
  }

  /** Somebody says that `peer` is there. */
  heard(peer: string, addresses: readonly string[]): void {
    const { isFriend, connected, dial } = this.#options
    if (!isFriend(peer) || addresses.length === 0) return
    this.#addresses.set(peer, addresses.slice(0, pathLimits.neighbourAddresses))
    if (!connected(peer) && this.#dials.take(peer)) dial(peer)
  }

  /** Where `peer` was last said to be. */
  addresses(peer: string): readonly string[] {
    return this.#addresses.get(peer) ?? []
  }

  forget(peer: string): void {
    this.#addresses.delete(peer)
  }

  /** This is another network. */
  reset(): void {
    this.#addresses.clear()
  }
}
