/** Members of a group without signatures, disks or networks: the real replica on maps. */
import { createHash } from 'node:crypto'
import type { Batch } from '../../protocol/group/chains.ts'
import type { Action, Decision } from '../../protocol/group/decision.ts'
import { Holding } from '../../protocol/group/exchange.ts'
import { inOrder, type Entry } from '../../protocol/group/entry.ts'
import type { GroupMessage } from '../../protocol/group/messages.ts'
import { Replica, type Author, type ReplicaStore } from '../../protocol/group/replica.ts'
import type { Chain, ChainEnd } from '../../protocol/store/group-store.ts'

export const hashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

const none = new Uint8Array()

/** A decision of `author`; `n` tells two apart that say the same. */
export function decision(
  author: string,
  content: Action & Pick<Decision, 'heads' | 'lamport'>,
  n: unknown = 0,
): Decision {
  const ends = 'upTo' in content ? [...content.upTo] : 'from' in content ? [...content.from] : []
  const hash = hashOf('decision', author, content, ends, n)
  return { ...content, hash, author, time: 0, signed: none }
}

export function entry(
  author: string,
  chain: string,
  content: Omit<Entry, 'hash' | 'author' | 'chain' | 'signed'>,
): Entry {
  return { ...content, hash: hashOf('entry', author, chain, content), author, chain, signed: none }
}

export class Writer implements Author {
  readonly peer: string
  mark: string
  #marks = 0

  constructor(peer: string, mark: string) {
    this.peer = peer
    this.mark = mark
  }

  decision(content: Action & Pick<Decision, 'heads' | 'lamport'>): Decision {
    return decision(this.peer, content)
  }

  chain(admission: string): string {
    return hashOf('chain', this.peer, admission, this.mark)
  }

  entry(content: Parameters<Author['entry']>[0]): Entry {
    return entry(this.peer, this.chain(content.admission), { ...content, time: 0 })
  }

  renewMark(): void {
    this.#marks += 1
    this.mark = hashOf(this.mark, this.#marks)
  }
}

/** What a backup has: all of it but the mark. */
export interface Kept {
  decisions: Decision[]
  chains: Chain[]
  entries: [chain: string, entries: Entry[]][]
  aside: [chain: string, entries: Entry[]][]
}

export interface MemberStore extends ReplicaStore {
  readonly kept: Kept
  /** Everything that counts, in order, each once. */
  shown(): Entry[]
}

export class Maps implements MemberStore {
  readonly #decisions: Decision[]
  readonly #chains: Map<string, Chain>
  readonly #entries: Map<string, Map<number, Entry>>
  readonly #aside: Map<string, Entry[]>

  constructor(kept: Kept = { decisions: [], chains: [], entries: [], aside: [] }) {
    this.#decisions = [...kept.decisions]
    this.#chains = new Map(kept.chains.map((chain) => [chain.chain, chain]))
    this.#entries = new Map(kept.entries.map(([chain, all]) => [chain, new Map(all.map((one) => [one.sequence, one]))]))
    this.#aside = new Map(kept.aside.map(([chain, all]) => [chain, [...all]]))
  }

