/**
 * What one member holds of a group, and how it becomes the same at all of them: a member tells another what it holds,
 * and the other answers with what is missing there (docs/protocol.md, "Groups", /quorum/group/1.0.0). It knows nothing
 * of connections.
 */
import type { Chain, ChainEnd, Hole } from '../store/group-store.ts'
import { Chains, fork, type TalkStore } from './chains.ts'
import type { Action, ChainEnds, Decision, DecisionOf } from './decision.ts'
import { inOrder, type Entry } from './entry.ts'
import { Ledger } from './ledger.ts'
import { groupLimits } from './limits.ts'
import { membership, type Membership } from './membership.ts'

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
  /** It is shown from now on. */
  onShown?(entry: Entry): void
  onDecision?(decision: Decision): void
  /** What was shown before is shown no more, or again. */
  onHistory?(): void
}

/** What a member tells of what it holds. */
export interface State {
  kind: 'state'
  /** It is an answer: it asks for none. */
  answer: boolean
  decisions: readonly string[]
  chains: ReadonlyMap<string, ChainEnd & { forkAt?: number }>
  holes: ReadonlyMap<string, readonly Hole[]>
  /** Ids of own entries that were said again, because their chain counts no more. */
  again: readonly string[]
}

export type GroupMessage =
  | State
  | { kind: 'decisions'; decisions: readonly Decision[] }
  /** To somebody who is not in: what took it from them. */
  | { kind: 'out'; decisions: readonly Decision[] }
  /** In order, of one chain; `base`: the sender has nothing between what the reader holds and that. */
  | { kind: 'entries'; base?: ChainEnd; entries: readonly Entry[] }
  /** Of the whole piece above `base`: the reader looks for the first one that differs. */
  | { kind: 'hashes'; chain: string; base: number; hashes: readonly string[] }
  | { kind: 'proof'; twins: readonly [Entry, Entry] }
  /** What follows an entry that the sender has never seen, and that is not the one which the reader has there. */
  | { kind: 'successor'; entry: Entry }
  | { kind: 'fill'; chain: string; hole: Hole; entries: readonly Entry[] }
  /** The reader's own, of a chain that forks. */
  | { kind: 'yours'; entries: readonly Entry[] }

export class Replica {
  readonly ledger = new Ledger()
  readonly chains: Chains
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
      onShown: (entry) => listener.onShown?.(entry),
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

  /** For an addition: where history begins, `back` entries of each chain before its end. */
  endsBefore(back: number): ChainEnds {
    return this.#ends(() => back)
  }

  // ---- what is told, and what arrives

