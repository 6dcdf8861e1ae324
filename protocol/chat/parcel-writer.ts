/**
 * Leaves for a friend who is away what no receipt covers: seals messages and the own word to a key of the friend, and
 * brings the parcel to the friend's nodes. The outbox stays the authority: a parcel is one more way for the same bodies
 * to travel, and only a receipt takes a message out of the outbox (docs/protocol.md, "Parcels", Writing).
 */
import { QuorumError } from '../base/errors.ts'
import type { Emit } from '../api/events.ts'
import { keyIdOf, type Hpke } from '../identity/hpke.ts'
import { publicKeyOf, randomBytes, sign, type Identity } from '../identity/identity.ts'
import type { ParcelRow, WordRow } from '../store/mail-store.ts'
import type { Conversation as Position, Message, Store } from '../store/store.ts'
import { signedToWire } from '../wire/codec.ts'
import { parcelIdLength, type LeaveOutcome } from '../wire/mailbox.ts'
import { parcelToWire, sealedParcelToWire } from '../wire/parcel.ts'
import { chatLimits } from './limits.ts'
import type { LeavingBody, Outbox } from './outbox.ts'
import type { Words } from './words.ts'

/** A mailbox of the friend at one node. */
export interface FriendsMailbox {
  /** Errors: those of the node. */
  leave(to: string, parcelId: Uint8Array, ticket: Uint8Array, sealed: Uint8Array): Promise<LeaveOutcome>
  withdraw(to: string, parcelId: Uint8Array, ticket: Uint8Array): Promise<void>
}

export interface ParcelWriterOptions {
  identity: Identity
  hpke: Hpke
  /** The friend's PeerId. */
  peer: string
  store: Store
  outbox: Outbox
  words: Words
  now(): number
  /** As in `OneTimeKeysOptions`. */
  age(): number | undefined
  emit: Emit
  /** Runs `task` with the mailbox at each of a few of the friend's nodes. Never rejects. */
  atNodes(peer: string, task: (mailbox: FriendsMailbox) => Promise<void>): Promise<void>
}

/** What a parcel is made of, and what must still hold when it is stored. */
interface Draft {
  position: Position
  row: WordRow
  bodies: LeavingBody[]
  keyId: Uint8Array
  /** Of the one-time key; 0: the weekly one. */
  keyNumber: number
}

/** A sealed parcel; one without messages is not stored. */
interface Leaving {
  id: Uint8Array
  first: number
  upTo: number
  sealed(): Uint8Array | undefined
}

interface Sealed {
  /** What is to be left. */
  parcels: Leaving[]
  /** Ids of those that gave way to others. */
  dropped: Uint8Array[]
  /** There is more, and no key to seal it to. */
  noKey: boolean
}

export class ParcelWriter {
  readonly #options: ParcelWriterOptions
  #running: Promise<void> = Promise.resolve()

  constructor(options: ParcelWriterOptions) {
    this.#options = options
  }

  /** Leaves what there is to leave. One call runs after the other. Errors: those of the store. */
  write(): Promise<void> {
    const round = this.#running.then(() => this.#round())
    this.#running = round.catch(() => undefined)
    return round
  }

