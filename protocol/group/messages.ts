/** What members tell each other about a group (docs/protocol.md, "/quorum/group/1.0.0"), read and verified. */
import type { ChainEnd, Hole } from '../store/group-store.ts'
import type { Decision } from './decision.ts'
import type { Entry } from './entry.ts'

/** What a member tells of what it holds. */
export interface State {
  kind: 'state'
  /** It is an answer: it asks for none. */
  answer: boolean
  /** How many decisions, and the digest of all (`Ledger.digest`). */
  decisions: number
  digest: string
  /** Their short hashes, where the digests differ. */
  ids?: readonly string[]
  chains: ReadonlyMap<string, ChainEnd & { forkAt?: number }>
  holes: ReadonlyMap<string, readonly Pick<Hole, 'above' | 'end'>[]>
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
  /** Of entries above `base`: the reader looks for the first one that differs. */
  | { kind: 'hashes'; chain: string; base: number; hashes: readonly string[] }
  | { kind: 'proof'; twins: readonly [Entry, Entry] }
  /** What follows an entry that the sender has never seen, and that is not the one which the reader has there. */
  | { kind: 'successor'; entry: Entry }
  /** The end of what is missing, or all of it. */
  | { kind: 'fill'; chain: string; hole: Pick<Hole, 'above' | 'end'>; entries: readonly Entry[] }
  /** The reader's own, of a chain that forks. */
  | { kind: 'yours'; entries: readonly Entry[] }
