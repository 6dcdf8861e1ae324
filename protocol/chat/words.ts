/**
 * What two friends tell each other of where they stand, in each hello and in each parcel: what they hold, what they
 * understand, and what the other needs to leave parcels. Only the newest counts, because nodes reorder and repeat
 * parcels (docs/protocol.md, "Parcels", The word).
 */
import { QuorumError } from '../base/errors.ts'
import { hex } from '../base/hex.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import { randomBytes } from '../identity/identity.ts'
import type { KeyPair } from '../identity/hpke.ts'
import type { WordRow } from '../store/mail-store.ts'
import type { Conversation as Position, Store } from '../store/store.ts'
import { chatVersion } from '../wire/chat.ts'
import type { PeerAddress } from '../wire/peer-address.ts'
import { eraLength, features, trailSequences, type Hello } from '../wire/hello.ts'
import { ticketLength } from '../wire/mailbox.ts'
import { chatLimits } from './limits.ts'
import { OneTimeKeys, same, type OneTimeKeysOptions } from './one-time-keys.ts'

/** Numbers are times in milliseconds, or grow by one: beyond it, nothing would be left to count with. */
const lastNumber = 2 ** 52

export interface WordsOptions extends OneTimeKeysOptions {
  name(): string
  /** How to reach this peer, as the friend `to` may know it. */
  peerAddress(to: string): PeerAddress
  /** The friend learns what was read here. */
  readReceipts(): boolean
  /** A ticket was given to this friend for the first time: the own nodes must know it. */
  onTicket(): void
  /** Queues an envelope in which the friend is told `word`. Called within a transaction. */
  stand(peer: string, word: Hello): void
}

export class Words {
  readonly #options: WordsOptions
  readonly keys: OneTimeKeys
  readonly #anew = new TokenBucket(chatLimits.parcelsAnew, () => performance.now())
  readonly #holes = new TokenBucket(chatLimits.holesHeard, () => performance.now())

  constructor(options: WordsOptions) {
    this.#options = options
    this.keys = new OneTimeKeys(options)
  }

