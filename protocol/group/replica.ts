/**
 * What one member holds of a group, and how it becomes the same at all of them: a member tells another what it holds,
 * and the other answers with what is missing there (docs/protocol.md, "Groups", /quorum/group/1.0.0). It knows nothing
 * of connections.
 */
import type { Chain, ChainEnd } from '../store/group-store.ts'
import { Chains, type TalkStore } from './chains.ts'
import type { Action, ChainEnds, Decision } from './decision.ts'
import { inOrder, type Entry } from './entry.ts'
import { Exchange, type Holding } from './exchange.ts'
import { Ledger } from './ledger.ts'
import { membership, type Membership } from './membership.ts'
import type { GroupMessage } from './messages.ts'
import { whyIn, whyOut } from './why.ts'

/** Who writes here: makes what is signed. */
export interface Author {
  /** PeerId. */
  peer: string
  decision(content: Action & Pick<Decision, 'heads' | 'lamport'>): Decision
  /** The id of the chain in which it speaks now. */
  chain(admission: string): string
  entry(content: Omit<Entry, 'hash' | 'author' | 'chain' | 'signed' | 'time'>): Entry
  /** Speaks in a new chain from now on. */
  renewMark(): void
}

export interface ReplicaStore extends TalkStore {
  decisions(): Decision[]
  putDecision(decision: Decision): void
  /** An entry of that author with that id counts. */
  counts(author: string, id: string): boolean
  transaction<T>(work: () => T): T
}

/** What has changed. Called within the transaction. */
export interface ReplicaListener {
  /** `shown`: it is shown from now on. */
  onTaken?(entry: Entry, shown: boolean): void
  onDecision?(decision: Decision): void
  /** What was shown before is shown no more, or again. */
  onHistory?(): void
  /** An entry came for which something is missing. */
  onMissing?(): void
}

export class Replica {
  readonly ledger = new Ledger()
  readonly chains: Chains
  readonly exchange: Exchange
  readonly #author: Author
  readonly #store: ReplicaStore
  readonly #listener: ReplicaListener
  readonly #again = new Set<string>()
  #membership: { of: number; value: Membership } | undefined

  constructor(author: Author, store: ReplicaStore, listener: ReplicaListener = {}) {
    this.#author = author
    this.#store = store
    this.#listener = listener
    this.chains = new Chains({
      store,
      ledger: this.ledger,
      membership: () => this.membership,
      onTaken: (entry, shown) => listener.onTaken?.(entry, shown),
    })
    this.exchange = new Exchange({
      store,
      ledger: this.ledger,
      chains: this.chains,
      membership: () => this.membership,
      again: this.#again,
    })
    for (const decision of store.decisions()) this.ledger.take(decision)
  }

  /** Errors: `Error` while nothing is held. */
  get membership(): Membership {
    const { length } = this.ledger.decisions
    if (this.#membership?.of !== length) this.#membership = { of: length, value: membership(this.ledger) }
    return this.#membership.value
  }

  /** Nothing is held: the person has agreed to an invitation at most. */
  get empty(): boolean {
    return this.ledger.decisions.length === 0
  }

  /** This peer is in. */
  get joined(): boolean {
    return !this.empty && this.membership.members.has(this.#author.peer)
  }

  // ---- what is said here

  decide(action: Action): Decision {
    return this.#store.transaction(() => {
      const lamport = this.empty ? 1 : this.chains.nextLamport()
      const decision = this.#author.decision({ ...action, heads: this.ledger.heads, lamport })
      this.#learn([decision])
      return decision
    })
  }

