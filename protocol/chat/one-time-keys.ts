/**
 * One-time keys of two friends, for parcels: each opens one parcel, and its private half is destroyed with it. The keys
 * that this peer has given are numbered within an era; the holder says which it has and up to which none is needed any
 * more (docs/protocol.md, "Parcels", Keys).
 */
import { TokenBucket } from '../base/rate-limit.ts'
import { Yielder } from '../base/yield.ts'
import { keyIdOf, type Hpke, type KeyPair } from '../identity/hpke.ts'
import { randomBytes } from '../identity/identity.ts'
import type { HeldKey, WordRow } from '../store/mail-store.ts'
import type { Store } from '../store/store.ts'
import { eraLength, type MailWord } from '../wire/hello.ts'
import { chatLimits } from './limits.ts'

export interface OneTimeKeysOptions {
  /** The friend's PeerId. */
  peer: string
  store: Store
  /**
   * Milliseconds since the epoch, by which ages are judged; undefined while no node has confirmed the clock, which may
   * be years wrong.
   */
  age(): number | undefined
  /** The same by the own clock, right or wrong. */
  now(): number
  hpke: Hpke
}

/** Every method that changes something runs within the caller's transaction. */
export class OneTimeKeys {
  readonly #options: OneTimeKeysOptions
  readonly #made = new TokenBucket(chatLimits.keysMade, () => performance.now())
  readonly #taken = new TokenBucket(chatLimits.keysTaken, () => performance.now())

  constructor(options: OneTimeKeysOptions) {
    this.#options = options
  }

  // ---- given to the friend

  /**
   * How many keys to make for the friend: `live` in a hello, else in a parcel. `limited`: over a connection that
   * carries so many bytes only, most of which would go for keys.
   */
  wanted(live: boolean, limited = false): number {
    const { store, peer, age } = this.#options
    const now = age()
    if (now === undefined) return 0
    const { keysHeld, keysTop, era } = store.word(peer)
    // Of those in parcels that have not arrived, which will be counted when they have.
    const underWay = live
      ? 0
      : store
          .givenKeys(peer)
          .filter((key) => same(key.era, era) && key.number > keysTop && now - key.createdAt < chatLimits.keysUnderWay)
          .length
    const most = live ? chatLimits.keysTogether : chatLimits.keysInParcel
    const together = limited ? chatLimits.keysInParcel : chatLimits.keysTogether
    return Math.max(0, Math.min(most, together - keysHeld - underWay))
  }

