/** The replica of one group in the store of this peer: what its members signed, and what is shown of it. */
import { QuorumError } from '../base/errors.ts'
import type { Chain, ChainEnd, GroupEntryRow, HeldEntry } from '../store/group-store.ts'
import type { Store } from '../store/store.ts'
import { offerFromWire } from '../wire/offer.ts'
import type { Batch } from './chains.ts'
import type { Decision } from './decision.ts'
import type { Entry } from './entry.ts'
import type { GroupIntake } from './intake.ts'
import type { ReplicaStore } from './replica.ts'

export interface StoredGroupOptions {
  store: Store
  group: string
  /** The own PeerId. */
  self: string
  /** Milliseconds since the epoch. */
  now(): number
  intake: GroupIntake
  /** What was signed and is held, from its bytes. */
  decision(signed: Uint8Array): Decision
  entry(signed: Uint8Array): Entry
}

export class StoredGroup implements ReplicaStore {
  readonly #options: StoredGroupOptions
  readonly #store: Store
  readonly #group: string

  constructor(options: StoredGroupOptions) {
    this.#options = options
    this.#store = options.store
    this.#group = options.group
  }

  transaction<T>(work: () => T): T {
    return this.#store.transaction(work)
  }

  decisions(): Decision[] {
    return this.#store.groupDecisions(this.#group).map((signed) => this.#options.decision(signed))
  }

  putDecision({ hash, signed }: Decision): void {
    this.#store.addGroupDecision(this.#group, hash, signed)
  }

  chains(): Chain[] {
    return this.#store.groupChains(this.#group)
  }

  chain(chain: string): Chain | undefined {
    return this.#store.groupChain(this.#group, chain)
  }

  putChain(chain: Chain): void {
    this.#store.putGroupChain(this.#group, chain)
  }

  dropChain(chain: string): void {
    this.#store.dropGroupChain(this.#group, chain)
  }

  entry(chain: string, sequence: number): Entry | undefined {
    const held = this.#store.groupEntry(this.#group, chain, sequence)
    return held && this.#read(held)
  }

  entries(chain: string, above: number, upTo: number, batch?: Batch): Entry[] {
    const { entries, bytes } = batch ?? { entries: -1, bytes: Infinity }
    return this.#store.groupEntries(this.#group, chain, above, upTo, entries, bytes).map((held) => this.#read(held))
  }

  hashes(chain: string, above: number, upTo: number): ChainEnd[] {
    return this.#store.groupHashes(this.#group, chain, above, upTo)
  }

  hasRoom({ author, signed }: Entry): boolean {
    return this.#options.intake.hasRoom(author, signed.byteLength)
  }

  putEntry(entry: Entry): boolean {
    this.#options.intake.stored(entry.author, entry.signed.byteLength)
    return this.#store.addGroupEntry(this.#group, this.#row(entry))
  }

  setAside(chain: string, sequence: number, twins: readonly Entry[]): void {
    const rows = twins.map((twin) => this.#row(twin))
    for (const { author, signed } of twins) this.#options.intake.stored(author, signed.byteLength)
    this.#store.setGroupEntriesAside(this.#group, chain, sequence, rows)
  }

  aside(chain: string): Entry[] {
    return this.#store.groupEntriesAside(this.#group, chain).map((held) => this.#read(held))
  }

  counts(author: string, id: string): boolean {
    return this.#store.groupEntryCounts(this.#group, author, id)
  }

  lamport(chain: string, upTo: number, cap: number): number {
    return this.#store.groupLamport(this.#group, chain, upTo, cap)
  }

  #read({ signed }: HeldEntry): Entry {
    return this.#options.entry(signed)
  }

  #row(entry: Entry): GroupEntryRow {
    const { hash, author, chain, sequence, lamport, id, time, signed } = entry
    const { self, now } = this.#options
    return {
      hash,
      author,
      chain,
      sequence,
      lamport,
      id,
      time,
      signed,
      ...shownOf(entry),
      ...(author === self ? {} : { receivedAt: now() }),
    }
  }
}

/** What is shown of an entry, and found by the search. */
function shownOf({ content }: Entry): Pick<GroupEntryRow, 'text' | 'replyTo' | 'transfer' | 'content'> {
  switch (content.kind) {
    case 'text': {
      const { text, replyTo } = content
      return { text, ...(replyTo === undefined ? {} : { replyTo }) }
    }
    case 'offer':
      return offered(content)
    case 'news':
      return { text: '', content }
    case 'unknown':
      return unknown
  }
}

const unknown = { text: '', content: { kind: 'unknown', bytes: new Uint8Array() } } as const

/** What cannot be read was signed all the same: everybody shows that it is there. */
function offered(content: Entry['content'] & { kind: 'offer' | 'news' }): ReturnType<typeof shownOf> {
  try {
    const { note, transfer } = offerFromWire(content.bytes)
    return { text: note, transfer, content: { kind: 'offer', bytes: content.bytes } }
  } catch (error) {
    if (error instanceof QuorumError) return unknown
    throw error
  }
}
