/**
 * How much of what others say in one group is taken. Nothing of it is lost: what is not taken now is offered again with
 * the next state of whoever holds it.
 */
import { isDiskFull } from '../base/disk-floor.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import type { Store } from '../store/store.ts'
import type { Decision } from './decision.ts'
import { groupLimits } from './limits.ts'
import { seniority, type Membership } from './membership.ts'
import type { GroupMessage } from './messages.ts'

export interface GroupIntakeOptions {
  store: Store
  group: string
  /** The own PeerId. */
  self: string
}

export class GroupIntake {
  readonly #options: GroupIntakeOptions
  readonly #decisions = new KeyedBuckets(groupLimits.decisionsOfOthers, () => performance.now())
  readonly #cards = new KeyedBuckets(groupLimits.cards, () => performance.now())
  /** By author; counted when it is first asked for. */
  #bytes: Map<string, number> | undefined

  constructor(options: GroupIntakeOptions) {
    this.#options = options
  }

  /** There is room for so many bytes more of that author, and on the disk. */
  hasRoom(author: string, bytes: number): boolean {
    const { store, self } = this.#options
    if (author === self) return true
    return !isDiskFull(store.space()) && (this.#held.get(author) ?? 0) + bytes <= groupLimits.talkOfOne
  }

  /** So many bytes of that author were stored. */
  stored(author: string, bytes: number): void {
    this.#held.set(author, (this.#held.get(author) ?? 0) + bytes)
  }

  /** A transaction was undone: what is stored is counted again. */
  recount(): void {
    this.#bytes = undefined
  }

  /** What of a message is looked at. */
  admitted(message: GroupMessage, membership: Membership | undefined, waiting: Iterable<Decision>): GroupMessage {
    if (message.kind !== 'decisions' && message.kind !== 'out') return message
    return { ...message, decisions: this.#admittedOf(message.decisions, membership, waiting) }
  }

  /**
   * The founder and the admins may decide much at once; of others, what those build on is needed, and of the rest a few
   * in an hour are taken: all that a plain member has to decide is to leave.
   */
  #admittedOf(all: readonly Decision[], membership: Membership | undefined, waiting: Iterable<Decision>): Decision[] {
    if (membership === undefined) return [...all]
    const decides = new Map<string, boolean>()
    const mayDecide = (author: string): boolean => {
      const may = decides.get(author) ?? seniority(membership, author) < Infinity
      decides.set(author, may)
      return may
    }
    const needed = new Set<string>()
    for (const one of [...waiting, ...all].toReversed())
      if (mayDecide(one.author) || needed.has(one.hash)) for (const head of one.heads) needed.add(head)
    return all.filter(({ author, hash }) => mayDecide(author) || needed.has(hash) || this.#decisions.take(author))
  }

  card(member: string): boolean {
    return this.#cards.take(member)
  }

  get #held(): Map<string, number> {
    this.#bytes ??= this.#options.store.groupBytes(this.#options.group)
    return this.#bytes
  }
}