  /** The friend understands parcels. */
  get parcels(): boolean {
    return understands(this.#options.store, this.#options.peer, features.parcels)
  }

  /**
   * The word of now, with a number of its own, and with `pairs` as keys for the friend; `live` in a hello. Stored
   * within the caller's transaction. Errors: those of the store, but a hello without keys is said with a full disk,
   * too.
   */
  tell(live: boolean, pairs: readonly KeyPair[] = []): Hello {
    const { store, peer } = this.#options
    try {
      return store.transaction(() => {
        const row = this.keys.give(this.#numbered(this.ready()), pairs, live)
        store.putWord(row)
        return this.#hello(row, pairs)
      })
    } catch (error) {
      if (!live || pairs.length > 0 || !isDiskFull(error)) throw error
      return this.#hello(this.#numbered(store.word(peer)), [])
    }
  }

  /** What `tell` would return of a parcel: nothing is stored, and `pairs` are not given. `row`: of `ready`. */
  draft(row: WordRow, pairs: readonly KeyPair[]): Hello {
    return this.#hello({ ...this.#numbered(row), nextKey: row.nextKey + pairs.length }, pairs)
  }

  /** The row, with a ticket and an era for a friend who understands parcels. Within the caller's transaction. */
  ready(): WordRow {
    const { store, peer, onTicket } = this.#options
    const row = store.word(peer)
    if (!this.parcels || row.ticket.byteLength > 0) return row
    const made = { ...row, ticket: randomBytes(ticketLength), era: randomBytes(eraLength) }
    store.putWord(made)
    onTicket()
    return made
  }

  /** Up to where the friend may know that messages were read here. 0 takes nothing back of what it was told before. */
  readToTell({ readByMe }: Pick<Position, 'readByMe'>): number {
    return this.#options.readReceipts() ? readByMe : 0
  }

  /**
   * Takes over the friend's word, except for what it says of messages. Within the caller's transaction. Returns whether
   * it counts: of a parcel, only if it is newer than every one before.
   */
  hear(word: Hello, live: boolean): boolean {
    const { store, peer } = this.#options
    if (Math.max(word.number, word.counted) > lastNumber) {
      throw new QuorumError('bad-request', 'They count further than anybody can')
    }
    let row = store.word(peer)
    if (!live && word.number <= row.counted) return false
    if (word.counted > row.number) row = this.keys.beginAnew({ ...row, number: word.counted })
    row = { ...row, counted: Math.max(row.counted, word.number), features: word.features }
    if (word.mail != null) row = this.keys.hear({ ...row, theirTicket: word.mail.ticket }, word.mail)
    store.putWord(row)
    if (word.mail != null) this.#hearOfParcels(word)
    return true
  }

  /** Takes over the word of a hello. With a full disk it is heard with the next one: friends talk all the same. */
  hearLive(word: Hello): void {
    const { store } = this.#options
    try {
      store.transaction(() => this.hear(word, true))
    } catch (error) {
      if (!isDiskFull(error)) throw error
    }
  }

  /** The friend holds messages that this store does not know. */
  older(): void {
    const { store, peer } = this.#options
    store.putWord(this.keys.beginAnew(store.word(peer)))
  }

  /** The friend is owed a word, also where there is no message. */
  owe(changes: Partial<Pick<WordRow, 'unopened' | 'hole'>> = {}): void {
    const { store, peer } = this.#options
    store.putWord({ ...store.word(peer), ...changes, owed: true })
  }

  /** A friend who is online was told what it is owed. */
  told(): void {
    const { store, peer } = this.#options
    store.putWord({ ...store.word(peer), owed: false })
  }

  /**
   * Tells the friend in an envelope, not too often, what a parcel cannot: there is no ticket or no key for one. `as`:
   * `stoodAt` of itself, `answeredAt` where an older word of the friend shows that it does not know the newest one.
   */
  stand(as: 'stoodAt' | 'answeredAt'): void {
    const { store, peer, now, stand } = this.#options
    if (Math.abs(now() - store.word(peer)[as]) < chatLimits.standAgain) return
    store.transaction(() => {
      const word = this.tell(false)
      store.putWord({ ...store.word(peer), [as]: now() })
      stand(peer, word)
    })
  }

  /**
   * Notes a word that came in an envelope; returns whether it came before, since each node of the own ones brings it:
   * answered again and again, it would never end. Within the caller's transaction.
   */
  repeated({ number, mail }: Hello): boolean {
    const { store, peer } = this.#options
    const row = store.word(peer)
    if (mail != null && same(mail.keys.era, row.theirEra) && number <= row.stoodNumber) return true
    store.putWord({ ...row, stoodNumber: Math.max(row.stoodNumber, number) })
    return false
  }

  #hearOfParcels({ mail }: Hello): void {
    const { store, peer } = this.#options
    if (mail == null) return
    const out = store.parcelsFor(peer)
    const shut = new Set(mail.unopened.map(hex))
    for (const { id, keyNumber } of out.filter((row) => shut.has(hex(row.id)))) {
      if (!this.#anew.take()) break
      store.updateParcel(id, { anew: true })
      if (keyNumber > 0) this.keys.dropDead(mail)
    }
    // What lies behind a hole is left again, with what fills it.
    if (mail.hole && this.#holes.take()) for (const { id } of out) store.updateParcel(id, { leftAt: 0 })
  }

  /** With the number of the next word: larger than every one that the friend may have counted. */
  #numbered(row: WordRow): WordRow {
    return { ...row, number: Math.max(Math.trunc(this.#options.now()), row.number + 1) }
  }

  #hello(row: WordRow, pairs: readonly KeyPair[]): Hello {
    const { store, peer, name, peerAddress } = this.#options
    const position = store.conversation(peer)
    const { received, receivedHash } = position
    const trail = trailSequences(received).flatMap((sequence) => {
      const hash = store.bodyHash(peer, 'in', sequence)
      return hash == null ? [] : [{ sequence, hash }]
    })
    const { number, counted, ticket, era, unopened, hole } = row
    const account = this.keys.account(row)
    const publicKeys = pairs.map(({ publicKey }) => publicKey)
    const mail = {
      ticket,
      keys: { era, first: row.nextKey - pairs.length, publicKeys },
      ...(account == null ? {} : { account }),
      unopened: unopened.slice(-chatLimits.unopened),
      hole,
    }
    return {
      ...peerAddress(peer),
      version: chatVersion,
      received,
      receivedHash,
      read: this.readToTell(position),
      name: name(),
      number,
      trail,
      features: Object.values(features),
      counted,
      ...(ticket.byteLength > 0 ? { mail } : {}),
    }
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof QuorumError && (error.code === 'disk-full' || error.code === 'not-writable')
}

/** The friend has said that it understands that feature. */
export function understands(store: Store, peer: string, feature: number): boolean {
  return store.word(peer).features.includes(feature)
}
