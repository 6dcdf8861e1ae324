/**
 * Opens the parcels of a friend. What is in one goes through the rules of the conversation, and its key is destroyed in
 * the transaction that stores the messages (docs/protocol.md, "Parcels", Reading).
 */
import { QuorumError } from '../base/errors.ts'
import type { Hpke } from '../identity/hpke.ts'
import { verify, type Identity } from '../identity/identity.ts'
import type { SealingKeys } from '../identity/sealing.ts'
import type { GivenKey, KnownParcel } from '../store/mail-store.ts'
import type { Store } from '../store/store.ts'
import { signedFromWire } from '../wire/codec.ts'
import type { Hello } from '../wire/hello.ts'
import type { Parcel } from '../wire/mailbox.ts'
import { parcelFromWire, sealedParcelFromWire, type ParcelContent } from '../wire/parcel.ts'
import type { Batch, Inbox } from './inbox.ts'
import { chatLimits } from './limits.ts'
import type { Outbox } from './outbox.ts'
import type { Words } from './words.ts'

export interface ParcelReaderOptions {
  identity: Identity
  hpke: Pick<Hpke, 'open'>
  /** The friend's PeerId. */
  peer: string
  store: Store
  sealing: SealingKeys
  inbox: Inbox
  outbox: Outbox
  words: Words
  now(): number
  /** The newest word of the friend, once it is on disk. */
  onWord(word: Hello): void
}

/**
 * `taken`: the node may delete it. `stored`: so, and messages came with it. `hole`: it waits for what comes before it,
 * which is news. `later`: it cannot be taken now.
 */
export type ParcelOutcome = 'taken' | 'stored' | 'hole' | 'later'

interface Opened {
  content: ParcelContent
  oneTime: GivenKey | undefined
}

export class ParcelReader {
  readonly #options: ParcelReaderOptions

  constructor(options: ParcelReaderOptions) {
    this.#options = options
  }

  /** What lies under the ticket of this friend. Errors: those of the store; then nothing has happened. */
  async read({ parcelId, sealed }: Pick<Parcel, 'parcelId' | 'sealed'>): Promise<ParcelOutcome> {
    const { store } = this.#options
    const known = store.knownParcel(parcelId)
    if (known != null && known.kind !== 'hole') return this.#again(known)
    const opened = await this.#open(parcelId, sealed)
    if (opened === 'foreign') return 'taken'
    if (opened === 'shut') {
      this.#shut(parcelId)
      return 'taken'
    }
    // It may have come from two nodes at once.
    const now = store.knownParcel(parcelId)?.kind ?? 'hole'
    return now === 'hole' ? this.#take(parcelId, opened) : 'taken'
  }

  /**
   * The friend says in an envelope where it stands. An old word is not believed: it is answered, so that a friend who
   * was put back learns the number to go on from. Errors as of `read`.
   */
  hear(word: Hello): void {
    const { inbox, words, outbox, onWord } = this.#options
    let newest = false
    let repeated = false
    const { position, effects } = inbox.receiveParcel([], (batch) => {
      repeated = words.repeated(word)
      newest = this.#hear(word, batch)
      if (newest) words.owe()
    })
    if (newest) {
      outbox.onReceipt(position)
      onWord(word)
    } else if (!repeated) words.stand('answeredAt')
    for (const effect of effects) effect()
  }

  /** The friend is told, once, that these parcels wait for what comes before them. */
  reportHole(ids: readonly Uint8Array[]): void {
    const { words, store } = this.#options
    store.transaction(() => {
      for (const id of ids) this.#note(id, 'hole')
      words.owe({ hole: true })
    })
  }

  /** `shut`: the key is gone, or another one was meant. `foreign`: it opens, and is not what the friend wrote. */
  async #open(id: Uint8Array, bytes: Uint8Array): Promise<Opened | 'shut' | 'foreign'> {
    const { store, peer, sealing, identity, hpke } = this.#options
    let signed: Uint8Array
    let oneTime: GivenKey | undefined
    try {
      const { keyId, sealed } = sealedParcelFromWire(bytes)
      oneTime = store.givenKey(peer, keyId)
      const seed = oneTime?.seed ?? sealing.hybridSeed(keyId)
      if (seed === undefined) return 'shut'
      signed = await hpke.open(sealed, seed, 'quorum-parcel', Buffer.concat([identity.publicKey, id]))
    } catch (error) {
      if (error instanceof QuorumError && refusals.has(error.code)) return 'shut'
      throw error
    }
    try {
      const genuine = signedFromWire(signed)
      const content = parcelFromWire(genuine.payload)
      const sender = verify(genuine, 'quorum-parcel')
      const named = Buffer.from(content.parcelId).equals(id) && Buffer.from(content.to).equals(identity.publicKey)
      return sender === peer && named ? { content, oneTime } : 'foreign'
    } catch (error) {
      if (error instanceof QuorumError && refusals.has(error.code)) return 'foreign'
      throw error
    }
  }

  #take(id: Uint8Array, { content, oneTime }: Opened): ParcelOutcome {
    const { store, peer, inbox, outbox, words, now, onWord } = this.#options
    const { bodies, word } = content
    let newest = false
    const { position, effects, stopped } = inbox.receiveParcel(bodies, (batch, end) => {
      newest = this.#hear(word, batch)
      if (end === 'contradiction') words.owe()
      if (end === 'gap' || end === 'held') return
      if (oneTime != null) store.destroyGivenKeys(peer, [oneTime])
      this.#note(id, bodies.length > 0 ? 'messages' : 'bare')
      if (bodies.length > 0) words.owe()
    })
    if (newest) {
      outbox.onReceipt(position)
      onWord(word)
    }
    for (const effect of effects) effect()
    if (stopped === 'gap') return store.knownParcel(id) == null ? 'hole' : 'later'
    if (stopped === 'held') return 'later'
    store.forgetParcels(peer, now() - chatLimits.parcelKnown, chatLimits.parcelsKnown)
    return bodies.length > 0 ? 'stored' : 'taken'
  }

  /** Within the transaction of `batch`. Only the newest word counts. */
  #hear(word: Hello, batch: Batch): boolean {
    const { words, outbox, inbox } = this.#options
    if (!words.hear(word, false)) return false
    outbox.compare(word, undefined, batch)
    if (word.received <= batch.position.sent) inbox.acknowledge(word.received, word.read, batch)
    return true
  }

  /** Nodes bring a parcel again, or its writer leaves it again because it heard nothing. */
  #again(known: KnownParcel): ParcelOutcome {
    const { store, words, now } = this.#options
    if (Math.abs(now() - known.toldAt) < chatLimits.parcelAnswered) return 'taken'
    store.transaction(() => {
      store.putKnownParcel({ ...known, toldAt: now() })
      if (known.kind === 'messages') words.owe()
      if (known.kind === 'shut') this.#tellShut(known.id)
    })
    return 'taken'
  }

  #shut(id: Uint8Array): void {
    this.#options.store.transaction(() => {
      this.#note(id, 'shut')
      this.#tellShut(id)
    })
  }

  #tellShut(id: Uint8Array): void {
    const { store, peer, words } = this.#options
    words.owe({ unopened: [...store.word(peer).unopened, id].slice(-chatLimits.unopened) })
  }

  #note(id: Uint8Array, kind: KnownParcel['kind']): void {
    const { store, peer, now } = this.#options
    store.putKnownParcel({ id, peer, kind, at: now(), toldAt: now() })
  }
}

/** Of bytes that are not what they should be. A disk that refuses is none of them. */
const refusals: ReadonlySet<string> = new Set(['bad-request', 'verification-failed', 'too-large'])
