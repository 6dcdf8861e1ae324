/**
 * Which connected peers of a node expect which others, so that a peer with many friends need not ask for each of them
 * again and again. A peer is named only to those that it expects itself: nobody learns from this whether a stranger, or
 * somebody who removed or blocked them, is connected. Nothing outlives the session.
 */
import { QuorumError } from '../base/errors.ts'
import { directoryLimits } from './limits.ts'

interface Entry {
  /** Raw public key. */
  peer: Uint8Array
  /** Keys of the peers that it expects. */
  expected: Set<string>
  /** Of its address (address/quota-key.ts). */
  quotaKeys: readonly string[]
  /** Tells it that `peer` came. */
  tell(peer: Uint8Array): void
}

/** What one session expects. */
export interface Expecting {
  /**
   * Expects these as well. Returns those that are here and expect this one, and tells them. Errors: `rate-limited` when
   * there are too many (expectedPerPeer, expectedPerAddress, expected of directoryLimits); then none is added.
   */
  add(peers: readonly Uint8Array[]): Uint8Array[]
  remove(peers: readonly Uint8Array[]): void
  end(): void
}

export class Expectations {
  readonly #entries = new Map<string, Entry>()
  #total = 0
  readonly #totals = new Map<string, number>()

  /** The session of `peer` begins; an older one of the same peer is forgotten. */
  begin(peer: Uint8Array, quotaKeys: readonly string[], tell: (peer: Uint8Array) => void): Expecting {
    const entry: Entry = { peer, expected: new Set(), quotaKeys, tell }
    this.#end(this.#entries.get(keyOf(peer)))
    this.#entries.set(keyOf(peer), entry)
    return {
      add: (peers) => this.#add(entry, peers),
      remove: (peers) => {
        for (const other of peers) if (entry.expected.delete(keyOf(other))) this.#count(entry, -1)
      },
      end: () => this.#end(entry),
    }
  }

  #add(entry: Entry, peers: readonly Uint8Array[]): Uint8Array[] {
    const added = [...new Set(peers.map(keyOf))].filter((key) => !entry.expected.has(key))
    const ofPeer = entry.expected.size + added.length > directoryLimits.expectedPerPeer
    const ofAddress = entry.quotaKeys.some(
      (key, at) => (this.#totals.get(key) ?? 0) + added.length > (directoryLimits.expectedPerAddress[at] ?? Infinity),
    )
    if (ofPeer || ofAddress || this.#total + added.length > directoryLimits.expected) {
      throw new QuorumError('rate-limited', 'Too many peers are expected')
    }
    // An older session of the same peer may still be read.
    if (this.#entries.get(keyOf(entry.peer)) !== entry) return []
    this.#count(entry, added.length)
    const present: Uint8Array[] = []
    for (const key of added) {
      entry.expected.add(key)
      const other = this.#entries.get(key)
      if (other === undefined || other === entry || !other.expected.has(keyOf(entry.peer))) continue
      present.push(other.peer)
      other.tell(entry.peer)
    }
    return present
  }

  #end(entry: Entry | undefined): void {
    if (entry === undefined || this.#entries.get(keyOf(entry.peer)) !== entry) return
    this.#entries.delete(keyOf(entry.peer))
    this.#count(entry, -entry.expected.size)
    // What an older session that is still read no longer expects must not be counted a second time.
    entry.expected.clear()
  }

  #count({ quotaKeys }: Entry, step: number): void {
    this.#total += step
    for (const key of quotaKeys) {
      const count = (this.#totals.get(key) ?? 0) + step
      if (count === 0) this.#totals.delete(key)
      else this.#totals.set(key, count)
    }
  }
}

/** One byte a character: the shortest string of a key. */
function keyOf(peer: Uint8Array): string {
  return Buffer.from(peer.buffer, peer.byteOffset, peer.byteLength).toString('latin1')
}
