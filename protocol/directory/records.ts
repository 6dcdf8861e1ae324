/**
 * The records that a node keeps in memory: how its peers are reached. When all places are taken, the address with the
 * most gives way. A lookup of an unknown peer has the same answer as one of a peer without a record.
 */
import type { Multiaddr } from '@multiformats/multiaddr'
import { quotaKeysOf } from '../address/quota-key.ts'
import { QuorumError } from '../base/errors.ts'
import { Places } from '../base/places.ts'
import { hostOf, type Admits } from '../net/node-places.ts'
import type { SignedBytes } from '../wire/codec.ts'
import type { RecordContent } from '../wire/contact.ts'
import type { DirectoryAnswer } from '../wire/directory.ts'
import { directoryLimits } from './limits.ts'

interface StoredRecord extends Pick<RecordContent, 'sequence' | 'ttl'> {
  signed: SignedBytes
  /** IP address that it came from. */
  host: string
  /** By this node's clock. */
  receivedAt: number
}

export class Records {
  readonly #now: () => number
  readonly #records = new Map<string, StoredRecord>()
  /** The peers that have a record, the oldest record first. */
  readonly #places = new Places<string>({
    most: directoryLimits.records,
    perKey: directoryLimits.recordsPerAddress,
    share: directoryLimits.recordShare,
    givesWay: ([oldest]) => oldest,
  })

  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#records.size
  }

  has(peer: string): boolean {
    return this.#records.has(peer)
  }

  /** Replaces the record of `peer`, which came from `from`. Errors: `bad-request` if there is a newer one. */
  put(peer: string, from: Multiaddr, signed: SignedBytes, { sequence, ttl }: RecordContent): void {
    if (sequence <= (this.#records.get(peer)?.sequence ?? 0)) {
      throw new QuorumError('bad-request', 'This node has a newer record already')
    }
    this.drop(peer)
    this.#makeRoom(peer, quotaKeysOf(from))
    this.#records.set(peer, { signed, host: hostOf(from), sequence, ttl, receivedAt: this.#now() })
  }

  drop(peer: string): void {
    this.#records.delete(peer)
    this.#places.delete(peer)
  }

  /** Drops those of peers whom the operator no longer admits: nobody is introduced to them any more. */
  dropExcluded(admits: Admits): void {
    for (const [peer, { host }] of this.#records) if (!admits(peer, host)) this.drop(peer)
  }

  lookup(peer: string | undefined): DirectoryAnswer {
    const record = peer == null ? undefined : this.#records.get(peer)
    const age = record == null ? 0 : Math.max(0, this.#now() - record.receivedAt)
    // Whether they are here is told only to those whom they expect.
    if (record == null || age > record.ttl) return { result: 'found', connected: false, age: 0 }
    return { result: 'found', record: record.signed, connected: false, age }
  }

  /** A place for the record of `peer`; the record of whoever gives way is dropped. */
  #makeRoom(peer: string, origin: readonly string[]): void {
    const { added, lost } = this.#places.add(peer, origin)
    if (lost != null) this.#records.delete(lost)
    if (added) return
    // No address has more than its share: the oldest record goes, since everybody who is there renews theirs.
    const [oldest] = this.#records.keys()
    if (oldest != null) this.drop(oldest)
    this.#places.add(peer, origin)
  }
}
