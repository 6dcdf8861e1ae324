/**
 * Who holds which entries of one group: what members have told of themselves and of each other, merged by the largest.
 * From it comes what people see of their own messages. Forged, it makes a message look delivered; it decides nothing.
 */
import type { Store } from '../store/store.ts'

/** Up to where a member holds a chain. The empty chain is the ledger (known.ts), of which nothing is passed on. */
export interface Seen {
  member: string
  chain: string
  sequence: number
}

/** Which changes somebody was told, of what this peer holds and of what others do: all before these ticks. */
export interface Told {
  peer: string
  own: number
  others: number
}

interface Cell {
  sequence: number
  tick: number
  /** By whom it was told. */
  from: string
}

export interface SeenByOptions {
  store: Store
  group: string
  /** The own PeerId. */
  self: string
  /** A chain of this peer. */
  isOwn(chain: string): boolean
}

export class SeenBy {
  readonly #options: SeenByOptions
  /** By member, then by chain. */
  readonly #cells = new Map<string, Map<string, Cell>>()
  #tick = 1

  constructor(options: SeenByOptions) {
    this.#options = options
    const { store, group, self } = options
    for (const { member, chain, sequence } of store.groupSeen(group)) this.#set({ member, chain, sequence }, member)
    for (const { chain, last } of store.groupChains(group))
      this.#set({ member: self, chain, sequence: last.sequence }, self)
  }

  /** `from` tells it. Returns whether it is news. Of own chains it is stored. Errors: those of the store. */
  hear(seen: Seen, from: string): boolean {
    const { store, group, isOwn, self } = this.#options
    if (seen.member === self && from !== self) return false
    if (!this.#set(seen, from)) return false
    if (seen.member !== self && isOwn(seen.chain)) store.putGroupSeen(group, seen)
    return true
  }

  /** What has changed since somebody was told the last time, but for what they told themselves. */
  news(told: Told, whose: 'own' | 'others'): Seen[] {
    const news = [...this.#cells].flatMap(([member, chains]) =>
      member === told.peer || (member === this.#options.self) !== (whose === 'own')
        ? []
        : [...chains].flatMap(([chain, { sequence, tick, from }]) =>
            chain !== '' && tick > told[whose] && from !== told.peer ? { member, chain, sequence } : [],
          ),
    )
    told[whose] = this.#tick
    return news
  }

  /** Up to where a member holds a chain: 0 where nothing is known. */
  at(member: string, chain: string): number {
    return this.#cells.get(member)?.get(chain)?.sequence ?? 0
  }

  /** All that a member holds. */
  of(member: string): Seen[] {
    const chains = [...(this.#cells.get(member) ?? [])]
    return chains.flatMap(([chain, { sequence }]) => (chain === '' ? [] : { member, chain, sequence }))
  }

  /** How many of `members` hold that entry. */
  count(members: Iterable<string>, chain: string, sequence: number): number {
    let count = 0
    for (const member of members) if (this.at(member, chain) >= sequence) count += 1
    return count
  }

  /** Up to where any of `members`, and all of them, hold that chain. */
  range(members: readonly string[], chain: string): { any: number; all: number } {
    const sequences = members.map((member) => this.at(member, chain))
    return { any: Math.max(0, ...sequences), all: sequences.length === 0 ? 0 : Math.min(...sequences) }
  }

  #set({ member, chain, sequence }: Seen, from: string): boolean {
    const chains = this.#cells.get(member) ?? new Map<string, Cell>()
    this.#cells.set(member, chains)
    if ((chains.get(chain)?.sequence ?? 0) >= sequence) return false
    this.#tick += 1
    chains.set(chain, { sequence, tick: this.#tick, from })
    return true
  }
}
