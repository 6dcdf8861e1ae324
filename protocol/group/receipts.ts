/** What people see of their own messages in a group: whether another member holds them, or all do. */
import type { Message } from '../api/model.ts'
import type { ShownEntry } from '../store/group-store.ts'
import type { Store } from '../store/store.ts'
import { groupLimits } from './limits.ts'
import type { SeenBy } from './seen.ts'

/** Up to where any other member, and all of them, hold each own chain. */
export type Reached = ReadonlyMap<string, { any: number; all: number }>

export interface ReceiptsOptions {
  store: Store
  group: string
  /** The own PeerId. */
  self: string
  seen: SeenBy
  /** PeerIds of the other members. */
  others(): string[]
}

export class Receipts {
  readonly #options: ReceiptsOptions

  constructor(options: ReceiptsOptions) {
    this.#options = options
  }

  /** Of an own message; one of somebody else is delivered. */
  of({ author, chain, sequence }: ShownEntry): Pick<Message, 'state' | 'leftAt'> {
    const { store, group, self, seen } = this.#options
    if (author !== self) return { state: 'delivered' }
    const others = this.#options.others()
    if (others.length === 0) return { state: 'sent' }
    const count = seen.count(others, chain, sequence)
    if (count > 0) return { state: count === others.length ? 'delivered' : 'sent' }
    const [first] = store.groupParcels(group).filter((row) => row.chain === chain && row.upTo >= sequence)
    return first === undefined ? { state: 'queued' } : { state: 'sent', leftAt: first.leftAt }
  }

  reached(): Reached {
    const { store, group, self, seen } = this.#options
    const others = this.#options.others()
    const own = store.groupChains(group).filter(({ author }) => author === self)
    return new Map(own.map(({ chain }) => [chain, seen.range(others, chain)]))
  }

  /** Own messages whose state is another than it was: of many, the last ones. */
  changed(before: Reached): ShownEntry[] {
    const { store, group } = this.#options
    const changed = new Map<string, ShownEntry>()
    for (const [chain, now] of this.reached()) {
      const was = before.get(chain) ?? { any: 0, all: 0 }
      for (const how of ['any', 'all'] as const) {
        if (now[how] <= was[how]) continue
        const entries = store.groupMessagesOf(group, chain, was[how], now[how], groupLimits.receiptsTold)
        for (const entry of entries) changed.set(entry.hash, entry)
      }
    }
    return [...changed.values()]
  }
}
