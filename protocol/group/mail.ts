/**
 * What is left for members who are away: a while after something was said or decided here, a parcel for each member who
 * is neither linked nor known to hold it, with all that they lack of this person's, sealed to the weekly key on their
 * card and left at one of their nodes (docs/protocol.md, "Groups", Away). What is in it proves itself, as on a link.
 */
import { toError, QuorumError } from '../base/errors.ts'
import { hex } from '../base/hex.ts'
import { peerInLog, type Log } from '../base/log.ts'
import { pause } from '../base/backoff.ts'
import { keyIdOf, type Hpke } from '../identity/hpke.ts'
import { publicKeyOf, randomBytes, sign, verify, type Identity } from '../identity/identity.ts'
import { hashOf } from '../mailbox/ticket.ts'
import type { GroupParcelRow } from '../store/group-store.ts'
import type { Store } from '../store/store.ts'
import { signedFromWire, signedToWire } from '../wire/codec.ts'
import { groupFrameFromWire, groupFrameToWire, type AboutGroup } from '../wire/group-frame.ts'
import { groupParcelFromWire, groupParcelToWire } from '../wire/group-parcel.ts'
import { parcelIdLength, type LeaveOutcome, type Parcel } from '../wire/mailbox.ts'
import { sealedParcelFromWire, sealedParcelToWire } from '../wire/parcel.ts'
import { messageToFrame } from './frames.ts'
import type { HeldGroup } from './held-group.ts'
import { groupLimits } from './limits.ts'
import { takeFrame } from './take-frame.ts'

/** The mailbox of a member at one node. */
interface MembersMailbox {
  /** Errors: those of the node. */
  leave(to: string, parcelId: Uint8Array, ticket: Uint8Array, sealed: Uint8Array): Promise<LeaveOutcome>
  withdraw(to: string, parcelId: Uint8Array, ticket: Uint8Array): Promise<void>
}

export interface GroupMailOptions {
  identity: Identity
  store: Store
  hpke: Hpke
  log: Log
  /** Milliseconds since the epoch. */
  now(): number
  /** The time that nodes confirm, milliseconds since the epoch; undefined while none does. */
  age(): number | undefined
  groups(): Iterable<HeldGroup>
  /** The private half of the weekly key that `keyId` names. */
  hybridSeed(keyId: Uint8Array): Uint8Array | undefined
  linked(peer: string, group: string): boolean
  /** Runs `task` with the mailbox at one of these nodes of that peer. Never rejects. */
  atNodes(nodes: readonly string[], peer: string, task: (mailbox: MembersMailbox) => Promise<void>): Promise<void>
  /** As `Mailboxes.taken`. */
  taken(parcelIds: Uint8Array[]): Promise<void>
}

/** What a parcel says: anything else asks for an answer, and costs time. */
const inParcels: ReadonlySet<AboutGroup['kind']> = new Set(['decisions', 'entries', 'cards', 'seen'])

export class GroupMail {
  readonly #options: GroupMailOptions
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** The next wait of a group in which something could not be left. */
  readonly #waits = new Map<string, number>()
  readonly #stopped = new AbortController()
  /** One parcel after the other. */
  #writing: Promise<void> = Promise.resolve()
  #check: NodeJS.Timeout | undefined

  constructor(options: GroupMailOptions) {
    this.#options = options
  }

  start(): void {
    this.nudgeAll()
    this.#check = setInterval(() => this.nudgeAll(), groupLimits.mailCheck).unref()
  }

  /** Leaves what waits, and does nothing more. */
  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort()
    clearInterval(this.#check)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await this.leaveNow()
  }