  /** Makes as many keys as are wanted, and lets everything else run in between. `give` stores them. */
  async make(live: boolean, limited = false): Promise<KeyPair[]> {
    const wanted = this.wanted(live, limited)
    if (!this.#made.take(wanted)) return []
    const pairs: KeyPair[] = []
    const turn = new Yielder()
    while (pairs.length < wanted) {
      pairs.push(await this.#options.hpke.createKeyPair())
      if (turn.due) await turn.yield()
    }
    return pairs
  }

  /** Stores keys as given, from number `row.nextKey` on; returns the changed row, which is not stored here. */
  give(row: WordRow, pairs: readonly KeyPair[], live: boolean): WordRow {
    if (pairs.length === 0) return row
    const { store, peer, age, now } = this.#options
    const { era, nextKey } = row
    const createdAt = age() ?? now()
    const keys = pairs.map(({ seed, publicKey }, at) => ({
      era,
      number: nextKey + at,
      keyId: keyIdOf(publicKey),
      seed,
      createdAt,
    }))
    store.addGivenKeys(peer, keys)
    const all = store.givenKeys(peer).toSorted((a, b) => a.createdAt - b.createdAt)
    store.destroyGivenKeys(peer, all.slice(0, Math.max(0, all.length - chatLimits.keysGiven)))
    const given = { ...row, nextKey: nextKey + pairs.length }
    // A hello arrives, or the next one tells otherwise.
    return live ? { ...given, keysHeld: row.keysHeld + pairs.length, keysTop: given.nextKey - 1 } : given
  }

  /** Destroys those that are past their time, used or not. */
  destroyExpired(): void {
    const { store, peer, age } = this.#options
    const now = age()
    if (now === undefined) return
    const expired = store.givenKeys(peer).filter(({ createdAt }) => now - createdAt > chatLimits.keyKept)
    store.destroyGivenKeys(peer, expired)
  }

  // ---- held of the friend

  /** Of the friend's keys those that may be used, the next one first. */
  usable(): HeldKey[] {
    const { store, peer, age } = this.#options
    const now = age()
    if (now === undefined) return []
    return store.heldKeys(peer).filter(({ receivedAt }) => Math.abs(now - receivedAt) < chatLimits.keyUsable)
  }

  /** What the friend is told about the keys that it gave; undefined before it gave any. */
  account(row: WordRow): MailWord['account'] {
    const { store, peer, now } = this.#options
    if (row.theirEra.byteLength === 0) return undefined
    const held = this.usable()
    const used = store.parcelsFor(peer).flatMap(({ keyNumber }) => (keyNumber > 0 ? [keyNumber] : []))
    const floor = now() < row.floorUntil ? [row.floor] : []
    const settled = Math.min(...used, held[0]?.number ?? row.top + 1, ...floor)
    return { era: row.theirEra, held: held.length, top: row.top, settled }
  }

  /** Takes over what the friend says of both sides' keys; returns the changed row, which is not stored here. */
  hear(before: WordRow, { keys, account }: MailWord): WordRow {
    const { store, peer, age, now } = this.#options
    const row = { ...before }
    if (!same(keys.era, row.theirEra)) {
      store.dropHeldKeys(peer, store.heldKeys(peer))
      Object.assign(row, { theirEra: keys.era, top: 0, floor: 0, floorUntil: 0 })
    }
    const receivedAt = age() ?? now()
    const numbered = keys.publicKeys.map((publicKey, at) => ({ publicKey, number: keys.first + at, receivedAt }))
    const news = numbered.filter(({ number }) => number > row.top && Number.isSafeInteger(number))
    const fresh = this.#taken.take(news.length) ? news : []
    store.addHeldKeys(peer, fresh)
    row.top = fresh.at(-1)?.number ?? row.top
    store.dropHeldKeys(peer, store.heldKeys(peer).slice(0, -chatLimits.keysKept))
    if (account == null || !same(account.era, row.era)) return { ...row, keysHeld: 0, keysTop: row.nextKey - 1 }
    const { era } = row
    const settled = store.givenKeys(peer).filter((key) => same(key.era, era) && key.number < account.settled)
    store.destroyGivenKeys(peer, settled)
    return { ...row, keysHeld: account.held, keysTop: account.top }
  }

  /** A parcel to one of these keys did not open: all are dropped but those in `word`, which came with the news. */
  dropDead({ keys }: MailWord): void {
    const { store, peer } = this.#options
    const came = new Set(keys.publicKeys.map((_, at) => keys.first + at))
    store.dropHeldKeys(
      peer,
      store.heldKeys(peer).filter(({ number }) => !came.has(number)),
    )
  }

  /**
   * This store is an older copy of itself: the keys that it holds may be used, and those that it gave counted, by what
   * came after. Begins a new era. The friend is owed a word: it may count as delivered what only the lost state of this
   * store had, and nothing else that is said need tell it. Returns the changed row, which is not stored here.
   */
  beginAnew(row: WordRow): WordRow {
    const { store, peer, now } = this.#options
    const held = store.heldKeys(peer)
    store.dropHeldKeys(peer, held)
    const first = held[0]?.number
    const floor = first === undefined ? {} : { floor: first, floorUntil: now() + chatLimits.keyFloor }
    return { ...row, ...floor, era: randomBytes(eraLength), nextKey: 1, keysHeld: 0, keysTop: 0, owed: true }
  }
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b)
}
