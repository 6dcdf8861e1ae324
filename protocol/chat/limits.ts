/** Sizes, durations and rates of /quorum/chat. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { day, minute, second, KiB, MiB } from '../base/units.ts'
import { wireLimits } from '../wire/limits.ts'

export const chatLimits = {
  /** A chat frame: the longest text and its padding fit with room to spare. */
  chatFrame: 256 * KiB,
  /**
   * Frames that change nothing (repeated, typing, unknown ones). The burst is large because an honest friend repeats a
   * whole window after a reconnect.
   */
  chatIdleFrames: { tokens: 2000, per: 20 * second } as Rate,
  /** Bytes on the disk (as below) of one friend that are taken at once, and then: a third of a core. */
  chatArriving: { tokens: 4 * MiB, per: 2 * second } as Rate,
  /** Of these, so many are stored in one transaction, which nothing else can interrupt: a tenth of a second. */
  chatTogether: 256 * KiB,
  /**
   * Bytes on the disk for new messages of one friend, read or not: a person writes some 100 KiB a day, so only a flood
   * comes here, or 100,000 messages of somebody who was away.
   */
  chatNewBytes: { tokens: 128 * MiB, per: day } as Rate,
  /**
   * What a message takes on the disk besides its body: for its rows, and for each byte of its first 4,096 characters,
   * which the search finds by their trigrams and may store once more, folded (measured: 4.5 for random letters, 5.1 for
   * Chinese).
   */
  messageCost: 256,
  searchCost: 5,
  /** An offer of files, which may be one too many and has to be refused in words: some 8,000 in a day. */
  offerCost: 16 * KiB,
  searchedBytes: 12 * KiB,
  /** What was held is asked for again when no more than this share of the allowance is used up. */
  heldUntil: 0.75,
  /** How often it is looked whether what is held may come. */
  heldCheck: minute,
  /**
   * Without a receipt for this long, the path is probed instead of waiting for the idle check. A receipt takes a round
   * trip and a sync of the friend's disk. Where that is slow, the price is one ping too many; on a dead path that looks
   * alive, the price of waiting longer is a person's patience.
   */
  receipt: 3 * second,
  /** The side that was dialled waits this long for the dialler's chat stream before it opens one itself. */
  openGrace: 1.5 * second,
  /** First wait and longest wait before a chat stream is opened again on a connection that is still open. */
  streamRetry: { first: 300, longest: 20 * second },
  /** Messages without a receipt on one stream, and bytes of one write: both bound the memory of both sides. */
  chatWindow: 256,
  chatWindowBytes: 1 * MiB,
  /** Messages that wait for one friend: months of writing to somebody who is absent. */
  outbox: 100_000,
  /** How often a friend may hold others than were sent, or fewer than before: each time, many messages change. */
  adoptions: { tokens: 3, per: 60 * minute } as Rate,
  /** Delivered messages whose state or number changes when two stores disagree: each is reported, all at once. */
  sentAgain: 2000,

  // ---- parcels
  /** One-time keys that a friend has in the end, and those that a parcel brings at most. */
  keysTogether: wireLimits.oneTimeKeys,
  keysInParcel: 16,
  /** A hello of its own brings keys only if so many are missing. */
  keysMissing: 5,
  /** Keys of one friend that are kept, and keys for one friend whose private halves are: beyond, the oldest go. */
  keysKept: 100,
  keysGiven: 200,
  /**
   * Keys that are made for one friend, a millisecond or two each, and that are taken of one; parcels that are sealed
   * anew and left again because one friend says so. Each is several times what friends who come and go ask for.
   */
  keysMade: { tokens: 200, per: 60 * minute } as Rate,
  keysTaken: { tokens: 500, per: 60 * minute } as Rate,
  parcelsAnew: { tokens: 200, per: 60 * minute } as Rate,
  holesHeard: { tokens: 10, per: 60 * minute } as Rate,
  /** Keys in parcels count as arriving for so long. */
  keysUnderWay: 7 * day,
  /** A key is used no later than this after it came, and destroyed no later than this after it was made. */
  keyUsable: 28 * day,
  keyKept: 90 * day,
  /** Parcels of a store that was replaced by an older copy of itself may arrive for so long. */
  keyFloor: 30 * day,
  /** Bodies in one parcel: the largest one, an offer, fits alone; and with keys and padding, the node takes it. */
  parcelBodies: 64,
  parcelBodyBytes: 200 * KiB,
  /** What was sealed and no longer fits is sealed again, so often at once: later there is another attempt. */
  sealedInVain: 20,
  /** Parcels and bytes on their way to one friend: what a mailbox holds of one ticket is twice as many. */
  parcelsOut: 100,
  parcelsOutBytes: 3 * MiB,
  /** Without a receipt for this long, the same bytes are left again. */
  parcelAgain: 3 * day,
  /** Nodes of a friend at which a parcel is left. */
  parcelNodes: 2,
  /** Where this peer stands is told in an envelope at most this often: of itself, and as an answer. */
  standAgain: 1 * day,
  /** A parcel that came before and comes again is answered again, not more often than this; and so long it is known. */
  parcelAnswered: 1 * day,
  parcelKnown: 120 * day,
  parcelsKnown: 2000,
  /**
   * A friend who is away: the first wait before something is left, in which a message can be recalled; doubled from one
   * to the next up to the longest.
   */
  mailAway: { first: 5 * second, longest: 30 * second },
  /** As long, where nothing could be left. */
  mailRetry: 10 * minute,
  /** A friend who is there and sends no receipt. */
  mailUnanswered: 10 * second,
  /** A mere receipt waits for what else there may be to tell. */
  mailAnswer: { least: 5 * minute, most: 15 * minute },
  /** How often it is looked whether parcels are to be left again. */
  mailCheck: 60 * minute,
  /** A program that ends leaves what waits within this time. */
  mailAtStop: 3 * second,
  /** Parcels of one friend that wait in memory for what comes before them: all that a node holds of one. */
  parcelsWaiting: 4 * MiB,
  /** That something is missing is told when nothing more has come for this long. */
  holeReport: 10 * second,
  /** Parcels that are done with within this time are told to the nodes together. */
  takenTogether: 50,
  /** Parcels that do not open are told of until the next word, so many of them. */
  unopened: wireLimits.unopened,

  /** A typing mark fades after this unless it is renewed. */
  typing: 6 * second,
} as const
