/** How the members of one group are called and found: each signs a card, and the newest one of each counts. */
import { QuorumError } from '../base/errors.ts'
import { bytesOfHex, hex } from '../base/hex.ts'
import { publicKeyOf, randomBytes, sign, verify, type Identity } from '../identity/identity.ts'
import type { Store } from '../store/store.ts'
import { signedFromWire, signedToWire } from '../wire/codec.ts'
import { cardFromWire, cardToWire, type CardContent } from '../wire/group-card.ts'
import { ticketLength } from '../wire/mailbox.ts'
import { groupLimits } from './limits.ts'

/** What a card says, by those who know the group and its member. */
export type Card = Omit<CardContent, 'group' | 'member'>

/** What is put on the own card, beside the ticket of the group. */
export type OwnCard = Omit<Card, 'sequence' | 'ticket'>

export interface CardsOptions {
  identity: Identity
  store: Store
  /** Id of the group. */
  group: string
  /** Milliseconds since the epoch. */
  now(): number
  isMember(peer: string): boolean
}

export class Cards {
  readonly #options: CardsOptions
  readonly #held = new Map<string, { card: Card; signed: Uint8Array }>()

  constructor(options: CardsOptions) {
    this.#options = options
    for (const { member, signed } of options.store.groupCards(options.group))
      this.#held.set(member, { card: cardFromWire(signedFromWire(signed).payload), signed })
  }

  of(member: string): Card | undefined {
    return this.#held.get(member)?.card
  }

  /** Whose card is held, and which one. */
  get sequences(): ReadonlyMap<string, number> {
    return new Map([...this.#held].map(([member, { card }]) => [member, card.sequence]))
  }

  /** Signed cards that are newer than those that somebody holds. */
  newerThan(theirs: ReadonlyMap<string, number>): { member: string; sequence: number; signed: Uint8Array }[] {
    return [...this.#held].flatMap(([member, { card, signed }]) => {
      const { sequence } = card
      return sequence > (theirs.get(member) ?? 0) ? { member, sequence, signed } : []
    })
  }

  /** With which members may leave something for this peer. */
  get ticket(): Uint8Array | undefined {
    return this.of(this.#options.identity.peer)?.ticket
  }

  /** The own card, signed. */
  get own(): Uint8Array | undefined {
    return this.#held.get(this.#options.identity.peer)?.signed
  }

  /** Returns whether the own card has changed. `renewed`: with another ticket, which those who left do not know. */
  tell(own: OwnCard, renewed = false): boolean {
    const { identity, store, group, now } = this.#options
    const before = this.of(identity.peer)
    const ticket = (renewed ? undefined : before?.ticket) ?? randomBytes(ticketLength)
    const card = (sequence: number): CardContent => ({
      ...own,
      ticket,
      group: bytesOfHex(group),
      member: publicKeyOf(identity.peer),
      sequence,
    })
    if (before !== undefined && Buffer.from(cardToWire(card(before.sequence))).equals(this.#payload(identity.peer)))
      return false
    // The clock, so that the card of a restored profile is newer than those that it gave out before.
    const sequence = Math.max(now(), (before?.sequence ?? 0) + 1)
    const signed = signedToWire(sign(identity, 'quorum-card', cardToWire(card(sequence))))
    store.putGroupCard(group, { member: identity.peer, sequence, signed })
    this.#held.set(identity.peer, { card: { ...own, ticket, sequence }, signed })
    return true
  }

  /**
   * Takes a card of a member, from whoever holds it; `may`: another one of that member may be taken now. Returns whose
   * it is, if it is new. Errors: `verification-failed`, `bad-request`, `too-large`, those of the store.
   */
  take(signed: Uint8Array, may: (member: string) => boolean): string | undefined {
    const { store, group, isMember } = this.#options
    if (signed.byteLength > groupLimits.card) throw new QuorumError('too-large', 'A card is too large')
    const read = signedFromWire(signed)
    const member = verify(read, 'quorum-card')
    const { group: of, member: whose, ...card } = cardFromWire(read.payload)
    if (hex(of) !== group || !Buffer.from(whose).equals(publicKeyOf(member)))
      throw new QuorumError('verification-failed', 'A card belongs to another member or group')
    if (!isMember(member) || card.sequence <= (this.of(member)?.sequence ?? 0) || !may(member)) return undefined
    store.putGroupCard(group, { member, sequence: card.sequence, signed })
    this.#held.set(member, { card, signed })
    return member
  }

  #payload(member: string): Uint8Array {
    const signed = this.#held.get(member)?.signed
    return signed === undefined ? new Uint8Array() : signedFromWire(signed).payload
  }
}
