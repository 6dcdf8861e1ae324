/**
 * One group at this peer: its replica, cards and receipts, and what of it callers see. Every change runs in one
 * transaction; what follows from it is told once it is on disk. It knows nothing of connections.
 */
import { v7 as uuid } from 'uuid'
import type { Emit } from '../api/events.ts'
import type { Group, Message } from '../api/model.ts'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import { day } from '../base/units.ts'
import type { Identity } from '../identity/identity.ts'
import type { GroupRow, ShownEntry } from '../store/group-store.ts'
import type { Store } from '../store/store.ts'
import type { SignedBytes } from '../wire/codec.ts'
import { Cards, type OwnCard } from './cards.ts'
import type { Action, ChainEnds } from './decision.ts'
import type { Entry } from './entry.ts'
import type { Holding } from './exchange.ts'
import { messageOf, viewOf, type People } from './group-view.ts'
import { GroupIntake } from './intake.ts'
import { Known, ledgerChain } from './known.ts'
import { groupLimits } from './limits.ts'
import type { Membership } from './membership.ts'
import type { GroupMessage } from './messages.ts'
import { neighboursOf } from './neighbours.ts'
import { Person } from './person.ts'
import { Receipts, type Reached } from './receipts.ts'
import { Replica } from './replica.ts'
import { needAbove } from './rights.ts'
import { SeenBy, type Seen } from './seen.ts'
import { heldDecision, heldEntry, readConsent } from './signed.ts'
import { StoredGroup } from './stored.ts'
import { wereTogether, whyIn, whyOut } from './why.ts'

export interface HeldGroupOptions {
  identity: Identity
  store: Store
  /** Its id. */
  group: string
  /** Milliseconds since the epoch. */
  now(): number
  emit: Emit
  people: People
  ownCard(): OwnCard
  /** Members are to be told something: of the ledger, of the talk, of cards or of receipts. `own`: it was said here. */
  onNews(own: boolean): void
  /** Who is in may have changed. */
  onMembers(): void
  /** Something is missing that others may have. */
  onMissing(): void
  /** The nodes are to be told of another ticket. */
  onTicket(): void
}

/** What a transaction has changed. */
interface Changes {
  entries: Entry[]
  chains: Set<string>
  decided: boolean
  /** Somebody is out, or may be. */
  removed: boolean
  history: boolean
}

export class HeldGroup {
  readonly #options: HeldGroupOptions
  readonly #person: Person
  readonly #intake: GroupIntake
  readonly #entries = new TokenBucket(groupLimits.entries, () => performance.now())
  readonly #decisions = new TokenBucket(groupLimits.decisions, () => performance.now())
  readonly cards: Cards
  readonly seen: SeenBy
  readonly known: Known
  readonly #receipts: Receipts
  #replica: Replica
  #changes: Changes = noChanges()
  #history = 0
  #neighbours: { of: number; today: number; value: ReadonlySet<string> } | undefined