  /** `more`: of an entry that is said again. */
  say(id: string, content: Entry['content'], more: { lamport?: number } = {}): Entry {
    return this.#store.transaction(() => {
      const { admission, chain } = this.#ownChain()
      const { sequence, hash } = this.#store.chain(chain)?.last ?? { sequence: 0, hash: '' }
      const entry = this.#author.entry({
        admission,
        sequence: sequence + 1,
        previous: hash,
        ledger: this.ledger.heads,
        lamport: more.lamport ?? this.chains.nextLamport(),
        id,
        content,
      })
      this.chains.take(entry)
      return entry
    })
  }

  /** Where the chains of somebody count to, as far as is known here: for a removal, and for leaving. */
  endsOf(who: string): ChainEnds {
    return this.#ends((chain) => (chain.author === who ? 0 : undefined))
  }

  /** For an addition: where history begins, so many entries of each chain before its end. */
  endsBefore(back: (chain: Chain) => number): ChainEnds {
    return this.#ends(back)
  }

  // ---- what is told, and what arrives

  /**
   * Takes a message of somebody who is connected, of whom `holding` is what they are known to hold. Returns the
   * answers; what they lack is to be asked of `exchange`. Errors: those of the store.
   */
  receive(message: GroupMessage, from: string, holding: Holding): GroupMessage[] {
    return this.#store.transaction(() => {
      holding.note(message)
      // Signed by who may say so: taken from anybody.
      if (message.kind === 'decisions') this.#learn(message.decisions)
      else if (message.kind === 'out') return this.#onOut(message.decisions, from)
      else if (this.empty)
        return message.kind === 'state' && !message.answer ? [this.exchange.state({ answer: true, ids: true })] : []
      else if (this.membership.members.has(from)) return this.#fromMember(message, from, holding)
      else if (message.kind === 'state') return [{ kind: 'out', decisions: whyOut(this.ledger, this.membership, from) }]
      return []
    })
  }

  #fromMember(
    message: Exclude<GroupMessage, { kind: 'decisions' | 'out' }>,
    from: string,
    holding: Holding,
  ): GroupMessage[] {
    switch (message.kind) {
      case 'state':
        holding.hear(message, this.ledger)
        return this.exchange.answers(message, from)
      case 'entries':
        return this.#onEntries(message.entries, message.base)
      case 'hashes':
        return this.#onHashes(message)
      case 'proof':
        this.#onProof(...message.twins)
        return []
      case 'successor': {
        const before = this.#store.entry(message.entry.chain, message.entry.sequence - 1)
        if (before !== undefined) this.#onProof(before, message.entry)
        return []
      }
      case 'fill':
        this.chains.fill(message.chain, message.hole, message.entries)
        return []
      case 'yours':
        this.#repeat(message.entries.filter(({ chain, sequence }) => sequence >= this.#endOf(chain)))
        return []
    }
  }

  #learn(decisions: readonly Decision[]): void {
    const before = this.ledger.decisions.length
    for (const decision of decisions) {
      for (const taken of this.ledger.take(decision)) {
        this.#store.putDecision(taken)
        this.#listener.onDecision?.(taken)
        if (taken.kind === 'add' && taken.member === this.#author.peer) this.chains.begin(taken.from)
      }
    }
    if (this.ledger.decisions.length > before && this.chains.recount()) this.#listener.onHistory?.()
  }

  /** A member believes that this peer is not in: if it knows better, it shows why it is. It names others. */
  #onOut(decisions: readonly Decision[], from: string): GroupMessage[] {
    this.#learn(decisions)
    if (!this.joined || !this.membership.members.has(from)) return []
    return [{ kind: 'decisions', decisions: whyIn(this.ledger, this.membership, this.#author.peer) }]
  }

  #onEntries(entries: readonly Entry[], base: ChainEnd | undefined): GroupMessage[] {
    const [first] = entries
    if (first === undefined) return []
    const answers: GroupMessage[] = []
    const holesOf = (): number => this.#store.chain(first.chain)?.holes.length ?? 0
    const before = holesOf()
    this.#forked(first.chain, () => {
      for (const entry of entries) {
        const outcome =
          entry === first && base !== undefined ? this.chains.takeAbove(base, entry) : this.chains.take(entry)
        if (outcome !== 'later' && outcome !== 'differs') continue
        if (outcome === 'later') this.#listener.onMissing?.()
        const chain = outcome === 'differs' ? this.#store.chain(entry.chain) : undefined
        if (chain !== undefined) answers.push(this.exchange.hashes(chain))
        // Nor can what follows it be taken.
        return
      }
    })
    // Somebody may have what the sender has not.
    if (holesOf() > before) this.#listener.onMissing?.()
    return answers
  }

  /** Where that chain forks. */
  #endOf(chain: string): number {
    return this.#store.chain(chain)?.forkAt ?? Infinity
  }

  #onHashes({ chain, base, hashes }: { chain: string; base: number; hashes: readonly string[] }): GroupMessage[] {
    const held = this.#store.chain(chain)
    if (held?.author === undefined) return []
    const { base: begin, last } = held
    const compared = this.#store.hashes(
      chain,
      Math.max(base, begin.sequence),
      Math.min(base + hashes.length, last.sequence),
    )
    const twin = compared.find(({ sequence, hash }) => hashes[sequence - base - 1] !== hash)
    // The first one may be further below.
    if (twin !== undefined && twin.sequence === base + 1 && base > begin.sequence)
      return [this.exchange.hashes(held, base)]
    if (twin !== undefined)
      return this.#entryAt(chain, twin.sequence, (entry) => ({ kind: 'entries', entries: [entry] }))
    // Whoever said where history begins here may have lied.
    const begins = hashes[begin.sequence - base - 1] ?? begin.hash
    if (begins === begin.hash) return []
    return this.#entryAt(chain, begin.sequence + 1, (entry) => ({ kind: 'successor', entry }))
  }

  #entryAt(chain: string, sequence: number, message: (entry: Entry) => GroupMessage): GroupMessage[] {
    const entry = this.#store.entry(chain, sequence)
    return entry === undefined ? [] : [message(entry)]
  }

  #onProof(one: Entry, other: Entry): void {
    this.#forked(one.chain, () => this.chains.takeProof(one, other))
  }

  /** Does `work`, in which a chain may turn out to fork: what of an own one counts no more is said again. */
  #forked(chain: string, work: () => void): void {
    const before = this.#store.chain(chain)?.forkAt
    work()
    const after = this.#store.chain(chain)
    if (after?.forkAt === before) return
    this.#listener.onHistory?.()
    if (after?.author === this.#author.peer) this.#repeat(this.#store.aside(chain))
  }

  /** Says own entries again that do not count, under their ids, in a chain that does. */
  #repeat(entries: readonly Entry[]): void {
    if (!this.joined) return
    for (const { author, id, content, lamport } of entries.toSorted(inOrder)) {
      if (author !== this.#author.peer || this.#store.counts(author, id)) continue
      this.say(id, content, { lamport })
      this.#again.add(id)
    }
  }

  #ownChain(): { admission: string; chain: string } {
    const admission = this.membership.members.get(this.#author.peer)?.toSorted()[0]
    if (admission === undefined) throw new Error('Only members speak')
    const chain = this.#author.chain(admission)
    if (this.#store.chain(chain)?.forkAt === undefined) return { admission, chain }
    // Two living copies have spoken in it.
    this.#author.renewMark()
    return this.#ownChain()
  }

  #ends(back: (chain: Chain) => number | undefined): ChainEnds {
    const ends = new Map<string, ChainEnd>()
    for (const chain of this.#store.chains()) {
      const before = back(chain)
      if (before === undefined) continue
      const sequence = Math.min(chain.last.sequence, this.chains.limit(chain)) - before
      const hash = this.#store.entry(chain.chain, sequence)?.hash
      if (hash !== undefined) ends.set(chain.chain, { sequence, hash })
    }
    return ends
  }
}
