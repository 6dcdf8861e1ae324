/**
 * A decision about who is in a group, as the ledger holds it (docs/protocol.md, "Groups"). Hashes and ids of chains are
 * in hexadecimal, people are PeerIds.
 */
import type { ChainEnd } from '../store/group-store.ts'

/** Up to where chains of talk count, or from where, by their ids. */
export type ChainEnds = ReadonlyMap<string, ChainEnd>

export type Action =
  | { kind: 'found'; name: string }
  /** `invitation`: what the member has consented to, which counts once. `from`: what the member is not given. */
  | { kind: 'add'; member: string; invitation: string; from: ChainEnds }
  /** `upTo`: what the member had written that still counts. `undo`: decisions of the member that do not. */
  | { kind: 'remove'; member: string; upTo: ChainEnds; undo: readonly string[] }
  /** The smaller the number, the more senior; 0 is no office. */
  | { kind: 'role'; member: string; rank: number }
  | { kind: 'name'; name: string; picture: Uint8Array }
  | { kind: 'leave'; upTo: ChainEnds }
  /** Of a later version: it is held and passed on, and decides nothing. */
  | { kind: 'unknown' }

export type Decision = Action & {
  hash: string
  author: string
  /** Hashes of all decisions that the author knew and that no other one it knew names. */
  heads: readonly string[]
  lamport: number
  /** Milliseconds since the epoch, by the author's clock: for people. */
  time: number
  /** Wire form of `Signed`: what members hand on. */
  signed: Uint8Array
}

/** A decision of one kind. */
export type DecisionOf<K extends Action['kind']> = Decision & { kind: K }
