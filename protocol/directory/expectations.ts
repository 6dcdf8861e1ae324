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
  /** Tells it that `peer` came. */
  tell(peer: Uint8Array): void
}

/** What one session expects. */
export interface Expecting {
  /**
   * Expects these as well. Returns those that are here and expect this one, and tells them. Errors: `rate-limited` when
   * there are too many (limits.expectedPerPeer, limits.expected); then none is added.
   */
  add(peers: readonly Uint8Array[]): Uint8Array[]
  remove(peers: readonly Uint8Array[]): void
  end(): void
}

export class Expectations {
  readonly #entries = new Map<string, Entry>()
  #total = 0

  /** The session of `peer` begins; an older one of the same peer is forgotten. */
  begin(peer: Uint8Array, tell: (peer: Uint8Array) => void): Expecting {
    const entry: Entry = { peer, expected: new Set(), tell }
    this.#end(this.#entries.get(keyOf(peer)))
    this.#entries.set(keyOf(peer), entry)
    return {
      add: (peers) => this.#add(entry, peers),
      remove: (peers) => {
        for (const other of peers) if (entry.expected.delete(keyOf(other))) this.#total -= 1
      },
      end: () => this.#end(entry),
    }
  }

  #add(entry: Entry, peers: readonly Uint8Array[]): Uint8Array[] {
    const added = [...new Set(peers.map(keyOf))].filter((key) => !entry.expected.has(key))
    const tooMany = entry.expected.size + added.length > directoryLimits.expectedPerPeer
    if (tooMany || this.#total + added.length > directoryLimits.expected) {
      throw new QuorumError('rate-limited', 'Too many peers are expected')
    }
    // An older session of the same peer may still be read.
    if (this.#entries.get(keyOf(entry.peer)) !== entry) return []
    this.#total += added.length
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
    this.#total -= entry.expected.size
  }
}

/** One byte a character: the shortest string of a key. */
function keyOf(peer: Uint8Array): string {
  return Buffer.from(peer.buffer, peer.byteOffset, peer.byteLength).toString('latin1')
}
