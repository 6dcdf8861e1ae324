/** Numbers of friendship: requests, invites and envelopes. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, day } from '../base/units.ts'

export const friendLimits = {
  /** An unanswered friend request is handed to the node again after this. */
  mailResend: 1 * day,
  /** What one friend may ask of us: each costs a dial to every address it tells. */
  dialMesHeard: { tokens: 6, per: 1 * minute } as Rate,
  /** Requests of strangers without an invite that wait for a decision (protocol.md). */
  strangerRequests: 100,
  /** People declined or removed with whom nothing was said: kept for a while, so that replays are recognised. */
  strangersRemembered: 200,
  /** Refusals of invites on their way: strangers decide how many would be written. */
  refusals: 10,
  /** Friends and requests in all. */
  friends: 5000,
  /** Invites outstanding at once. */
  invites: 200,
  /** Envelopes over /quorum/friend from one peer. */
  friendEnvelopes: { tokens: 10, per: 1 * minute } as Rate,
  /** Envelopes opened in all: each costs a Diffie-Hellman and a signature check. */
  envelopesOpened: { tokens: 200, per: 10 * second } as Rate,
} as const
