/**
 * What members say, as it is held: chains of entries, each of one author under one admission (docs/protocol.md,
 * "Groups", Talk). Hashes and ids of chains are in hexadecimal, people are PeerIds.
 */
import { byUnits } from '../base/by-units.ts'
import { hex } from '../base/hex.ts'
import { digest, publicKeyOf } from '../identity/identity.ts'
import type { EntryContent } from '../wire/group.ts'

export interface Entry {
  hash: string
  author: string
  /** Hash of the founding or the addition that lets the author speak. */
  admission: string
  chain: string
  /** 1, 2, 3 … within the chain. */
  sequence: number
  /** Hash of the entry before; empty at 1. */
  previous: string
  /** Heads of the ledger that the author knew: all of it must be held before the entry is taken. */
  ledger: readonly string[]
  lamport: number
  /** Milliseconds since the epoch, by the author's clock: for people. */
  time: number
  /** UUID; of two entries of one author with one id, the first in order is shown. */
  id: string
  content: EntryContent['content']
  /** Wire form of `Signed`: what members hand on. */
  signed: Uint8Array
}

/** `mark`: 16 random bytes, which no backup has, so that a restored profile begins a chain of its own. */
export function chainOf(author: string, admission: string, mark: Uint8Array): string {
  return hex(digest(publicKeyOf(author), Buffer.from(admission, 'hex'), mark))
}

/** The order in which everybody shows what was said. */
export function inOrder(a: Entry, b: Entry): number {
  return a.lamport - b.lamport || byUnits(a.author, b.author) || byUnits(a.chain, b.chain) || a.sequence - b.sequence
}