  constructor(options: HeldGroupOptions) {
    const { identity, store, group, now } = options
    this.#options = options
    this.#intake = new GroupIntake({ store, group, self: identity.peer })
    this.#person = new Person(options)
    this.#replica = this.#open()
    this.cards = new Cards({ identity, store, group, now, isMember: (peer) => this.#replica.ledger.hasBeenIn(peer) })
    const isOwn = (chain: string): boolean =>
      chain === ledgerChain || store.groupChain(group, chain)?.author === identity.peer
    this.seen = new SeenBy({ store, group, self: identity.peer, isOwn })
    this.known = new Known({ store, group, self: identity.peer, seen: this.seen, replica: () => this.#replica })
    const others = (): string[] => this.#others()
    this.#receipts = new Receipts({ store, group, self: identity.peer, seen: this.seen, others })
  }

  get id(): string {
    return this.#options.group
  }

  get row(): GroupRow {
    const row = this.#options.store.group(this.id)
    if (row === undefined) throw new QuorumError('not-found', 'There is no such group')
    return row
  }

  /** This person is in. */
  get joined(): boolean {
    return this.#replica.joined
  }

  /** Undefined while nothing of the ledger is held. */
  get membership(): Membership | undefined {
    return this.#replica.empty ? undefined : this.#replica.membership
  }

  get exchange(): Replica['exchange'] {
    return this.#replica.exchange
  }

  has(peer: string): boolean {
    return this.membership?.members.has(peer) ?? false
  }

  /** Members to whom what is new here is passed on. */
  get neighbours(): ReadonlySet<string> {
    const { identity, now } = this.#options
    const today = Math.floor(now() / day)
    const { length } = this.#replica.ledger.decisions
    if (this.#neighbours?.of !== length || this.#neighbours.today !== today) {
      const members = this.membership?.members.keys() ?? []
      this.#neighbours = { of: length, today, value: neighboursOf(identity.peer, members, now()) }
    }
    return this.#neighbours.value
  }

  /** Why this person is in, to be shown to members who do not know it yet. */
  whyIn(): GroupMessage {
    const { ledger, membership } = this.#replica
    return { kind: 'decisions', decisions: whyIn(ledger, membership, this.#self) }
  }

  /** Why somebody is out; undefined if they were never in together with this person: they are to learn nothing. */
  whyOut(peer: string): GroupMessage | undefined {
    const { membership } = this
    if (membership === undefined || !wereTogether(this.#replica.ledger, membership, this.#self, peer)) return undefined
    return { kind: 'out', decisions: whyOut(this.#replica.ledger, membership, peer) }
  }

  view(): Group {
    const { store, identity, people } = this.#options
    return viewOf({
      row: this.row,
      self: identity.peer,
      membership: this.membership,
      cards: this.cards,
      people,
      unread: store.groupUnread(this.id, identity.peer),
      history: this.#history,
    })
  }

  // ---- what this person says and decides

  /** Errors: `bad-request` who is not in, `too-large`, `not-found` (replyTo), `rate-limited`, those of the store. */
  send(text: string, replyTo?: string): Message {
    const wellFormed = text.toWellFormed()
    if (Buffer.byteLength(wellFormed) > limits.messageText)
      throw new QuorumError('too-large', 'A message can hold 64 KiB of text: send the rest as a file')
    const { store } = this.#options
    if (replyTo !== undefined && store.groupMessage(this.id, replyTo) === undefined)
      throw new QuorumError('not-found', 'The message you reply to is not in this group')
    this.#needMember()
    if (!this.#entries.take()) throw new QuorumError('rate-limited', 'That is more than a person writes in a minute')
    const id = uuid()
    this.#change(true, () => {
      this.#replica.say(id, { kind: 'text', text: wellFormed, ...(replyTo === undefined ? {} : { replyTo }) })
    })
    const said = store.groupMessage(this.id, id)
    if (said === undefined) throw new QuorumError('internal', 'A message is not shown')
    return this.message(said)
  }

  /** Errors: `bad-request` without the right to it, `rate-limited`, those of the store. */
  decide(action: Action): void {
    this.#needMember()
    if (!this.#decisions.take()) throw new QuorumError('rate-limited', 'Too much is decided in this group at once')
    this.#change(true, () => this.#replica.decide(action))
  }

  /** Adds who has agreed. Errors: as of `decide`. */
  add(consent: SignedBytes, history: 'none' | 'last' | 'all'): void {
    const { member, invitation } = readConsent(consent)
    this.#person.useConsent(invitation, consent)
    this.decide({ kind: 'add', member, invitation, from: this.#historyFrom(history) })
  }

  /** Errors: `bad-request` for somebody who is not in, or whom this person has no right to remove. */
  remove(peer: string, undo: boolean): void {
    needAbove(this.needMember(), this.#self, peer)
    const { ledger, membership } = this.#replica
    const decided = ledger.decisions.filter(({ author, hash }) => author === peer && membership.power.has(hash))
    const undone = undo ? decided.slice(-groupLimits.undone).map(({ hash }) => hash) : []
    this.decide({ kind: 'remove', member: peer, upTo: this.#replica.endsOf(peer), undo: undone })
  }

  leave(): void {
    this.decide({ kind: 'leave', upTo: this.#replica.endsOf(this.#options.identity.peer) })
  }

  /** Errors: `bad-request` who is not in. */
  needMember(): Membership {
    this.#needMember()
    return this.#replica.membership
  }

  // ---- what arrives

  /** Returns the answers. Errors: those of the store. */
  receive(message: GroupMessage, from: string, holding: Holding): GroupMessage[] {
    return this.#change(false, () => {
      const looked = this.#intake.admitted(message, this.membership, this.#replica.ledger.waiting)
      const answers = this.#replica.receive(looked, from, holding)
      // After a backup was put back, own messages come from others.
      this.#changes.history ||= this.#changes.entries.some(({ author }) => author === this.#options.identity.peer)
      return answers
    })
  }

  /** A member tells what is held by whom. Errors: those of the store. */
  hear(all: readonly Seen[], from: string): void {
    const { store, identity } = this.#options
    const before = this.#receipts.reached()
    const news = store.transaction(() =>
      all.filter((seen) => this.#mayBe(seen)).filter((seen) => this.seen.hear(seen, from)),
    )
    if (news.length === 0) return
    this.#tellReceipts(before)
    if (news.some(({ member }) => member !== identity.peer)) this.#options.onNews(false)
  }

  /** Takes a card of a member. Returns whose it is, and which one, if it is new. Errors: as of `Cards.take`. */
  takeCard(signed: Uint8Array): { member: string; sequence: number } | undefined {
    const { emit, onNews } = this.#options
    const member = this.cards.take(signed, (of) => this.#intake.card(of))
    if (member === undefined) return undefined
    emit({ event: 'group-changed', data: this.view() })
    onNews(false)
    return { member, sequence: this.cards.of(member)?.sequence ?? 0 }
  }

  /** A parcel that has it up to there waits for a member. */
  left(chain: string, upTo: number): void {
    const { store, emit } = this.#options
    for (const entry of store.groupMessagesOf(this.id, chain, 0, upTo, groupLimits.receiptsTold)) {
      const message = this.message(entry)
      if (message.leftAt !== undefined) emit({ event: 'message-changed', data: message })
    }
  }

  /** Members may have to be told of a new own card. `renewed`: with another ticket. */
  tellCard(renewed = false): void {
    const { ownCard, onNews, onTicket } = this.#options
    const { ticket } = this.cards
    if (!this.joined || !this.cards.tell(ownCard(), renewed)) return
    onNews(true)
    if (this.cards.ticket !== ticket) onTicket()
  }

  /** The own card, signed: also for who only wants to be in. */
  ownCard(): Uint8Array {
    const { ownCard, onTicket } = this.#options
    if (this.cards.tell(ownCard())) onTicket()
    return this.cards.own ?? new Uint8Array()
  }

  // ---- what is shown

  message(entry: ShownEntry): Message {
    return messageOf(entry, this.id, this.#self, this.#receipts.of(entry))
  }

  /** Errors: those of the store. */
  markRead(upTo?: string): void {
    const { store, emit } = this.#options
    if (store.markGroupRead(this.id, upTo)) emit({ event: 'group-changed', data: this.view() })
  }

  get #self(): string {
    return this.#options.identity.peer
  }

  #others(): string[] {
    return [...(this.membership?.members.keys() ?? [])].filter((member) => member !== this.#self)
  }

  #tellReceipts(before: Reached): void {
    for (const entry of this.#receipts.changed(before))
      this.#options.emit({ event: 'message-changed', data: this.message(entry) })
  }

  /** Only of members, of chains that are known here, and of what was said in the own ones. */
  #mayBe({ member, chain, sequence }: Seen): boolean {
    const held = this.#options.store.groupChain(this.id, chain)
    const own = held?.author === this.#options.identity.peer
    return this.has(member) && held !== undefined && (!own || sequence <= held.last.sequence)
  }

  #needMember(): void {
    if (!this.joined) throw new QuorumError('bad-request', 'You are not in this group')
  }

  /** Where the history begins that a newcomer is given. */
  #historyFrom(history: 'none' | 'last' | 'all'): ChainEnds {
    if (history === 'all') return new Map()
    const last = history === 'none' ? [] : this.#options.store.groupMessages(this.id, groupLimits.historyLast)
    const first = new Map<string, number>()
    for (const { chain, sequence } of last) first.set(chain, Math.min(sequence, first.get(chain) ?? Infinity))
    return this.#replica.endsBefore(({ chain, last: end }) => end.sequence + 1 - (first.get(chain) ?? end.sequence + 1))
  }

  /** Runs `work` in one transaction, and tells what it has changed once that is on disk. `own`: it is said here. */
  #change<T>(own: boolean, work: () => T): T {
    const { store } = this.#options
    const before = this.#receipts.reached()
    this.#changes = noChanges()
    let result: T
    try {
      result = store.transaction(work)
    } catch (error) {
      // In memory there may be what is not on disk.
      this.#intake.recount()
      this.#replica = this.#open()
      throw error
    }
    this.#tell(this.#changes, before, own)
    return result
  }

  #tell({ entries, chains, decided, removed, history }: Changes, before: Reached, own: boolean): void {
    const { store, emit, identity, onMembers, onNews } = this.#options
    const self = identity.peer
    for (const chain of chains) {
      const sequence = store.groupChain(this.id, chain)?.last.sequence ?? 0
      this.seen.hear({ member: self, chain, sequence }, self)
    }
    if (decided) this.#decided(removed)
    if (history) this.#history += 1
    if (decided || history) emit({ event: 'group-changed', data: this.view() })
    for (const { author, chain, sequence } of entries) {
      const [entry] = author === self ? [] : store.groupMessagesOf(this.id, chain, sequence - 1, sequence, 1)
      if (entry !== undefined) emit({ event: 'message-received', data: this.message(entry) })
    }
    if (decided) {
      this.#tellReceipts(before)
      onMembers()
    }
    if (decided || history || chains.size > 0) onNews(own)
  }

  #decided(removed: boolean): void {
    const { store } = this.#options
    const row = this.row
    if (this.joined && row.state !== 'member') {
      const { invitation: _, ...joined } = row
      store.putGroup({ ...joined, state: 'member' })
    }
    this.tellCard(removed)
  }

  #open(): Replica {
    const { store, group, identity, now, onMissing } = this.#options
    const stored = new StoredGroup({
      store,
      group,
      now,
      intake: this.#intake,
      self: identity.peer,
      decision: (signed) => heldDecision(signed, group),
      entry: (signed) => heldEntry(signed, group),
    })
    return new Replica(this.#person, stored, {
      onTaken: (entry, shown) => {
        this.#changes.chains.add(entry.chain)
        if (shown) this.#changes.entries.push(entry)
      },
      onDecision: ({ kind }) => {
        this.#changes.decided = true
        this.#changes.removed ||= kind === 'remove' || kind === 'leave'
      },
      onHistory: () => {
        this.#changes.history = true
      },
      onMissing,
    })
  }
}

function noChanges(): Changes {
  return { entries: [], chains: new Set(), decided: false, removed: false, history: false }
}
