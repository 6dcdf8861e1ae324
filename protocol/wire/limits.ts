/** Bounds of what is decoded. Units are those of base/limits.ts. */
import { KiB, MiB } from '../base/units.ts'

export const wireLimits = {
  /** The list of files, in bytes: so many with long paths. */
  manifest: 64 * MiB,
  /** The part of the list that travels in the offer: with its padding it fits a chat frame. */
  offerEntries: 160 * KiB,
} as const
