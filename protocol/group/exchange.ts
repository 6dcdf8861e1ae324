/**
 * What one member gives another: a state tells what is held, and what somebody is known to lack is handed on, the
 * ledger first, because what is said names decisions. It changes nothing; what arrives is taken by replica.ts.
 */
import type { Chain, ChainEnd, Hole } from '../store/group-store.ts'
import { wireLimits } from '../wire/limits.ts'
import { fork, type Chains, type TalkStore } from './chains.ts'
import type { ChainEnds, Decision } from './decision.ts'
import { shortHash, type Ledger } from './ledger.ts'
import { groupLimits } from './limits.ts'
import type { Membership } from './membership.ts'
import type { GroupMessage, State } from './messages.ts'

/** What somebody is known to hold: what they have told, and what went to them or came from them since. */
export class Holding {
  /** Of the list of the own ledger, all up to here. */
  decisions = 0
  readonly ids = new Set<string>()
  readonly chains = new Map<string, ChainEnd & { forkAt?: number }>()
  /** They have told which decisions they hold: before that, all of them seem to be missing there. */
  told = false

  hear({ decisions, digest, ids, chains }: State, ledger: Ledger): void {
    const same = decisions === ledger.decisions.length && digest === ledger.digest
    this.told = same || ids !== undefined
    this.decisions = same ? decisions : 0
    this.ids.clear()
    for (const id of ids ?? []) this.ids.add(id)
    this.chains.clear()
    for (const [chain, end] of chains) this.chains.set(chain, end)
  }

  /** That message goes to them, or came from them. */
  note(message: GroupMessage): void {
    if (message.kind === 'decisions') for (const { hash } of message.decisions) this.ids.add(shortHash(hash))
    if (message.kind !== 'entries') return
    for (const { chain, sequence, hash } of message.entries) this.reach(chain, { sequence, hash })
  }

  /** They hold that chain up to there. */
  reach(chain: string, end: ChainEnd): void {
    const held = this.chains.get(chain)
    if (held === undefined || (held.sequence < end.sequence && held.forkAt === undefined)) this.chains.set(chain, end)
  }
}

export interface ExchangeOptions {
  store: TalkStore
  ledger: Ledger
  chains: Chains
  membership(): Membership
  /** Ids of own entries that were said again. */
  again: ReadonlySet<string>
}

export class Exchange {
  readonly #options: ExchangeOptions

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  state({ answer = false, ids = false } = {}): State {
    const { store, ledger, again } = this.#options
    const all = store.chains()
    const unfilled = all.filter(({ holes, forkAt }) => holes.length > 0 && forkAt === undefined)
    // Of very many, which only a liar causes, some at random: a state must fit in a frame.
    const share = groupLimits.holesTold / unfilled.reduce((sum, { holes }) => sum + holes.length, 0)
    const told = (): boolean => share >= 1 || Math.random() < share
    return {
      kind: 'state',
      answer,
      decisions: ledger.decisions.length,
      digest: ledger.digest,
      ...(ids && { ids: ledger.decisions.map(({ hash }) => shortHash(hash)) }),
      chains: new Map(
        all.map(({ chain, last, forkAt }) => [chain, { ...last, ...(forkAt === undefined ? {} : { forkAt }) }]),
      ),
      holes: new Map(unfilled.map(({ chain, holes }) => [chain, holes.filter(told)])),
      again: [...again].slice(-wireLimits.groupAgain),
    }
  }

  /** What a member who tells its state is answered, besides what it lacks. */
  answers(state: State, from: string): GroupMessage[] {
    const { ledger } = this.#options
    const same = state.decisions === ledger.decisions.length && state.digest === ledger.digest
    if (!same && state.ids === undefined) return state.answer ? [] : [this.state({ ids: true })]
    const answers = [...this.#clashing(state), ...this.#repairs(state, from).take(groupLimits.repairs)]
    if (!state.answer) answers.push(this.state({ answer: true, ids: !same }))
    return answers
  }

  /** What a member lacks, piece by piece: `holding` is to note each before the next one is asked for. */
  *lacking(from: string, holding: Holding): Generator<GroupMessage, void, undefined> {
    const { store, ledger } = this.#options
    if (!holding.told) return
    const missing = ledger.decisions.slice(holding.decisions).filter(({ hash }) => !holding.ids.has(shortHash(hash)))
    for (const decisions of together(missing)) yield { kind: 'decisions', decisions }
    if (missing.length === 0) holding.decisions = ledger.decisions.length
    const begins = this.#historyOf(from)
    for (const { chain } of store.chains()) {
      const held = store.chain(chain)
      if (held?.author === undefined) continue
      yield* this.#entriesFor(held, holding.chains.get(chain) ?? nothing, begins.get(chain)?.sequence ?? 0)
    }
  }

  /** Of entries up to `end`, as many as are compared at once. */
  hashes({ chain, base, last }: Chain, end = last.sequence): GroupMessage {
    const { store } = this.#options
    const from = Math.max(base.sequence, end - groupLimits.hashes)
    return { kind: 'hashes', chain, base: from, hashes: store.hashes(chain, from, end).map(({ hash }) => hash) }
  }

  /** Two decisions have one short hash, and each side takes the other's for its own. */
  #clashing({ decisions, digest, ids = [] }: State): GroupMessage[] {
    const { ledger } = this.#options
    const known = new Set(ids)
    const lacking = ledger.decisions.some(({ hash }) => !known.has(shortHash(hash)))
    if (lacking || decisions > ledger.decisions.length || digest === ledger.digest) return []
    return together(ledger.decisions).map((all) => ({ kind: 'decisions', decisions: all }))
  }

