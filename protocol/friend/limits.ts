/** Sizes, durations and rates of friendship: requests, invites, envelopes. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, day } from '../base/units.ts'

export const friendLimits = {
  /** An unanswered friend request is handed to the node again after this, in case the node lost it. */
  requestRetry: 1 * day,
  /**
   * The nodes of somebody who was asked are asked for the answer: this long after the request, and at the longest so
   * often. A person answers within a minute, or within days.
   */
  answerVisits: { first: 1 * minute, longest: 60 * minute },
  /** Dial-me envelopes accepted from one friend: each costs a dial to every address in it. */
  dialMes: { tokens: 6, per: 1 * minute } as Rate,
  /** Words of one friend that came in an envelope: one a day, an answer, and each of them from every node. */
  stands: { tokens: 20, per: 60 * minute } as Rate,
  /** Friend requests of strangers without an invite that wait for a decision (docs/protocol.md, "Friendship"). */
  strangerRequests: 100,
  /** Rows of declined or removed people without any message: stored for a while, so that replays are recognised. */
  strangersRemembered: 200,
  /** A changed request is shown as new at most this often: whoever asks does not decide how often it rings. */
  ringsAgain: 1 * day,
  /** So long a declined peer is not heard, unless it has an invite that was made after the decline. */
  declineRemembered: 30 * day,
  /** Refusals of invites that wait for delivery: without a bound, strangers decide how many are written. */
  refusals: 10,
  /** Friends and friend requests together. */
  friends: 5000,
  /** Invites outstanding at once. */
  invites: 200,
  /** How soon the local network is no longer listened to for codes after the last invite is used or has expired. */
  lanCodesRenewed: 1 * minute,
  /** Envelopes over /quorum/friend from one peer. */
  friendEnvelopes: { tokens: 10, per: 1 * minute } as Rate,
  /**
   * Envelopes opened, of all peers together: each costs a decapsulation and a signature check, 0.25 to 4 ms. Who sent
   * one is known after that only, so a node bounds what an address sends (directoryLimits.heldPushesPerAddress): thirty
   * of them would use this up.
   */
  envelopesOpened: { tokens: 400, per: 10 * second } as Rate,
  /** Envelopes that are delivered at the same time: a recipient that does not answer delays one queue of these. */
  deliveryQueues: 8,
  /** Bytes of an acknowledgement: it has two, and anything near this is something else. */
  acknowledgement: 64,
} as const