  /** Leaves what waits, for as long as a person waits for a program that ends. */
  async leaveNow(): Promise<void> {
    const over = new AbortController()
    const written = Promise.all([...this.#options.groups()].map((group) => this.#writeAll(group, true)))
    await Promise.race([written, pause(groupLimits.mailAtStop, over.signal)])
    over.abort()
  }

  /** A node can be reached again. */
  nudgeAll(): void {
    this.#waits.clear()
    for (const group of this.#options.groups()) this.nudge(group)
  }

  /** Something may be due in that group. When it is left does not tell when it was said. */
  nudge(group: HeldGroup, soonest = 0): void {
    if (this.#stopped.signal.aborted || this.#timers.has(group.id)) return
    const { after, spread } = groupLimits.mailAway
    const due = (): void => {
      this.#timers.delete(group.id)
      void this.#writeAll(group, false)
    }
    this.#timers.set(group.id, setTimeout(due, Math.max(soonest, after) + Math.random() * spread).unref())
  }

  /** Of the tickets on the own cards. */
  ticketHashes(): Uint8Array[] {
    return [...this.#options.groups()].flatMap(({ cards }) => (cards.ticket === undefined ? [] : hashOf(cards.ticket)))
  }

  /** The group that a parcel is for. */
  groupOf({ ticketHash }: Parcel): HeldGroup | undefined {
    const wanted = hex(ticketHash)
    return [...this.#options.groups()].find(
      ({ cards }) => cards.ticket !== undefined && hex(hashOf(cards.ticket)) === wanted,
    )
  }

  /** A node brought a parcel for that group. Errors: those of the store; the node keeps it then. */
  async receive(group: HeldGroup, parcel: Parcel): Promise<void> {
    const { log, taken } = this.#options
    try {
      await this.#read(group, parcel)
    } catch (error) {
      // Any member can leave anything. Only a disk that refuses means that it may be good.
      if (!(error instanceof QuorumError) || error.code === 'disk-full' || error.code === 'not-writable') throw error
      log('debug', 'a parcel for a group is none', error)
    }
    await taken([parcel.parcelId])
  }

  async #read(group: HeldGroup, { parcelId, sealed: bytes }: Parcel): Promise<void> {
    const { identity, hpke, hybridSeed } = this.#options
    const { keyId, sealed } = sealedParcelFromWire(bytes)
    const seed = hybridSeed(keyId)
    if (seed === undefined) throw new QuorumError('verification-failed', 'The key of a parcel is gone')
    const bound = Buffer.concat([identity.publicKey, parcelId])
    const signed = signedFromWire(await hpke.open(sealed, seed, 'quorum-group-parcel', bound))
    const writer = verify(signed, 'quorum-group-parcel')
    const { to, parcelId: named, frames } = groupParcelFromWire(signed.payload)
    if (!Buffer.from(to).equals(identity.publicKey) || !Buffer.from(named).equals(parcelId))
      throw new QuorumError('verification-failed', 'A parcel was meant for somebody else')
    for (const frame of frames.map(groupFrameFromWire))
      if (frame.kind === 'about' && frame.group === group.id && inParcels.has(frame.about.kind))
        takeFrame(group, frame.about, writer)
  }

  #writeAll(group: HeldGroup, atStop: boolean): Promise<void> {
    const writing = this.#writing.then(() => this.#writeDue(group, atStop))
    this.#writing = writing.catch((error: unknown) => {
      this.#options.log('warn', 'nothing can be left for the members of a group', toError(error))
    })
    return this.#writing
  }

  async #writeDue(group: HeldGroup, atStop: boolean): Promise<void> {
    const { identity, linked, log } = this.#options
    if (group.membership === undefined) return
    await this.#clear(group)
    let again = false
    for (const member of group.membership.members.keys()) {
      if (member === identity.peer || linked(member, group.id)) continue
      const due = this.#due(group, member)
      if (due === 'later') again = true
      if (due === 'later' && !atStop) continue
      if (due === 'nothing') continue
      try {
        again = !(await this.#write(group, member)) || again
      } catch (error) {
        again = true
        log('warn', `nothing can be left for ${peerInLog(member)} of a group`, toError(error))
      }
    }
    if (!again) {
      this.#waits.delete(group.id)
      return
    }
    const wait = this.#waits.get(group.id) ?? groupLimits.mailAway.after
    this.#waits.set(group.id, Math.min(2 * wait, groupLimits.mailRetry))
    this.nudge(group, wait)
  }

  /** Forgets parcels that are done with, and withdraws those for who is no longer in. */
  async #clear(group: HeldGroup): Promise<void> {
    const { store, now, atNodes } = this.#options
    for (const row of store.groupParcels(group.id)) {
      const isIn = group.has(row.member)
      const late = Math.abs(now() - row.leftAt) > groupLimits.parcelAgain
      if (isIn && !late && !group.known.holds(row.member, row)) continue
      store.deleteGroupParcel(group.id, row.id)
      if (isIn) continue
      const nodes = group.cards.of(row.member)?.nodes ?? []
      await atNodes(nodes, row.member, (mailbox) => mailbox.withdraw(row.member, row.id, row.ticket))
    }
  }

