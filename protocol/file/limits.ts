/** Numbers of /quorum/file. Units are those of base/limits.ts. */
import { second, KiB, MiB } from '../base/units.ts'

export const fileLimits = {
  /** Transfers that move at the same time between two friends, each way; the others wait their turn. */
  transfersAtOnce: 3,
  /** Transfers that a friend may have offered and nobody answered: a page of the list. */
  offersOpen: 200,
  /** A frame from the receiver: an opening or an acknowledgement. */
  fileFrame: 1 * KiB,
  /** The header of a chunk, or why there is none. */
  chunkHeader: 4 * KiB,
  /** A circuit that its node ends after fewer bytes is left to the chat: chunks and what waits in front of them. */
  fileCircuit: 4 * MiB,
  /** Chunks that wait for the disk on either side: reading, hashing and writing overlap. */
  chunksWaiting: 4,
  /** Nothing arrives, or nothing is acknowledged: the path is probed, and then the stream given up. */
  fileStalled: { probe: 3 * second, give: 60 * second },
  /** First wait and longest wait before a transfer that was interrupted is taken up again. */
  transferRetry: { first: 300, longest: 20 * second },
  /** Between two `transfer-changed` of one transfer that only say how far it is (headless.md). */
  transferTold: 250,
} as const
