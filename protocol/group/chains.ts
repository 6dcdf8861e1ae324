/**
 * The talk of a group: which entries are taken, and which of them count (docs/protocol.md, "Groups", Talk). A chain is
 * held in one piece from its base on; what is missing below is a hole until it can be filled in one piece, too.
 */
import type { Chain, ChainEnd, Hole } from '../store/group-store.ts'
import type { ChainEnds } from './decision.ts'
import type { Entry } from './entry.ts'
import type { Ledger } from './ledger.ts'
import { groupLimits } from './limits.ts'
import type { Membership } from './membership.ts'

/** Where entries of one group are kept. Every method that changes something runs within the caller's transaction. */
export interface TalkStore {
  chains(): Chain[]
  chain(chain: string): Chain | undefined
  /** Where `counted` changes, entries are shown that were not, or no longer. */
  putChain(chain: Chain): void
  /** With its entries. */
  dropChain(chain: string): void
  /** An entry that is in the piece, or fills a hole. */
  entry(chain: string, sequence: number): Entry | undefined
  /** Those above `above` and up to `upTo` that are held, in order: all, or as many as are handed on at once. */
  entries(chain: string, above: number, upTo: number, batch?: Batch): Entry[]
  /** Their sequences and hashes. */
  hashes(chain: string, above: number, upTo: number): ChainEnd[]
  /** Its chain is put already. Returns whether it is shown: of those with one author and id, the first one is. */
  putEntry(entry: Entry): boolean
  /** The entries from `sequence` on, and `twins`, are the proof of a fork: they count no more. */
  setAside(chain: string, sequence: number, twins: readonly Entry[]): void
  /** There is room for that entry. */
  hasRoom(entry: Entry): boolean
  /** What `setAside` has put aside of that chain. */
  aside(chain: string): Entry[]
  /** The largest lamport of at most `cap` among entries up to `upTo`; 0 without one. */
  lamport(chain: string, upTo: number, cap: number): number
}

/** At most so many entries, and after the first one only so many bytes in all. */
export interface Batch {
  entries: number
  bytes: number
}

/**
 * What became of an entry. `later`: something that must come first is missing, or it does not count now. `differs`: it
 * follows another entry than the one held.
 */
export type Taken = 'taken' | 'known' | 'later' | 'differs' | 'fork'

export interface ChainsOptions {
  store: TalkStore
  ledger: Ledger
  /** Of that ledger, as it is now. */
  membership(): Membership
  /** It was taken. Called within the transaction. */
  onTaken(entry: Entry, shown: boolean): void
}

export class Chains {
  readonly #options: ChainsOptions

  constructor(options: ChainsOptions) {
    this.#options = options
  }