  /** Something of this person's is neither held by that member nor on its way. */
  #due(group: HeldGroup, member: string): 'nothing' | 'later' | 'now' {
    const { store, now } = this.#options
    const left = store.groupParcels(group.id).filter((row) => row.member === member)
    const { chain, upTo, decisions } = group.known.said()
    const covered = left.some((row) => row.chain === chain && row.upTo >= upTo && row.decisions >= decisions)
    if (covered || group.known.holds(member, { chain, upTo, decisions })) return 'nothing'
    const last = left.reduce((most, { leftAt }) => Math.max(most, leftAt), 0)
    return Math.abs(now() - last) < groupLimits.parcelsApart ? 'later' : 'now'
  }

  /** Returns whether nothing more is to be left for that member. */
  async #write(group: HeldGroup, member: string): Promise<boolean> {
    const { store, age, now, atNodes } = this.#options
    const card = group.cards.of(member)
    const key = card?.sealingKey
    const time = age()
    // Without a card they have never been linked here; with a clock that nobody confirms no key is in its time.
    if (card?.ticket === undefined || key?.hybridKey === undefined) return true
    if (time === undefined || key.expiresAt <= time) return false
    const { frames, reached, whole } = this.#frames(group, member)
    if (frames.length === 0) return true
    const id = randomBytes(parcelIdLength)
    const sealed = await this.#seal(frames, member, id, key.hybridKey)
    const { ticket } = card
    const before = store.groupParcels(group.id).filter((row) => row.member === member)
    let held = false
    await atNodes(card.nodes, member, async (mailbox) => {
      held = (await mailbox.leave(member, id, ticket, sealed)) === 'held'
      // What they have is in the new one, too.
      if (held) for (const row of before) await mailbox.withdraw(member, row.id, row.ticket)
    })
    if (held) {
      store.transaction(() => {
        for (const row of before) store.deleteGroupParcel(group.id, row.id)
        store.addGroupParcel(group.id, { ...reached, id, member, ticket, leftAt: now() })
      })
      group.left(reached.chain, reached.upTo)
    }
    return held && whole
  }

  /** What a member lacks of what this person has said and decided, and what this person holds. */
  #frames(
    group: HeldGroup,
    member: string,
  ): { frames: Uint8Array[]; reached: Pick<GroupParcelRow, 'chain' | 'upTo' | 'decisions'>; whole: boolean } {
    const { chain, upTo, decisions } = group.known.said()
    const frames: Uint8Array[] = []
    const add = (about: AboutGroup): number => {
      const frame = groupFrameToWire({ kind: 'about', group: group.id, about }, false)
      frames.push(frame)
      return frame.byteLength
    }
    let bytes = 0
    let reached = 0
    let whole = true
    for (const message of group.known.lacking(member)) {
      if (bytes > groupLimits.parcel || frames.length >= groupLimits.parcelFrames) {
        whole = false
        break
      }
      bytes += add(messageToFrame(message, () => []))
      if (message.kind === 'entries') reached = message.entries.at(-1)?.sequence ?? reached
    }
    const said = { chain, upTo: whole ? upTo : reached, decisions }
    if (frames.length === 0) return { frames, reached: said, whole }
    const { own } = group.cards
    if (own !== undefined) add({ kind: 'cards', signed: [own] })
    add(group.known.told())
    return { frames, reached: said, whole }
  }

  async #seal(frames: Uint8Array[], member: string, parcelId: Uint8Array, key: Uint8Array): Promise<Uint8Array> {
    const { identity, hpke } = this.#options
    const to = publicKeyOf(member)
    const content = groupParcelToWire({ to, parcelId, frames })
    const signed = signedToWire(sign(identity, 'quorum-group-parcel', content))
    const box = await hpke.seal(signed, key, 'quorum-group-parcel', Buffer.concat([to, parcelId]))
    return sealedParcelToWire({ keyId: keyIdOf(key), sealed: box })
  }
}
