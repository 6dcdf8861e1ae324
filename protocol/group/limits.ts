/** Sizes and rates of groups. Units are those of base/limits.ts. */
import { KiB } from '../base/units.ts'
import { wireLimits } from '../wire/limits.ts'

export const groupLimits = {
  /** Decisions that wait for those that they name. */
  waiting: 256,
  /** Heads that a decision names; who knows more names some of them. */
  heads: wireLimits.groupHeads,
  /** Chains under one admission: a new one after each restored backup. */
  chains: 64,
  /** How far a lamport may be above the number of decisions and entries, to be taken; and to be counted on from. */
  lamportTaken: 1_000_000,
  lamportFollowed: 500_000,
  /** Entries handed on at once, and their bytes. */
  batch: { entries: 64, bytes: 192 * KiB },
} as const
