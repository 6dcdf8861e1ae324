/**
 * The decisions of a group that are held: each with all that it names. Their order of arrival leaves no trace. What a
 * decision had seen, its past, is all that is reached over `heads`.
 */
import { byUnits } from '../base/by-units.ts'
import { hex } from '../base/hex.ts'
import { digest } from '../identity/identity.ts'
import { shortHashLength } from '../wire/group-frame.ts'
import type { Decision } from './decision.ts'
import { groupLimits } from './limits.ts'

/** Hexadecimal digits of a short hash. */
const shortHashDigits = 2 * shortHashLength

/** A set of positions in the list of a ledger, a bit for each. */
type Positions = Uint32Array

export class Ledger {
  readonly #list: Decision[] = []
  readonly #positions = new Map<string, number>()
  /** Of each decision. */
  readonly #pasts: Positions[] = []
  readonly #heads = new Set<string>()
  readonly #waiting = new Map<string, Decision>()
  #digest: { of: number; value: string } | undefined

  /** In an order in which each comes after what it had seen; the first one is the founding. */
  get decisions(): readonly Decision[] {
    return this.#list
  }

  /** What a decision of now names. */
  get heads(): string[] {
    return [...this.#heads].slice(0, groupLimits.heads)
  }

  /** Of the hashes of all decisions that are held, in hexadecimal digits. */
  get digest(): string {
    const { length } = this.#list
    if (this.#digest?.of !== length) {
      const hashes = this.#list.map(({ hash }) => hash).toSorted(byUnits)
      this.#digest = { of: length, value: hex(digest(Buffer.from(hashes.join(''), 'hex'))) }
    }
    return this.#digest.value
  }

  has(hash: string): boolean {
    return this.#positions.has(hash)
  }

  get(hash: string): Decision | undefined {
    const position = this.#positions.get(hash)
    return position === undefined ? undefined : this.#list[position]
  }

  /** Somebody has founded it, or was added, whether that counts or not. */
  hasBeenIn(peer: string): boolean {
    return this.#list.some(
      (one) => (one.kind === 'add' && one.member === peer) || (one.kind === 'found' && one.author === peer),
    )
  }

  /** Both are held, and `earlier` is in the past of `later`. A decision is not in its own past. */
  sees(later: Decision, earlier: Decision): boolean {
    const [of, at] = [this.#positions.get(later.hash), this.#positions.get(earlier.hash)]
    const past = of === undefined ? undefined : this.#pasts[of]
    return past !== undefined && at !== undefined && has(past, at)
  }

  /**
   * Takes a decision. Returns those that are held from now on: it, and those that had waited for it; none if it was
   * held before, if something that it names is missing, or if its author could never have said it. What is missing is
   * waited for, but not by more than `groupLimits.waiting`.
   */
  take(decision: Decision): Decision[] {
    const { hash, heads } = decision
    if (this.has(hash)) return []
    if (heads.some((head) => !this.has(head))) {
      this.#wait(decision)
      return []
    }
    const past = this.#pastOver(heads)
    if (!this.#hasGround(decision, past)) return []
    this.#positions.set(hash, this.#list.length)
    this.#list.push(decision)
    this.#pasts.push(past)
    for (const head of heads) this.#heads.delete(head)
    this.#heads.add(hash)
    const taken = [decision]
    for (const waiting of this.#waiting.values().toArray()) {
      if (!waiting.heads.every((head) => this.has(head))) continue
      this.#waiting.delete(waiting.hash)
      taken.push(...this.take(waiting))
    }
    return taken
  }

  /** What waits: something that each of them names is missing. */
  get waiting(): Iterable<Decision> {
    return this.#waiting.values()
  }

  #wait(decision: Decision): void {
    const bytes = this.#waiting
      .values()
      .reduce((sum, { signed }) => sum + signed.byteLength, decision.signed.byteLength)
    if (this.#waiting.size < groupLimits.waiting && bytes <= groupLimits.waitingDecisionBytes)
      this.#waiting.set(decision.hash, decision)
  }

  #pastOver(heads: readonly string[]): Positions {
    const past = new Uint32Array((this.#list.length >> 5) + 1)
    for (const head of heads) {
      const at = this.#positions.get(head) ?? 0
      for (const [word, bits] of (this.#pasts[at] ?? []).entries()) past[word] = (past[word] ?? 0) | bits
      past[at >> 5] = (past[at >> 5] ?? 0) | (1 << (at & 31))
    }
    return past
  }

  /** Its own past gives the author the right to say such a thing; whether it counts is for membership.ts. */
  #hasGround(decision: Decision, past: Positions): boolean {
    if (decision.kind === 'found') return this.#list.length === 0 && decision.heads.length === 0
    if (decision.heads.length === 0 || decision.heads.length > groupLimits.heads) return false
    const { author } = decision
    const seen = (test: (one: Decision) => boolean): boolean => this.#list.some((one, at) => has(past, at) && test(one))
    const founder = this.#list[0]?.author === author
    const admitted = founder || seen((one) => one.kind === 'add' && one.member === author)
    if (decision.kind === 'leave' || decision.kind === 'unknown') return admitted
    if (decision.kind === 'add' && seen((one) => one.kind === 'add' && one.invitation === decision.invitation))
      return false
    return founder || seen((one) => one.kind === 'role' && one.member === author && one.rank > 0)
  }
}

function has(positions: Positions, at: number): boolean {
  return ((positions[at >> 5] ?? 0) & (1 << (at & 31))) !== 0
}

/** By which a decision is named where its hash would be too long. */
export function shortHash(hash: string): string {
  return hash.slice(0, shortHashDigits)
}