  get kept(): Kept {
    return {
      decisions: [...this.#decisions],
      chains: [...this.#chains.values()],
      entries: [...this.#entries].map(([chain, all]) => [chain, [...all.values()]]),
      aside: [...this.#aside].map(([chain, all]) => [chain, [...all]]),
    }
  }

  decisions = (): Decision[] => this.#decisions
  putDecision = (one: Decision): void => void this.#decisions.push(one)
  transaction = <T>(work: () => T): T => work()
  hasRoom = (): boolean => true
  chains = (): Chain[] => [...this.#chains.values()]
  chain = (chain: string): Chain | undefined => this.#chains.get(chain)
  putChain = (chain: Chain): void => void this.#chains.set(chain.chain, chain)
  entry = (chain: string, sequence: number): Entry | undefined => this.#entries.get(chain)?.get(sequence)
  aside = (chain: string): Entry[] => this.#aside.get(chain) ?? []

  dropChain(chain: string): void {
    for (const map of [this.#chains, this.#entries, this.#aside]) map.delete(chain)
  }

  entries(chain: string, above: number, upTo: number, batch?: Batch): Entry[] {
    const all = [...(this.#entries.get(chain)?.values() ?? [])]
    const within = all.filter(({ sequence }) => sequence > above && sequence <= upTo)
    return within.toSorted((a, b) => a.sequence - b.sequence).slice(0, batch?.entries)
  }

  hashes = (chain: string, above: number, upTo: number): ChainEnd[] =>
    this.entries(chain, above, upTo).map(({ sequence, hash }) => ({ sequence, hash }))

  counts(author: string, id: string): boolean {
    return this.#counted().some((one) => one.author === author && one.id === id)
  }

  /** Returns whether it is shown. */
  putEntry(one: Entry): boolean {
    const chain = this.#entries.get(one.chain) ?? new Map<number, Entry>()
    this.#entries.set(one.chain, chain.set(one.sequence, one))
    const first = (other: Entry): boolean => inOrder(other, one) < 0
    const counted = this.#counted()
    const same = counted.filter((other) => other.author === one.author && other.id === one.id)
    return same.includes(one) && !same.some(first)
  }

  shown(): Entry[] {
    const once = new Set<string>()
    return this.#counted()
      .toSorted(inOrder)
      .filter(({ author, id }) => {
        const known = once.has(`${author} ${id}`)
        once.add(`${author} ${id}`)
        return !known
      })
  }

  setAside(chain: string, from: number, twins: readonly Entry[]): void {
    const held = this.#entries.get(chain)
    const ended = [...(held?.values() ?? [])].filter(({ sequence }) => sequence >= from)
    for (const { sequence } of ended) held?.delete(sequence)
    const all = [...this.aside(chain), ...ended, ...twins]
    this.#aside.set(chain, [...new Map(all.map((one) => [one.hash, one])).values()])
  }

  lamport(chain: string, upTo: number, cap: number): number {
    const all = this.entries(chain, 0, upTo).map(({ lamport }) => lamport)
    return all.reduce((most, one) => (one <= cap && one > most ? one : most), 0)
  }

  #counted(): Entry[] {
    return this.chains().flatMap(({ chain, counted }) => this.entries(chain, 0, counted))
  }
}

export class Member {
  readonly name: string
  readonly writer: Writer
  store: MemberStore
  replica: Replica
  readonly #open: (kept?: Kept) => MemberStore
  #said = 0

  constructor(name: string, mark = `mark of ${name}`, open = (kept?: Kept): MemberStore => new Maps(kept)) {
    this.name = name
    this.writer = new Writer(name, mark)
    this.#open = open
    this.store = open()
    this.replica = new Replica(this.writer, this.store)
  }

  /** The next message of this member, with the words `more` instead of what it would have. */
  say(more: Partial<Entry> = {}): Entry {
    this.#said += 1
    return this.replica.say(
      `${this.name}/${this.writer.mark.slice(0, 4)}/${this.#said}`,
      { kind: 'text', text: '' },
      more,
    )
  }

  get ids(): string[] {
    return this.store.shown().map(({ id }) => id)
  }

  get members(): string[] {
    return this.replica.empty ? [] : [...this.replica.membership.members.keys()].toSorted()
  }

  /** Returns the answers, and what `from` lacks of what is held here. */
  receive(message: GroupMessage, from: string): GroupMessage[] {
    const holding = new Holding()
    const answers = this.replica.receive(message, from, holding)
    const isIn = !this.replica.empty && this.replica.membership.members.has(from)
    return isIn ? [...this.replica.exchange.lacking(from, holding), ...answers] : answers
  }

  learn(from: Member): void {
    this.receive({ kind: 'decisions', decisions: from.replica.ledger.decisions }, from.name)
  }

  /** With `sameMark`, it is a folder that was copied. */
  putBack(kept: Kept, sameMark = false): void {
    this.store = this.#open(kept)
    this.#said += 1000
    if (!sameMark) this.writer.renewMark()
    this.replica = new Replica(this.writer, this.store)
  }
}

/** `a` tells `b` what it holds; both answer until nothing is left to say. */
export function meet(a: Member, b: Member): void {
  const queue: [from: Member, to: Member, message: GroupMessage][] = [[a, b, a.replica.exchange.state()]]
  for (let steps = 0; steps < 60; steps += 1) {
    const [next] = queue.splice(0, 1)
    if (next === undefined) return
    const [from, to, message] = next
    for (const answer of to.receive(message, from.name)) queue.push([to, from, answer])
  }
}

/** Everybody meets everybody, some times. */
export function gather(members: readonly Member[]): void {
  for (let round = 0; round < 4; round += 1) for (const a of members) for (const b of members) if (a !== b) meet(a, b)
}

/** A group of `founder` and `others`, the first `admins` of them admins of rank 1, 2 and so on. All know it. */
export function founded(names: readonly string[], admins = 0): Member[] {
  const members = names.map((name) => new Member(name))
  const [founder] = members
  if (founder === undefined) return []
  founder.replica.decide({ kind: 'found', name: 'Group' })
  for (const name of names.slice(1)) founder.replica.decide(addition(name))
  for (const [at, name] of names.slice(1, 1 + admins).entries())
    founder.replica.decide({ kind: 'role', member: name, rank: at + 1 })
  for (const member of members.slice(1)) member.learn(founder)
  return members
}

let invitations = 0
/** `invitation`: what the consent is about; without it, one of its own. */
export function addition(
  member: string,
  from: Extract<Action, { kind: 'add' }>['from'] = new Map(),
  invitation = `${(invitations += 1)}`,
): Action {
  return { kind: 'add', member, invitation, from }
}

export function removal(by: Member, member: string, undo: readonly Decision[] = []): Action {
  return { kind: 'remove', member, upTo: by.replica.endsOf(member), undo: undo.map(({ hash }) => hash) }
}