  /** What is wrong with the chains that somebody holds, and what is missing within them. */
  *#repairs({ chains, holes, again }: State, from: string): Generator<GroupMessage, void, undefined> {
    const { store } = this.#options
    const begins = this.#historyOf(from)
    let looked = 0
    for (const chain of store.chains()) {
      if (chain.author === undefined) continue
      const theirs: ChainEnd & { forkAt?: number } = chains.get(chain.chain) ?? nothing
      yield* this.#forkOf(chain, theirs)
      if (chain.author === from && chain.forkAt !== undefined && chain.forkAt === theirs.forkAt) {
        const back = store.aside(chain.chain).filter(({ id }) => !again.includes(id))
        if (back.length > 0) yield { kind: 'yours', entries: back.slice(0, groupLimits.batch.entries) }
      }
      const begin = begins.get(chain.chain)?.sequence ?? 0
      for (const hole of holes.get(chain.chain) ?? []) {
        // Each costs a look, whether it can be filled or not.
        if ((looked += 1) > groupLimits.holesLooked) return
        yield* this.#fill(chain.chain, hole, begin)
      }
    }
  }

  #forkOf(chain: Chain, theirs: ChainEnd & { forkAt?: number }): GroupMessage[] {
    const { forkAt } = chain
    if (forkAt !== undefined && forkAt < (theirs.forkAt ?? Infinity)) {
      const aside = this.#options.store.aside(chain.chain)
      const one = aside.find(({ sequence }) => sequence === forkAt)
      const other = one && aside.find((entry) => fork(one, entry))
      return one === undefined || other === undefined ? [] : [{ kind: 'proof', twins: [one, other] }]
    }
    return this.#differs(chain, theirs) ? [this.hashes(chain)] : []
  }

  /** They hold another entry in the place of one that is held here. */
  #differs(chain: Chain, theirs: ChainEnd & { forkAt?: number }): boolean {
    const { base, last } = chain
    const within = theirs.sequence > base.sequence && theirs.sequence <= last.sequence && theirs.forkAt === undefined
    return within && this.#hashAt(chain, theirs.sequence) !== theirs.hash
  }

  /** What somebody lacks of a chain who has it up to `theirs`, and is given it from above `begin` on. */
  #entriesFor(chain: Chain, theirs: ChainEnd & { forkAt?: number }, begin: number): GroupMessage[] {
    const { store, chains } = this.#options
    const { base, last, forkAt } = chain
    const above = Math.max(theirs.sequence, begin, base.sequence)
    const end = Math.min(chains.limit(chain), last.sequence, (theirs.forkAt ?? Infinity) - 1)
    if (end <= above || (forkAt !== undefined && theirs.sequence >= forkAt) || this.#differs(chain, theirs)) return []
    const entries = store.entries(chain.chain, above, end, groupLimits.batch)
    if (entries.length === 0) return []
    const hash = this.#hashAt(chain, above)
    return [{ kind: 'entries', entries, ...(above > theirs.sequence ? { base: { sequence: above, hash } } : {}) }]
  }

  /** The last entries of what is missing somewhere, if they are held, and above `begin`. */
  #fill(chain: string, { above, end }: Pick<Hole, 'above' | 'end'>, begin: number): GroupMessage[] {
    if (
      end.sequence <= begin ||
      this.#options.store.hashes(chain, end.sequence - 1, end.sequence)[0]?.hash !== end.hash
    )
      return []
    for (let count = groupLimits.batch.entries; count > 0; count >>= 1) {
      const from = Math.max(above, begin, end.sequence - count)
      const entries = this.#options.store.entries(chain, from, end.sequence, groupLimits.batch)
      const whole = entries.length > 0 && entries.length === end.sequence - from
      if (whole) return [{ kind: 'fill', chain, hole: { above, end }, entries }]
    }
    return []
  }

  /** Where history begins for somebody who was added once; who was added again, is given what they had before, too. */
  #historyOf(who: string): ChainEnds {
    const { ledger, membership } = this.#options
    const added = (membership().members.get(who) ?? []).flatMap((hash) => {
      const decision = ledger.get(hash)
      return decision?.kind === 'add' ? [decision.from] : []
    })
    return added.length === 1 ? (added[0] ?? new Map()) : new Map()
  }

  #hashAt({ chain, base }: Chain, sequence: number): string {
    if (sequence === base.sequence) return base.hash
    return this.#options.store.hashes(chain, sequence - 1, sequence)[0]?.hash ?? ''
  }
}

const nothing: ChainEnd = { sequence: 0, hash: '' }

/** Divided into what is handed on at once. */
function together(decisions: readonly Decision[]): Decision[][] {
  const parts: Decision[][] = []
  let bytes = Infinity
  for (const decision of decisions) {
    bytes += decision.signed.byteLength
    if (bytes > groupLimits.batch.bytes) {
      parts.push([])
      bytes = decision.signed.byteLength
    }
    parts.at(-1)?.push(decision)
  }
  return parts
}