  /** Takes an entry that is genuine. Within the caller's transaction. */
  take(entry: Entry): Taken {
    const { store } = this.#options
    if (!this.mayCount(entry)) return 'later'
    const chain = this.#chainFor(entry)
    if (chain === undefined) return 'later'
    const { base, last, forkAt = Infinity } = chain
    if (entry.sequence <= base.sequence || entry.sequence >= forkAt) return 'known'
    if (entry.sequence <= last.sequence) {
      const held = store.entry(chain.chain, entry.sequence)
      if (held === undefined || held.hash === entry.hash) return 'known'
      this.#fork(chain, held, entry)
      return 'fork'
    }
    const follows = entry.sequence === last.sequence + 1 && entry.sequence <= this.limit(chain)
    if (!follows || this.#isFarAhead(entry.lamport)) return 'later'
    if (entry.previous !== last.hash) return 'differs'
    if (!store.hasRoom(entry)) return 'later'
    this.#put({ ...chain, last: { sequence: entry.sequence, hash: entry.hash } })
    this.#add(entry)
    return 'taken'
  }

  /**
   * Takes the first entry of a piece that begins above what is held, from somebody who has nothing between: a hole
   * remains. Within the caller's transaction.
   */
  takeAbove(base: ChainEnd, entry: Entry): Taken {
    const chain = this.mayCount(entry) ? this.#chainFor(entry) : undefined
    if (chain === undefined) return 'later'
    const { last, forkAt = Infinity } = chain
    const leaves = last.sequence < base.sequence && base.sequence <= this.limit(chain) && entry.sequence < forkAt
    const begins = entry.sequence === base.sequence + 1 && entry.previous === base.hash
    if (leaves && begins && chain.holes.length < groupLimits.holes) {
      const holes = [...chain.holes, { above: last.sequence, end: base, base: chain.base }]
      this.#put({ ...chain, base, last: base, holes })
    }
    return this.take(entry)
  }

  /** Two entries that `fork`, from somebody who holds both. Within the caller's transaction. */
  takeProof(a: Entry, b: Entry): void {
    const chain = fork(a, b) && this.#isAdmitted(a) ? this.#chainFor(a) : undefined
    const { store } = this.#options
    if (chain === undefined || a.sequence >= (chain.forkAt ?? Infinity) || !store.hasRoom(a)) return
    this.#fork(chain, a, b)
  }

  /**
   * Fills a hole, or its end: `entries` follow each other, and the last one is that which is known to be there. Within
   * the caller's transaction.
   */
  fill(id: string, hole: Pick<Hole, 'above' | 'end'>, entries: readonly Entry[]): boolean {
    const { store } = this.#options
    const chain = store.chain(id)
    const found = chain?.holes.find(({ above, end }) => above === hole.above && end.sequence === hole.end.sequence)
    const [first] = entries
    if (chain === undefined || found === undefined || first === undefined || chain.forkAt !== undefined) return false
    const { above, end, base } = found
    const highest = this.count() + groupLimits.lamportTaken
    const fits = entries.every((entry, at) => {
      const next = entries[at + 1]?.previous ?? end.hash
      const inPlace = entry.chain === id && entry.sequence === end.sequence - entries.length + at + 1
      return inPlace && entry.hash === next && entry.lamport <= highest && this.mayCount(entry)
    })
    if (!fits || first.sequence <= above || !entries.every((entry) => store.hasRoom(entry))) return false
    for (const entry of entries) this.#add(entry)
    // The piece above begins at what was filled last, or where the piece below does.
    const below = { sequence: first.sequence - 1, hash: first.previous }
    const isWhole = below.sequence === above
    const begin = isWhole ? base : below
    const moved = (one: ChainEnd): ChainEnd => (one.sequence === end.sequence ? begin : one)
    const holes = chain.holes.flatMap((one) => {
      if (one === found) return isWhole ? [] : { above, end: below, base }
      return { ...one, base: moved(one.base) }
    })
    this.#put({ ...chain, base: moved(chain.base), holes })
    return true
  }

  /** An addition says that history begins there. What is held from before stays. Within the caller's transaction. */
  begin(ends: ChainEnds): void {
    const { store } = this.#options
    for (const [chain, end] of ends) {
      const held = store.chain(chain) ?? newChain(chain)
      if (held.last.sequence < end.sequence) this.#put({ ...held, base: end, last: end })
    }
  }

  /** The membership has changed: so may have what counts. Returns whether it has. Within the caller's transaction. */
  recount(): boolean {
    const changed = this.#options.store.chains().filter((chain) => this.limit(chain) !== chain.counted)
    for (const chain of changed) this.#put(chain)
    return changed.length > 0
  }

  /** The last sequence of a chain that counts; 0 if none does. */
  limit({ chain, admission, forkAt = Infinity }: Chain): number {
    const { admissions, cuts } = this.#options.membership()
    if (admission === undefined || !admissions.has(admission)) return 0
    const ends = cuts.get(admission)?.map(({ upTo }) => upTo.get(chain)?.sequence ?? 0)
    return Math.min(ends === undefined ? Number.MAX_SAFE_INTEGER : Math.max(...ends), forkAt - 1)
  }

  /**
   * Valid decisions and entries: what a lamport is measured by, which anybody can claim. Of entries, those that are
   * held, and those before the place where an addition lets history begin: nothing that is missing in a hole counts.
   */
  count(): number {
    const { store, ledger } = this.#options
    const counted = store
      .chains()
      .map((chain) => Math.min(heldOf(chain), chain.author === undefined ? Infinity : this.limit(chain)))
    const sum = counted.reduce((all, one) => all + one, ledger.decisions.length)
    return Math.min(sum, Number.MAX_SAFE_INTEGER / 2)
  }

  /** For what is said now: above all that is known, but for claims that are far too large. */
  nextLamport(): number {
    const { store, ledger } = this.#options
    const cap = this.count() + groupLimits.lamportFollowed
    const decided = ledger.decisions.flatMap(({ lamport }) => (lamport <= cap ? lamport : []))
    const said = store.chains().map((chain) => store.lamport(chain.chain, this.limit(chain), cap))
    return 1 + [...decided, ...said].reduce((most, one) => Math.max(most, one), 0)
  }

  /**
   * Everything that the author knew of the ledger is held, and the author was let in: only then is an entry taken, and
   * so passed on. Otherwise somebody who was removed could get it from a member who has not heard of that.
   */
  mayCount(entry: Entry): boolean {
    const { ledger } = this.#options
    return this.#isAdmitted(entry) && entry.ledger.every((head) => ledger.has(head))
  }

  #isFarAhead(lamport: number): boolean {
    const { lamportTaken } = groupLimits
    // Counting reads all chains: almost never is it needed.
    return lamport > lamportTaken && lamport > this.count() + lamportTaken
  }

