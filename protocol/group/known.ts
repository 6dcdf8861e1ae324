/**
 * What each member is known to hold of one group, linked or not: from it follows what is left for who is away. Of the
 * ledger it is a number of decisions, in the order in which they came here.
 */
import { publicKeyOf } from '../identity/identity.ts'
import type { ChainEnd, GroupParcelRow } from '../store/group-store.ts'
import type { Store } from '../store/store.ts'
import type { AboutGroup } from '../wire/group-frame.ts'
import { Holding } from './exchange.ts'
import type { GroupMessage } from './messages.ts'
import type { Replica } from './replica.ts'
import type { Seen, SeenBy } from './seen.ts'

/** How far something reaches of what this person has said and decided. */
export type Said = Pick<GroupParcelRow, 'chain' | 'upTo' | 'decisions'>

export interface KnownOptions {
  store: Store
  group: string
  /** The own PeerId. */
  self: string
  seen: SeenBy
  replica(): Replica
}

export class Known {
  readonly #options: KnownOptions

  constructor(options: KnownOptions) {
    this.#options = options
  }

  /** All that this person has said and decided: of several chains, the one that was spoken in last. */
  said(): Said {
    const { store, group, self, replica } = this.#options
    const own = store.groupChains(group).filter(({ author }) => author === self)
    const chain = own.at(-1)
    const decisions = 1 + replica().ledger.decisions.findLastIndex(({ author }) => author === self)
    return { chain: chain?.chain ?? '', upTo: chain?.last.sequence ?? 0, decisions }
  }

  holds(member: string, { chain, upTo, decisions }: Said): boolean {
    const { seen } = this.#options
    return seen.at(member, chain) >= upTo && seen.at(member, ledgerChain) >= decisions
  }

  /** That member told so many decisions, with this digest. Errors: those of the store. */
  hearLedger(member: string, decisions: number, digest: string): void {
    const { ledger } = this.#options.replica()
    if (decisions !== ledger.decisions.length || digest !== ledger.digest) return
    this.#options.seen.hear({ member, chain: ledgerChain, sequence: decisions }, member)
  }

  /** Tells what is held here, or `news` of what is held anywhere. */
  told(news?: readonly Seen[]): AboutGroup & { kind: 'seen' } {
    const { self, seen, replica } = this.#options
    const { ledger } = replica()
    const byMember = new Map<string, { chain: string; sequence: number }[]>()
    for (const { member, chain, sequence } of news ?? seen.of(self))
      byMember.set(member, [...(byMember.get(member) ?? []), { chain, sequence }])
    const by = [...byMember].map(([member, chains]) => ({ member: publicKeyOf(member), chains }))
    return { kind: 'seen', by, decisions: ledger.decisions.length, digest: ledger.digest }
  }

  /** What that member lacks of the ledger, and of what this person has said. */
  *lacking(member: string): Generator<GroupMessage, void, undefined> {
    const { store, group, self, seen, replica } = this.#options
    const endOf = (chain: string): ChainEnd => {
      const sequence = seen.at(member, chain)
      return this.endAt(chain, sequence) ?? { sequence, hash: '' }
    }
    const holding = new Holding()
    holding.told = true
    holding.decisions = seen.at(member, ledgerChain)
    for (const { chain, author, last } of store.groupChains(group))
      holding.reach(chain, author === self ? endOf(chain) : last)
    for (let found = true; found;) {
      found = false
      for (const message of replica().exchange.lacking(member, holding)) {
        holding.note(message)
        found = true
        yield message
      }
    }
  }

  /** The place of an entry that is held. */
  endAt(chain: string, sequence: number): ChainEnd | undefined {
    const { store, group } = this.#options
    return store.groupHashes(group, chain, sequence - 1, sequence)[0]
  }
}

/** Stands for the ledger among the chains that are seen. */
export const ledgerChain = ''
