/**
 * Parcels of all friends: decides when something is left for whom, brings what arrives to its conversation, and tells
 * the nodes what is done with. How a parcel is made is parcel-writer.ts, how one is read parcel-reader.ts
 * (docs/protocol.md, "Parcels").
 */
import { errorToData, toError } from '../base/errors.ts'
import { hex } from '../base/hex.ts'
import { peerInLog, type Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'
import { hashOf } from '../mailbox/ticket.ts'
import type { Parcel } from '../wire/mailbox.ts'
import { chatLimits } from './limits.ts'
import type { ParcelOutcome } from './parcel-reader.ts'
import type { MailDue } from './parcel-writer.ts'
import { pause } from '../base/backoff.ts'

/** What the schedule needs of a conversation. */
export interface MailConversation {
  readonly online: boolean
  readonly mailDue: MailDue
  /** Destroys keys that are past their time. */
  destroyExpired(): void
  writeParcels(): Promise<void>
  readParcel(parcel: Parcel): Promise<ParcelOutcome>
  reportHole(ids: readonly Uint8Array[]): void
  /** Tells a friend who is online what it is owed. */
  tellWord(): void
}

export interface MailOptions {
  store: Store
  /** As in `OneTimeKeysOptions`. */
  age(): number | undefined
  log: Log
  isFriend(peer: string): boolean
  conversation(peer: string): MailConversation
  /** As `Mailboxes.taken`. */
  taken(parcelIds: Uint8Array[]): Promise<void>
}

interface Plan {
  timer: NodeJS.Timeout
  /** When it is due, by `performance.now()`. */
  at: number
  /** What they had on disk when it was made. */
  delivered: number
}

/** Parcels of one friend that wait here for what comes before them. */
interface Waiting {
  parcels: Map<string, Parcel>
  bytes: number
  /** Ids of those that the friend is to be told of. */
  holes: Set<string>
  report: NodeJS.Timeout | undefined
}

export class Mail {
  readonly #options: MailOptions
  readonly #plans = new Map<string, Plan>()
  /** The next wait for a friend who is away: it grows from parcel to parcel. */
  readonly #waits = new Map<string, number>()
  readonly #waiting = new Map<string, Waiting>()
  /** What arrives of one friend is read one after the other, whichever node it comes from. */
  readonly #reading = new Map<string, Promise<void>>()
  /** The friend to whom each ticket was given, by its hash in hexadecimal digits. */
  #givers = new Map<string, string>()
  #taken: Uint8Array[] = []
  #check: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: MailOptions) {
    this.#options = options
  }

  start(): void {
    this.#nudgeAll()
    this.#check = setInterval(() => this.#nudgeAll(), chatLimits.mailCheck).unref()
  }

  /** Nothing more is done. */
  end(): void {
    this.#stopped = true
    clearInterval(this.#check)
    for (const { timer } of this.#plans.values()) clearTimeout(timer)
    for (const { report } of this.#waiting.values()) clearTimeout(report)
  }

  /** Leaves what waits, and does nothing more. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.end()
    await this.leaveNow()
  }

  /** Leaves what waits, for as long as a person waits for a program that ends, or for a machine that goes to sleep. */
  async leaveNow(): Promise<void> {
    const due = this.#peersDue()
    const over = new AbortController()
    const written = Promise.all(due.map((peer) => this.#write(peer)))
    await Promise.race([written, pause(chatLimits.mailAtStop, over.signal)])
    over.abort()
  }

  /** The hashes of the tickets of all friends: told to nodes, and so the tickets under which parcels can come. */
  ticketHashes(): Uint8Array[] {
    const { store, isFriend } = this.#options
    const hashes = store.ticketsGiven().map(({ peer, ticket }) => ({ peer, hash: hashOf(ticket) }))
    const given = hashes.filter(({ peer }) => isFriend(peer))
    this.#givers = new Map(given.map(({ peer, hash }) => [hex(hash), peer]))
    return given.map(({ hash }) => hash)
  }

  /** A node of one's own, or of friends perhaps, can be reached again. */
  nodeReady(): void {
    this.#waits.clear()
    this.#nudgeAll()
  }

  /** The friend came, or went. */
  presence(peer: string): void {
    this.#waits.delete(peer)
    this.#unplan(peer)
    this.nudge(peer)
  }

  /** Something may be due for that friend: it is looked at when its time has come. */
  nudge(peer: string, soonest = 0): void {
    if (this.#stopped || !this.#options.isFriend(peer)) return
    const { online, mailDue } = this.#options.conversation(peer)
    if (mailDue === 'nothing') {
      this.#unplan(peer)
      return
    }
    const wait = Math.max(soonest, this.#wait(peer, online, mailDue === 'word'))
    const plan = this.#plans.get(peer)
    const at = performance.now() + wait
    if (plan !== undefined && plan.at <= at) return
    this.#unplan(peer)
    const due = (): void => {
      this.#due(peer).catch((error: unknown) => this.#options.log('warn', 'a word waits', toError(error)))
    }
    const timer = setTimeout(due, wait).unref()
    this.#plans.set(peer, { timer, at, delivered: this.#delivered(peer) })
  }

  /** A node brought a parcel. Resolves when it is on disk, or kept back. */
  async receive(parcel: Parcel): Promise<void> {
    const peer = this.#givers.get(hex(parcel.ticketHash))
    if (peer === undefined || !this.#options.isFriend(peer)) return this.#done(parcel.parcelId)
    const reading = (this.#reading.get(peer) ?? Promise.resolve()).then(() => this.#read(peer, parcel))
    const ended = reading.catch(() => undefined)
    this.#reading.set(peer, ended)
    void ended.then(() => this.#reading.get(peer) === ended && this.#reading.delete(peer))
    await reading
  }

  /** That friendship is over. */
  forget(peer: string): void {
    this.#unplan(peer)
    this.#waits.delete(peer)
    clearTimeout(this.#waiting.get(peer)?.report)
    this.#waiting.delete(peer)
  }

  /** Milliseconds to wait before something is left for that friend. */
  #wait(peer: string, online: boolean, word: boolean): number {
    // A friend who is there gets it on the stream; without a receipt it may be gone without a word.
    if (online) return word ? 0 : chatLimits.mailUnanswered
    const { first, longest } = chatLimits.mailAway
    if (!word) return Math.min(longest, this.#waits.get(peer) ?? first)
    const { least, most } = chatLimits.mailAnswer
    return least + Math.random() * (most - least)
  }

  async #due(peer: string): Promise<void> {
    const plan = this.#plans.get(peer)
    this.#plans.delete(peer)
    const { online, mailDue } = this.#options.conversation(peer)
    if (this.#stopped || mailDue === 'nothing' || !this.#options.isFriend(peer)) return
    if (online && mailDue === 'word') {
      this.#options.conversation(peer).tellWord()
      return
    }
    // Receipts come: what is on its way now has not waited for long.
    if (online && plan !== undefined && this.#delivered(peer) > plan.delivered) return this.nudge(peer)
    const wait = this.#waits.get(peer) ?? chatLimits.mailAway.first
    await this.#write(peer)
    // The keys of what was withdrawn are needed no more.
    if (online) this.#options.conversation(peer).tellWord()
    this.#waits.set(peer, 2 * wait)
    // What could not be left is tried again, ever more seldom.
    this.nudge(peer, Math.min(2 * wait, chatLimits.mailRetry))
  }

  async #write(peer: string): Promise<void> {
    try {
      await this.#options.conversation(peer).writeParcels()
    } catch (error) {
      this.#options.log('warn', `nothing can be left for ${peerInLog(peer)}`, toError(error))
    }
  }

  async #read(peer: string, parcel: Parcel): Promise<void> {
    const outcome = await this.#outcome(peer, parcel)
    if (outcome === 'hole' || outcome === 'later') this.#keepBack(peer, parcel, outcome)
    else this.#done(parcel.parcelId)
    if (outcome === 'stored') await this.#readWaiting(peer)
    this.nudge(peer)
  }

  async #outcome(peer: string, parcel: Parcel): Promise<ParcelOutcome> {
    try {
      return await this.#options.conversation(peer).readParcel(parcel)
    } catch (error) {
      // The disk refuses, or the friend claims too much: it stays at the node.
      this.#options.log('warn', `a parcel waits (${errorToData(error).code})`, toError(error))
      return 'later'
    }
  }

  /** After each parcel that is stored, those that waited for it may follow. */
  async #readWaiting(peer: string): Promise<void> {
    const waiting = this.#waiting.get(peer)
    for (let stored = waiting !== undefined; stored && waiting !== undefined;) {
      stored = false
      for (const [id, parcel] of waiting.parcels) {
        const outcome = await this.#outcome(peer, parcel)
        if (outcome === 'hole' || outcome === 'later') continue
        waiting.parcels.delete(id)
        waiting.bytes -= parcel.sealed.byteLength
        this.#done(parcel.parcelId)
        stored ||= outcome === 'stored'
      }
    }
  }

  #keepBack(peer: string, parcel: Parcel, outcome: 'hole' | 'later'): void {
    const waiting = this.#waiting.get(peer) ?? {
      parcels: new Map(),
      bytes: 0,
      holes: new Set<string>(),
      report: undefined,
    }
    this.#waiting.set(peer, waiting)
    const id = hex(parcel.parcelId)
    const { byteLength } = parcel.sealed
    // What finds no room comes again with the next session.
    if (!waiting.parcels.has(id) && waiting.bytes + byteLength <= chatLimits.parcelsWaiting) {
      waiting.parcels.set(id, parcel)
      waiting.bytes += byteLength
    }
    if (outcome === 'later') return
    waiting.holes.add(id)
    clearTimeout(waiting.report)
    // Of many parcels that arrive out of order, the last one may fill the hole.
    waiting.report = setTimeout(() => this.#reportHole(peer, waiting), chatLimits.holeReport).unref()
  }

  #reportHole(peer: string, { parcels, holes }: Waiting): void {
    const ids = [...parcels].flatMap(([id, { parcelId }]) => (holes.has(id) ? [parcelId] : []))
    holes.clear()
    if (ids.length === 0 || this.#stopped) return
    try {
      this.#options.conversation(peer).reportHole(ids)
      this.nudge(peer)
    } catch (error) {
      this.#options.log('warn', 'that messages are missing could not be stored', toError(error))
    }
  }

  /** Told to the nodes together with what else is done in this turn. */
  #done(parcelId: Uint8Array): void {
    this.#taken.push(parcelId)
    if (this.#taken.length > 1) return
    setTimeout(() => {
      const ids = this.#taken
      this.#taken = []
      void this.#options.taken(ids)
    }, chatLimits.takenTogether)
  }

  #delivered(peer: string): number {
    return this.#options.store.conversation(peer).delivered
  }

  #unplan(peer: string): void {
    clearTimeout(this.#plans.get(peer)?.timer)
    this.#plans.delete(peer)
  }

  /** None where the store does not answer, or was closed before: a program must be able to end. */
  #peersDue(): string[] {
    const { store, isFriend, conversation, log } = this.#options
    try {
      return store.peersWithMail().filter((peer) => isFriend(peer) && conversation(peer).mailDue !== 'nothing')
    } catch (error) {
      log('warn', 'what is to be left for friends cannot be read', toError(error))
      return []
    }
  }

  /** Of those who are many, it looks only at who may need something. */
  #nudgeAll(): void {
    const { store, age, log, conversation } = this.#options
    try {
      const now = age()
      const expired = now === undefined ? [] : store.peersWithKeysBefore(now - chatLimits.keyKept)
      for (const peer of expired) conversation(peer).destroyExpired()
      for (const peer of store.peersWithMail()) this.nudge(peer)
    } catch (error) {
      log('warn', 'what is to be left for friends cannot be read', toError(error))
    }
  }
}