  state(answer = false): State {
    const all = this.#store.chains()
    return {
      kind: 'state',
      answer,
      decisions: this.ledger.decisions.map(({ hash }) => hash),
      chains: new Map(
        all.map(({ chain, last, forkAt }) => [chain, { ...last, ...(forkAt === undefined ? {} : { forkAt }) }]),
      ),
      holes: new Map(
        all.flatMap(({ chain, holes, forkAt }) =>
          holes.length > 0 && forkAt === undefined ? [[chain, holes] as const] : [],
        ),
      ),
      again: [...this.#again],
    }
  }

  /** Takes a message of somebody who is connected. Returns the answers. Errors: those of the store. */
  receive(message: GroupMessage, from: string): GroupMessage[] {
    return this.#store.transaction(() => {
      // Signed by who may say so: taken from anybody.
      if (message.kind === 'decisions') this.#learn(message.decisions)
      else if (message.kind === 'out') return this.#onOut(message.decisions)
      else if (this.empty) return message.kind === 'state' && !message.answer ? [this.state(true)] : []
      else if (!this.membership.members.has(from)) return message.kind === 'state' ? this.#whyNot(from) : []
      else return this.#fromMember(message, from)
      return []
    })
  }

  #fromMember(message: Exclude<GroupMessage, { kind: 'decisions' | 'out' }>, from: string): GroupMessage[] {
    switch (message.kind) {
      case 'state':
        return this.#onState(message, from)
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
        this.#repeat(message.entries)
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

  /** Somebody believes that this peer is not in: if it knows better, it shows why it is. */
  #onOut(decisions: readonly Decision[]): GroupMessage[] {
    this.#learn(decisions)
    if (!this.joined) return []
    const admissions = this.membership.members.get(this.#author.peer) ?? []
    return [{ kind: 'decisions', decisions: this.#withPast((one) => admissions.includes(one.hash)) }]
  }

  #whyNot(who: string): GroupMessage[] {
    const why = this.#endersOf(who, new Set())
    return [{ kind: 'out', decisions: this.#withPast((one) => why.has(one)) }]
  }

  /** What took membership or office from somebody, or from who had given it to them. */
  #endersOf(who: string, asked: Set<string>): Set<Decision> {
    if (asked.has(who)) return new Set()
    asked.add(who)
    const { removals, offices, power } = this.membership
    const ended = offices.flatMap(({ appointment, ended: by }) => (appointment.member === who ? by : []))
    const given = this.ledger.decisions
      .filter((one): one is DecisionOf<'add' | 'role'> => one.kind === 'add' || one.kind === 'role')
      .filter((one) => one.member === who && !power.has(one.hash))
      .flatMap(({ author }) => [...this.#endersOf(author, asked)])
    return new Set([...(removals.get(who) ?? []), ...ended, ...given])
  }

  #withPast(chosen: (decision: Decision) => boolean): Decision[] {
    const tops = this.ledger.decisions.filter(chosen)
    return this.ledger.decisions.filter((one) => tops.some((top) => top === one || this.ledger.sees(top, one)))
  }

  #onState({ decisions, chains, holes, again, answer }: State, from: string): GroupMessage[] {
    const answers: GroupMessage[] = []
    const known = new Set(decisions)
    const missing = this.ledger.decisions.filter(({ hash }) => !known.has(hash))
    // What is said names decisions: these come first.
    if (missing.length > 0) answers.push({ kind: 'decisions', decisions: missing })
    const begins = this.#historyOf(from)
    for (const chain of this.#store.chains()) {
      const { author } = chain
      if (author === undefined) continue
      const theirs = chains.get(chain.chain) ?? { sequence: 0, hash: '' }
      const begin = begins.get(chain.chain)?.sequence ?? 0
      if (author === from && chain.forkAt !== undefined && chain.forkAt === theirs.forkAt) {
        const back = this.#store.aside(chain.chain).filter(({ id }) => !again.includes(id))
        if (back.length > 0) answers.push({ kind: 'yours', entries: back })
      }
      answers.push(...this.#answersOf(chain, theirs, begin))
      for (const hole of holes.get(chain.chain) ?? []) {
        if (hole.above < begin) continue
        const entries = this.#store.entries(chain.chain, hole.above, hole.end.sequence)
        const whole = entries.length === hole.end.sequence - hole.above
        if (whole) answers.push({ kind: 'fill', chain: chain.chain, hole, entries })
      }
    }
    if (!answer) answers.push(this.state(true))
    return answers
  }

  /** What somebody lacks of a chain who has it up to `theirs`, and is given it from above `begin` on. */
  #answersOf(chain: Chain, theirs: ChainEnd & { forkAt?: number }, begin: number): GroupMessage[] {
    const { base, last, forkAt } = chain
    if (forkAt !== undefined && forkAt < (theirs.forkAt ?? Infinity)) {
      const aside = this.#store.aside(chain.chain)
      const one = aside.find(({ sequence }) => sequence === forkAt)
      const other = one && aside.find((entry) => fork(one, entry))
      return one === undefined || other === undefined ? [] : [{ kind: 'proof', twins: [one, other] }]
    }
    const within = theirs.sequence > base.sequence && theirs.sequence <= last.sequence && theirs.forkAt === undefined
    if (within && this.#hashAt(chain, theirs.sequence) !== theirs.hash) return [this.#hashes(chain)]
    const above = Math.max(theirs.sequence, begin, base.sequence)
    const end = Math.min(this.chains.limit(chain), last.sequence)
    if (end <= above) return []
    const entries = this.#store.entries(chain.chain, above, end, groupLimits.batch)
    const hash = this.#hashAt(chain, above)
    return [{ kind: 'entries', entries, ...(above > theirs.sequence ? { base: { sequence: above, hash } } : {}) }]
  }

  #onEntries(entries: readonly Entry[], base: ChainEnd | undefined): GroupMessage[] {
    const [first] = entries
    if (first === undefined) return []
    const answers: GroupMessage[] = []
    this.#forked(first.chain, () => {
      for (const entry of entries) {
        const outcome =
          entry === first && base !== undefined ? this.chains.takeAbove(base, entry) : this.chains.take(entry)
        const chain = outcome === 'differs' ? this.#store.chain(entry.chain) : undefined
        if (chain !== undefined) answers.push(this.#hashes(chain))
      }
    })
    return answers
  }

  #onHashes({ chain, base, hashes }: { chain: string; base: number; hashes: readonly string[] }): GroupMessage[] {
    const held = this.#store.chain(chain)
    if (held?.author === undefined) return []
    const { base: begin, last } = held
    const twin = this.#store
      .hashes(chain, begin.sequence, last.sequence)
      .find(({ sequence, hash }) => (hashes[sequence - base - 1] ?? hash) !== hash)
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

  /** Where history begins for somebody who was added once; who was added again, is given what they had before, too. */
  #historyOf(who: string): ChainEnds {
    const added = (this.membership.members.get(who) ?? []).flatMap((hash) => {
      const decision = this.ledger.get(hash)
      return decision?.kind === 'add' ? [decision.from] : []
    })
    return added.length === 1 ? (added[0] ?? new Map()) : new Map()
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

  #hashes({ chain, base, last }: Chain): GroupMessage {
    const hashes = this.#store.hashes(chain, base.sequence, last.sequence).map(({ hash }) => hash)
    return { kind: 'hashes', chain, base: base.sequence, hashes }
  }

  #hashAt({ chain, base }: Chain, sequence: number): string {
    if (sequence === base.sequence) return base.hash
    return this.#store.entry(chain, sequence)?.hash ?? ''
  }
}
