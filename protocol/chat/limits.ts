/** Numbers of /quorum/chat. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { second, KiB, MiB } from '../base/units.ts'

export const chatLimits = {
  /** A chat frame: the longest text and its padding fit with room to spare. */
  chatFrame: 256 * KiB,
  /** Chat frames that change nothing (empty, repeated, typing): after a reconnect a window of repeats is honest. */
  chatIdleFrames: { tokens: 2000, per: 20 * second } as Rate,
  /**
   * Sent but not receipted: the path is probed instead of waiting for the idle check. A receipt takes a round trip and
   * a disk's sync; a slow disk or line costs a ping too many, a dead path that looks alive costs a person's patience.
   */
  receipt: 3 * second,
  /** First wait and longest wait before a chat stream is opened again on a connection that lives. */
  streamRetry: { first: 300, longest: 20 * second },
  /** Messages on the way without a receipt, and their bytes: bounds both sides' memory. */
  chatWindow: 256,
  chatWindowBytes: 1 * MiB,
  /** Messages waiting for one friend: months of writing to somebody absent. */
  outbox: 100_000,
  /** A typing mark fades after this when nothing renews it. */
  typing: 6 * second,
} as const
