/** Sizes and rates of groups. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { day, hour, KiB, MiB, minute, second } from '../base/units.ts'
import { wireLimits } from '../wire/limits.ts'

export const groupLimits = {
  /** Decisions that wait for those that they name. */
  waiting: 256,
  waitingDecisionBytes: 4 * MiB,
  /** Heads that a decision names; who knows more names some of them. */
  heads: wireLimits.groupHeads,
  /** Chains under one admission: a new one after each restored backup. */
  chains: 64,
  /** How far a lamport may be above the number of decisions and entries, to be taken; and to be counted on from. */
  lamportTaken: 1_000_000,
  lamportFollowed: 500_000,
  /** Members that this program adds to; more are shown. Groups of one person. */
  members: 100,
  groups: 100,
  /** What a person says and decides, in one group. */
  entries: { tokens: 60, per: 1 * minute } as Rate,
  decisions: { tokens: 60, per: 1 * hour } as Rate,
  /** Of somebody who is not in, unless a member builds on it. */
  decisionsOfOthers: { tokens: 60, per: 1 * hour } as Rate,
  /** New cards of one member. */
  cards: { tokens: 30, per: 1 * hour } as Rate,
  /** What is kept of one author, in bytes. */
  talkOfOne: 256 * MiB,
  /** Invitations of one friend that wait for an answer. */
  invitationsOfOne: 5,
  /** A removal undoes at most so many decisions. */
  undone: wireLimits.groupUndo,
  /** What a newcomer is given who gets the last of the history. */
  historyLast: 100,
  /** Own messages that are said to have changed at once. */
  receiptsTold: 100,
  /** A signed card: its picture, and the rest. */
  card: wireLimits.picture + 16 * KiB,
  /**
   * What a member sends is looked at so fast: frames, of which those that cause a look at all chains count more, and
   * their bytes.
   */
  framesTaken: { tokens: 2000, per: 1 * minute } as Rate,
  costlyFrame: 20,
  bytesTaken: { tokens: 64 * MiB, per: 1 * minute } as Rate,
  /** Bytes of what is seen that count as one frame more. */
  seenBytes: 4 * KiB,
  /** Hellos of one peer, and how often who is not known to be in shows why they are. */
  hellos: { tokens: 120, per: 1 * minute } as Rate,
  whys: { tokens: 4, per: 1 * minute } as Rate,
  /** Milliseconds until a member is told again what is held here, at least, and at most. */
  stateAgain: 5 * second,
  /** How often a member is asked at once what it holds. */
  statesAsked: { tokens: 20, per: 1 * minute } as Rate,
  stateCheck: 5 * minute,
  /** Until what others have said is passed on, and until members are told what has come here, and what others hold. */
  passedOn: { least: 0.2 * second, most: 0.5 * second },
  seenTold: 0.1 * second,
  seenPassedOn: 5 * second,
  /** Chains of members of which is told at once. */
  seenTogether: 5000,
  /** Frames that wait to be sent to one member, and their bytes. */
  waitingFrames: 256,
  waitingBytes: 8 * MiB,
  /** Waits after a stream ended, and before the side that was dialled opens one. */
  streamRetry: { first: 1 * second, longest: 5 * minute },
  openGrace: 2 * second,
  /** What was said is left for who is away after so long, and as much more as chance has it. */
  mailAway: { after: 30 * second, spread: 30 * second },
  /** What could not be left is tried again, ever more seldom. */
  mailRetry: 10 * minute,
  /** Parcels for one member come at least so far apart; without a receipt they are left again after so long. */
  parcelsApart: 2 * minute,
  parcelAgain: 3 * day,
  /** How often it is looked whether parcels are to be left again. */
  mailCheck: 1 * hour,
  /** A program that ends leaves what waits within this time. */
  mailAtStop: 3 * second,
  /** Bytes of what members lack in one parcel, before the last piece, and its frames. */
  parcel: 32 * KiB,
  parcelFrames: wireLimits.groupParcelFrames - 2,
  /** A member is shown as writing for so long. */
  typing: 6 * second,
  /** Hashes of a chain that are compared at once. */
  hashes: wireLimits.groupHashes,
  /** Members to whom what is new is passed on. */
  links: 12,
  /** Chains that are repaired with one answer, and holes that are looked at for it. */
  repairs: 16,
  holesLooked: 64,
  /** Holes of one chain; and of all chains together, those that a state tells. */
  holes: wireLimits.groupHoles,
  holesTold: 2000,
  /** Entries handed on at once, and their bytes. */
  batch: { entries: wireLimits.groupEntries, bytes: 192 * KiB },
} as const
