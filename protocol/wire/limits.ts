/** Bounds of decoded messages. Units are those of base/limits.ts. */
import { KiB, MiB } from '../base/units.ts'

export const wireLimits = {
  /** The list of files, in bytes: limits.transferFiles of them with long paths. */
  manifest: 64 * MiB,
  /** The part of the list that is sent in the offer: with its padding it fits a chat frame. */
  offerEntries: 160 * KiB,
  /** The message of an error, in characters: one sentence. */
  errorMessage: 500,
} as const