  /** Takes back everything on its way: the friendship is over. `ticket`: of the friend, which may be forgotten here. */
  async withdrawAll(): Promise<void> {
    const { store, peer } = this.#options
    const { theirTicket } = store.word(peer)
    await this.#withdraw(
      store.parcelsFor(peer).map(({ id }) => id),
      theirTicket,
    )
  }

  /** What a call of `write` would do. */
  get due(): MailDue {
    const { store, peer, words, now } = this.#options
    const { queued, delivered } = store.conversation(peer)
    const out = store.parcelsFor(peer)
    const late = ({ leftAt }: ParcelRow): boolean => Math.abs(now() - leftAt) >= chatLimits.parcelAgain
    if (out.some((row) => row.anew || row.upTo <= delivered)) return 'parcels'
    if (!words.parcels) return 'nothing'
    if (out.some(late) || firstMissing(out, delivered) < queued) return 'parcels'
    return store.word(peer).owed ? 'word' : 'nothing'
  }

  async #round(): Promise<void> {
    const { store, peer, words, atNodes } = this.#options
    await this.#clear()
    if (!words.parcels || this.due === 'nothing') return
    const ticket = store.word(peer).theirTicket
    if (ticket.byteLength === 0) {
      words.stand('stoodAt')
      return
    }
    let sealing: Promise<Sealed> | undefined
    const held = new Set<Leaving>()
    let refused = false
    // Sealed once a node is there: what cannot be left anywhere can still be recalled.
    await atNodes(peer, async (mailbox) => {
      sealing ??= this.#seal()
      const { parcels, dropped } = await sealing
      for (const id of dropped) await mailbox.withdraw(peer, id, ticket)
      refused = (await this.#leave(mailbox, parcels, ticket, held)) === 'no-ticket' || refused
    })
    if (sealing === undefined) return
    const { parcels, noKey } = await sealing
    this.#left(parcels, held)
    if (noKey || (refused && held.size === 0)) words.stand('stoodAt')
  }

  /** Withdraws what was delivered, and what is sealed anew. */
  async #clear(): Promise<void> {
    const { store, peer } = this.#options
    const { delivered } = store.conversation(peer)
    const done = store.parcelsFor(peer).filter(({ upTo, anew }) => anew || upTo <= delivered)
    if (done.length === 0) return
    const changed = store.transaction(() => done.flatMap((row) => this.#drop(row)))
    this.#tell(changed)
    await this.#withdraw(
      done.map(({ id }) => id),
      store.word(peer).theirTicket,
    )
  }

  #drop(row: ParcelRow): Message[] {
    const { store, peer } = this.#options
    store.deleteParcel(row.id)
    return store.markLeft(peer, row, undefined)
  }

  /** Seals as much as may be on its way, from the first message without a receipt on. */
  async #seal(): Promise<Sealed> {
    const { store, peer, now } = this.#options
    const dropped: Uint8Array[] = []
    const bare: Leaving[] = []
    let noKey = false
    let vain = 0
    while (bare.length === 0) {
      const position = store.conversation(peer)
      const out = store.parcelsFor(peer).filter(({ anew, upTo }) => !anew && upTo > position.delivered)
      const from = firstMissing(out, position.delivered)
      const more = from < position.queued
      if (!more && !store.word(peer).owed) break
      const bytes = out.reduce((sum, row) => sum + row.bytes, 0)
      if (more && (out.length >= chatLimits.parcelsOut || bytes >= chatLimits.parcelsOutBytes)) {
        // What lies behind a hole must not keep out what fills it.
        const last = out.findLast(({ first }) => first > from + 1)
        if (last === undefined) break
        this.#tell(store.transaction(() => this.#drop(last)))
        dropped.push(last.id)
        continue
      }
      const sealed = await this.#sealOne(from, out)
      if (sealed === 'changed') {
        // A friend who says something all the time must not keep this peer busy.
        vain += 1
        if (vain === chatLimits.sealedInVain) break
        continue
      }
      if (sealed === 'no-key') {
        noKey = true
        break
      }
      if (sealed.first === 0) bare.push(sealed)
    }
    const late = store.parcelsFor(peer).filter(({ leftAt }) => Math.abs(now() - leftAt) >= chatLimits.parcelAgain)
    const again = late.map((row) => ({ ...row, sealed: () => store.sealedParcel(row.id) }))
    return { parcels: [...again, ...bare], dropped, noKey }
  }

  /** Computes; then one transaction looks whether everything is as it was, and stores it all. */
  async #sealOne(from: number, out: readonly ParcelRow[]): Promise<Leaving | 'changed' | 'no-key'> {
    const { store, peer, words, identity } = this.#options
    const key = this.#key()
    if (key === undefined) return 'no-key'
    const pairs = await words.keys.make(false)
    const position = store.conversation(peer)
    const row = store.transaction(() => words.ready())
    const bodies = this.#bodies(from, out, position)
    const draft = { position, row, bodies, keyNumber: key.number, keyId: keyIdOf(key.publicKey) }
    const id = randomBytes(parcelIdLength)
    const to = publicKeyOf(peer)
    const word = words.draft(row, pairs)
    const content = parcelToWire({ to, parcelId: id, bodies: bodies.map(({ body }) => body), word })
    const signed = signedToWire(sign(identity, 'quorum-parcel', content))
    const box = await this.#sealed(signed, key, Buffer.concat([to, id]))
    if (box === undefined) return key.number === 0 ? 'no-key' : 'changed'
    const sealed = sealedParcelToWire({ keyId: draft.keyId, sealed: box })
    const first = bodies[0]?.seq ?? 0
    const upTo = bodies.at(-1)?.seq ?? 0
    const bytes = sealed.byteLength
    const stored = store.transaction(() => {
      if (!this.#holds(draft, from, out)) return undefined
      const given = words.keys.give({ ...row, number: word.number }, pairs, false)
      store.putWord({ ...given, owed: false, unopened: [], hole: false })
      if (key.number > 0) store.dropHeldKeys(peer, [{ number: key.number }])
      if (first > 0) {
        const { number: keyNumber } = key
        store.addParcel({ id, peer, first, upTo, keyNumber, bytes, leftAt: 0, anew: false }, sealed)
      }
      return this.#options.outbox.markSent(bodies, position)
    })
    if (stored === undefined) return 'changed'
    this.#tell(stored)
    return { id, first, upTo, sealed: () => sealed }
  }

  /** Undefined for a key that is none. */
  async #sealed(signed: Uint8Array, key: SealTo, bound: Uint8Array): Promise<Uint8Array | undefined> {
    const { store, peer, hpke } = this.#options
    try {
      return await hpke.seal(signed, key.publicKey, 'quorum-parcel', bound)
    } catch (error) {
      if (!(error instanceof QuorumError && error.code === 'verification-failed')) throw error
      // Whoever gives one key that is none may have given more of them: the weekly key is left.
      store.dropHeldKeys(peer, store.heldKeys(peer))
      return undefined
    }
  }

  #bodies(from: number, out: readonly ParcelRow[], position: Position): LeavingBody[] {
    const { parcelBodies, parcelBodyBytes } = chatLimits
    const bodies = this.#options.outbox.bodiesAfter(from, parcelBodies, parcelBodyBytes, position)
    const next = out.find(({ first }) => first > from)?.first ?? Infinity
    return bodies.filter(({ seq }) => seq < next)
  }

  /** Nothing of what the parcel was computed from has changed. */
  #holds({ position, row, bodies, keyId, keyNumber }: Draft, from: number, out: readonly ParcelRow[]): boolean {
    const { store, peer } = this.#options
    const key = this.#key()
    if (key === undefined || key.number !== keyNumber || !Buffer.from(keyIdOf(key.publicKey)).equals(keyId)) {
      return false
    }
    const now = store.conversation(peer)
    const told = ({ queued: _, taken: __, takenAt: ___, ...rest }: Position) => JSON.stringify(rest)
    if (told(now) !== told(position) || JSON.stringify(store.word(peer)) !== JSON.stringify(row)) return false
    const again = this.#bodies(from, out, now)
    return bodies.every(({ hash }, at) => Buffer.from(hash).equals(again[at]?.hash ?? new Uint8Array()))
  }

  /** The next one-time key of the friend, or its weekly key. */
  #key(): SealTo | undefined {
    const { store, peer, words, age } = this.#options
    const [oneTime] = words.keys.usable()
    if (oneTime !== undefined) return oneTime
    const weekly = store.friend(peer)?.sealingKey
    const now = age()
    if (weekly?.hybridKey === undefined || now === undefined || weekly.expiresAt <= now) return undefined
    return { number: 0, publicKey: weekly.hybridKey }
  }

  /** Brings parcels to one node, the first one first; adds those that it holds to `held`. Returns why it ended. */
  async #leave(
    mailbox: FriendsMailbox,
    parcels: readonly Leaving[],
    ticket: Uint8Array,
    held: Set<Leaving>,
  ): Promise<LeaveOutcome> {
    const { store, peer } = this.#options
    const behind = store.parcelsFor(peer).filter(({ leftAt }) => leftAt > 0)
    for (const parcel of parcels.toSorted((a, b) => a.first - b.first)) {
      const sealed = parcel.sealed()
      if (sealed === undefined) continue
      let outcome = await mailbox.leave(peer, parcel.id, ticket, sealed)
      while (outcome === 'full') {
        const last = behind.findLast(({ first }) => parcel.first > 0 && first > parcel.first)
        if (last === undefined) break
        behind.splice(behind.indexOf(last), 1)
        await mailbox.withdraw(peer, last.id, ticket)
        outcome = await mailbox.leave(peer, parcel.id, ticket, sealed)
      }
      // Nothing that follows would be taken either.
      if (outcome !== 'held') return outcome
      held.add(parcel)
    }
    return 'held'
  }

  /** Of `parcels`, a node holds those in `held`. */
  #left(parcels: readonly Leaving[], held: ReadonlySet<Leaving>): void {
    const { store, peer, words, now } = this.#options
    const changed = store.transaction(() => {
      if (parcels.some((parcel) => parcel.first === 0 && !held.has(parcel))) words.owe()
      return [...held].flatMap((parcel) => {
        if (parcel.first === 0) return []
        store.updateParcel(parcel.id, { leftAt: now() })
        return store.markLeft(peer, parcel, now())
      })
    })
    this.#tell(changed)
  }

  /** Where a node does not answer, its recipient finds what it knows already. */
  async #withdraw(ids: readonly Uint8Array[], ticket: Uint8Array): Promise<void> {
    const { peer, atNodes } = this.#options
    if (ids.length === 0 || ticket.byteLength === 0) return
    await atNodes(peer, async (mailbox) => {
      for (const id of ids) await mailbox.withdraw(peer, id, ticket)
    })
  }

  #tell(changed: readonly Message[]): void {
    for (const data of changed) this.#options.emit({ event: 'message-changed', data })
  }
}

/** Something is to be left or withdrawn; only a word is owed; or neither. */
export type MailDue = 'parcels' | 'word' | 'nothing'

interface SealTo {
  number: number
  publicKey: Uint8Array
}

/** The last sequence before the first one that neither a receipt nor a parcel covers. */
function firstMissing(out: readonly ParcelRow[], delivered: number): number {
  let from = delivered
  for (const { first, upTo } of out.toSorted((a, b) => a.first - b.first)) {
    if (first > from + 1) break
    from = Math.max(from, upTo)
  }
  return from
}
