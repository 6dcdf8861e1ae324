/** Numbers of /quorum/mailbox, both sides. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { day, GiB, KiB, minute, MiB, second } from '../base/units.ts'
import type { MailboxCall } from '../wire/mailbox.ts'
import { wireLimits } from '../wire/limits.ts'

export const mailboxLimits = {
  // ---- streams
  /** A frame: one parcel, and the fields around it. */
  mailboxFrame: wireLimits.parcel + 1 * KiB,
  /** Streams of one peer: the one in use, and its successor while nobody has noticed that the old one is dead. */
  streamsPerPeer: 2,
  /** Streams that a peer opens: more than one whose network fails every few seconds. */
  streamsOpened: { tokens: 30, per: 1 * minute } as Rate,
  /**
   * Frames of one stream, refused ones included, and beyond them of all streams of its address: a flood ends its
   * stream.
   */
  frames: { tokens: 200, per: 10 * second } as Rate,
  framesPerAddress: { tokens: 2000, per: 10 * second } as Rate,
  /** What a node has to send to one peer beside what that one's window takes: a parcel, and some answers. */
  owed: wireLimits.parcel + 64 * KiB,
  /** Requests of one stream that wait for the disk, beside the next one. */
  unanswered: 8,
  /**
   * Frames in memory, from their first byte until they are answered, and parcels on their way out: in all, and of one
   * address or IPv6 /48.
   */
  inMemory: 32 * MiB,
  inMemoryPerAddress: 4 * MiB,
  /** Wait before a parcel is sent for which there was no room. */
  sendRetry: 1 * second,
  /** Waits before a peer opens a session again whose connection lives. */
  sessionRetry: { first: 1 * second, longest: 5 * minute },
  /** What waits at a node has come this long after a session began. */
  collecting: 1 * minute,
  /** Parcels that a peer has received and not handled: no more are read. */
  unhandled: 8,

  // ---- the node's disk
  /** Longest time for which a parcel and a list of tickets stay: shorter than a sealing key lives. */
  heldFor: 30 * day,
  /** Of one ticket, that is of one friend for another: parcels and bytes. */
  perTicket: { parcels: 200, bytes: 4 * MiB },
  /** For one recipient. */
  perRecipient: { parcels: 2000, bytes: 32 * MiB },
  /** In all, and of one address or IPv6 /48: a school of 60, each of whom writes to friends who are away. */
  held: 8 * GiB,
  heldPerAddress: 512 * MiB,
  /** Lists of tickets in all, and of one address: 16 bytes a friend. */
  tickets: 512 * MiB,
  ticketsPerAddress: 16 * MiB,
  /** Bytes that one address leaves. */
  leftPerAddress: { tokens: 64 * MiB, per: 1 * day } as Rate,
} as const

/** How often one peer may make each call, kept over its reconnects. A call without a rate does not compile. */
export const mailboxRates = {
  /** Once in a session, and when a friend comes or goes. */
  tickets: { tokens: 20, per: 1 * minute },
  /** One after the other while a friend is away, and all that was held back after a start. */
  leave: { tokens: 120, per: 1 * minute },
  /** As many: a message that is delivered live is withdrawn. */
  withdraw: { tokens: 240, per: 1 * minute },
  /** A few for a full mailbox. */
  taken: { tokens: 120, per: 1 * minute },
} as const satisfies Record<MailboxCall['call'], Rate>

/** All peers of one address together may call as often as this many of them. */
export const mailboxPeersPerAddress = 20
