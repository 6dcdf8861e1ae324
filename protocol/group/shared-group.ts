/** A group on one link: what the other member is known to hold of it, and what they are to be told. */
import { TokenBucket } from '../base/rate-limit.ts'
import { peerFromPublicKey, publicKeyOf } from '../identity/identity.ts'
import type { AboutGroup, GroupStateContent } from '../wire/group-frame.ts'
import { Holding } from './exchange.ts'
import { messageToFrame } from './frames.ts'
import type { HeldGroup } from './held-group.ts'
import { groupLimits } from './limits.ts'
import type { GroupMessage } from './messages.ts'
import type { Told } from './seen.ts'

export class SharedGroup {
  readonly holding = new Holding()
  readonly #group: HeldGroup
  readonly #peer: string
  readonly #send: (about: AboutGroup) => void
  readonly #wake: () => void
  /** The newest card of each member that the other holds. */
  readonly #cards = new Map<string, number>()
  readonly #told: Told
  readonly #timers = new Map<'own' | 'others' | 'state' | 'pass-on', NodeJS.Timeout>()
  readonly #check: NodeJS.Timeout
  /** One pass over what the other lacks, and whether it has found anything. */
  #pass: { pieces: Generator<GroupMessage, void, undefined>; found: boolean } | undefined
  /** There may be more that the other lacks. */
  #due = false
  #cardsDue = false
  #stateAt = -Infinity
  readonly #asked = new TokenBucket(groupLimits.statesAsked, () => performance.now())
  #ended = false
  #digestTold = ''

  /** `wake`: there may be a `next` frame. */
  constructor(group: HeldGroup, peer: string, send: (about: AboutGroup) => void, wake: () => void) {
    this.#group = group
    this.#peer = peer
    this.#send = send
    this.#wake = wake
    this.#told = { peer, own: 0, others: 0 }
    this.#check = setInterval(() => this.tellState(), groupLimits.stateCheck).unref()
  }

  end(): void {
    this.#ended = true
    clearInterval(this.#check)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  /**
   * Something is new here. What others have said is passed on a moment later: until then, the other may have got it
   * from somebody else, and says so.
   */
  news(own: boolean): void {
    const { least, most } = groupLimits.passedOn
    if (own) this.#look()
    else this.#later('pass-on', least + Math.random() * (most - least), () => this.#look())
    this.#later('own', groupLimits.seenTold, () => this.#tellSeen('own'))
    this.#later('others', groupLimits.seenPassedOn, () => this.#tellSeen('others'))
  }

  /** The other has told what it holds, or takes what is lacking there. */
  #look(): void {
    this.#due = true
    this.#cardsDue = true
    // From the beginning: what is said now may name decisions that a pass has not looked at.
    this.#pass = undefined
    this.#wake()
  }

  /** The other holds that of a chain. */
  heardSeen(chain: string, sequence: number): void {
    const end = this.#group.known.endAt(chain, sequence)
    if (end !== undefined) this.holding.reach(chain, end)
  }

  /** `ids`: with the short hashes of all decisions. */
  tellState(ids = false): void {
    this.#stateAt = performance.now()
    this.#send(messageToFrame(this.#group.exchange.state({ ids }), () => this.cardsHeld()))
  }

  /** Not too often. */
  tellStateSoon(): void {
    const wait = Math.max(0, this.#stateAt + groupLimits.stateAgain - performance.now())
    this.#later('state', wait, () => this.tellState())
  }

  heardState({ cards, chains, answer, decisions, digest }: GroupStateContent): void {
    // The ledger has grown since they answered: what they hold of it is not known.
    if (answer && !this.holding.told && this.#asked.take()) this.tellState(true)
    for (const { member, sequence } of cards) this.#cards.set(peerFromPublicKey(member), sequence)
    const seen = chains.map(({ chain, sequence }) => ({ member: this.#peer, chain, sequence }))
    this.#group.hear(seen, this.#peer)
    this.#group.known.hearLedger(this.#peer, decisions, digest)
    this.#look()
  }

  takeCards(cards: readonly Uint8Array[]): void {
    for (const signed of cards) {
      const taken = this.#group.takeCard(signed)
      if (taken !== undefined) this.#cards.set(taken.member, taken.sequence)
    }
  }

  cardsHeld(): GroupStateContent['cards'] {
    return [...this.#group.cards.sequences].map(([member, sequence]) => ({ member: publicKeyOf(member), sequence }))
  }

  /** The next frame of what the other lacks. */
  next(): AboutGroup | undefined {
    while (this.#due && this.holding.told) {
      const pass = (this.#pass ??= { pieces: this.#group.exchange.lacking(this.#peer, this.holding), found: false })
      const { value: message } = pass.pieces.next()
      if (message !== undefined) {
        pass.found = true
        this.holding.note(message)
        return messageToFrame(message, () => [])
      }
      this.#pass = undefined
      this.#due = pass.found
    }
    return this.#nextCards()
  }

  #nextCards(): AboutGroup | undefined {
    if (!this.#cardsDue || !this.holding.told) return undefined
    const all = this.#group.cards.newerThan(this.#cards)
    let bytes = 0
    const cards = all.filter(({ signed }, at) => (bytes += signed.byteLength) <= groupLimits.batch.bytes || at === 0)
    this.#cardsDue = cards.length < all.length
    for (const { member, sequence } of cards) this.#cards.set(member, sequence)
    return cards.length === 0 ? undefined : { kind: 'cards', signed: cards.map(({ signed }) => signed) }
  }

  #tellSeen(whose: 'own' | 'others'): void {
    const news = this.#group.seen.news(this.#told, whose)
    // One frame at least, for the ledger.
    for (let at = 0; at === 0 || at < news.length; at += groupLimits.seenTogether) {
      const about = this.#group.known.told(news.slice(at, at + groupLimits.seenTogether))
      const ledger = whose === 'own' && about.digest !== this.#digestTold
      if (about.by.length === 0 && !ledger) return
      this.#digestTold = about.digest
      this.#send(about)
    }
  }

  #later(what: 'own' | 'others' | 'state' | 'pass-on', ms: number, work: () => void): void {
    if (this.#ended || this.#timers.has(what)) return
    const timer = setTimeout(() => {
      this.#timers.delete(what)
      work()
    }, ms).unref()
    this.#timers.set(what, timer)
  }
}