  #isAdmitted({ admission, author }: Entry): boolean {
    const { ledger, membership } = this.#options
    const decision = ledger.get(admission)
    if (decision === undefined || !membership().admissions.has(admission)) return false
    return (decision.kind === 'add' ? decision.member : decision.author) === author
  }

  /** The chain of an entry, made if there is room; of those under one admission the smallest ids stay. */
  #chainFor({ chain, author, admission }: Entry): Chain | undefined {
    const { store } = this.#options
    const held = store.chain(chain)
    if (held !== undefined) return { ...held, author, admission }
    const same = store.chains().filter((one) => one.admission === admission)
    if (same.length >= groupLimits.chains) {
      const largest = same.map((one) => one.chain).reduce((most, one) => (one > most ? one : most))
      if (largest < chain) return undefined
      store.dropChain(largest)
    }
    return { ...newChain(chain), author, admission }
  }

  #put(chain: Chain): void {
    this.#options.store.putChain({ ...chain, counted: this.limit(chain) })
  }

  #add(entry: Entry): void {
    this.#options.onTaken(entry, this.#options.store.putEntry(entry))
  }

  #fork(chain: Chain, one: Entry, other: Entry): void {
    const { store } = this.#options
    const { sequence } = one
    this.#put(chain)
    store.setAside(chain.chain, sequence, [one, other])
    // If it is in a hole, the piece below is the last one that may go on.
    const inHole = chain.holes.find(({ above, end }) => above < sequence && sequence <= end.sequence)
    const holes = chain.holes.filter(({ end }) => end.sequence < sequence)
    const base = inHole?.base ?? chain.base
    const end = Math.max(base.sequence, Math.min(inHole?.above ?? chain.last.sequence, sequence - 1))
    const hash = end === base.sequence ? base.hash : (store.entry(chain.chain, end)?.hash ?? '')
    this.#put({ ...chain, base, last: { sequence: end, hash }, holes, forkAt: sequence })
  }
}

/** Both are the author's, and one chain cannot have them: two of one sequence, or one that follows another one. */
export function fork(a: Entry, b: Entry): boolean {
  if (a.chain !== b.chain) return false
  return (b.sequence === a.sequence && b.hash !== a.hash) || (b.sequence === a.sequence + 1 && b.previous !== a.hash)
}

/** How many entries of a chain are held, with those before the place where its history begins here. */
function heldOf({ base, last, holes }: Chain): number {
  const begin = holes[0]?.base ?? base
  return (
    holes.reduce((sum, { above, base: from }) => sum + above - from.sequence, begin.sequence) +
    last.sequence -
    base.sequence
  )
}

const nowhere: ChainEnd = { sequence: 0, hash: '' }

function newChain(chain: string): Chain {
  return { chain, base: nowhere, last: nowhere, holes: [], counted: 0 }
}
