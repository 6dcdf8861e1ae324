/**
 * Friends on the local network, from multicast announcements that anybody there can send. An announcement gives
 * addresses to try, and a reason to try now. Announcements of strangers are not stored, and a friend with a connection
 * is not dialled. A forged announcement costs a few dials into the own network: the handshake demands the friend's
 * PeerId, and any other peer fails it.
 */
import { pathLimits } from './limits.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'

export interface LanDiscoveryOptions {
  isFriend(peer: string): boolean
  /** By any path. */
  connected(peer: string): boolean
  /** Tries every known address of `peer`, those of `addresses` among them. */
  dial(peer: string): void
  /** Milliseconds, monotonic. */
  now?: () => number
}

export class LanDiscovery {
  readonly #options: LanDiscoveryOptions
  readonly #addresses = new Map<string, readonly string[]>()
  readonly #dials: KeyedBuckets

  constructor(options: LanDiscoveryOptions) {
    this.#options = options
    this.#dials = new KeyedBuckets(pathLimits.lanDials, options.now ?? (() => performance.now()))
  }

  /** An announcement of `peer` arrived. */
  observed(peer: string, addresses: readonly string[]): void {
    const { isFriend, connected, dial } = this.#options
    if (!isFriend(peer) || addresses.length === 0) return
    this.#addresses.set(peer, addresses.slice(0, pathLimits.lanAddresses))
    if (!connected(peer) && this.#dials.take(peer)) dial(peer)
  }

  /** The addresses in the last announcement of `peer`. */
  addresses(peer: string): readonly string[] {
    return this.#addresses.get(peer) ?? []
  }

  forget(peer: string): void {
    this.#addresses.delete(peer)
  }

  /** The network changed. */
  reset(): void {
    this.#addresses.clear()
  }
}
