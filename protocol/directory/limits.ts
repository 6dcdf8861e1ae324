/** Numbers of /quorum/directory, both sides. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, day, KiB } from '../base/units.ts'

export const directoryLimits = {
  /** A directory frame: one envelope or one record, and what is around it. */
  directoryFrame: 16 * KiB,
  /** Frames of a directory stream: a whole friends list looked up after a start, then little. */
  directoryFrames: { tokens: 400, per: 10 * second } as Rate,
  /** First wait and longest wait between attempts to reach a node: people look at the screen. */
  nodeRetry: { first: 500, longest: 15 * second },
  /** A node is given this long for a clean close: the next dial to it waits for the end of the old connection. */
  nodeClose: 1 * second,
  /** libp2p asks for a reservation at once; a session that has none after this asks itself. */
  reserveAfter: 2 * second,
  /** Where a node refused a reservation, it is asked again after this. */
  reserveAgain: 30 * second,
  /** First wait and longest wait before mail that could not be taken (a flood, a full disk) is taken up again. */
  mailAgain: { first: 1 * second, longest: 30 * second },
  recordRenewed: 30 * minute,
  records: 50_000,
  handleKept: 180 * day,
  heldPerSender: 5,
  heldFor: 30 * day,
  /** Envelopes held in all: at 8 KiB each, about 2 GiB of disk. */
  held: 250_000,
  parkedFor: 30 * day,
  /** Parked invites and handles in all: identities cost nothing, so these bound the disk to some 500 MiB more. */
  parked: 100_000,
  handles: 500_000,
  lookups: { tokens: 120, per: 1 * minute } as Rate,
  /** Codes tried by one peer and by one address: 50 bits behind Argon2id stay out of reach. */
  codeLookups: { tokens: 10, per: 1 * minute } as Rate,
  deliveries: { tokens: 60, per: 1 * minute } as Rate,
  /** From one address, whose identities cost nothing: a school handing in its requests at once. */
  deliveriesPerAddress: { tokens: 600, per: 1 * minute } as Rate,
  /** Envelopes for one recipient that are pushed and not held: a friend with many nodes, some friends at once. */
  fleeting: { tokens: 30, per: 1 * minute } as Rate,
  announces: { tokens: 20, per: 1 * minute } as Rate,
  /** Dials back: two ports after each change of network, by one peer; a school waking up, by one address. */
  dialBacks: { tokens: 12, per: 1 * minute } as Rate,
  dialBacksPerAddress: { tokens: 60, per: 1 * minute } as Rate,
  /** In all: each holds a socket for as long as a dead port keeps silent. */
  dialBacksAtOnce: 100,
  dialBack: 5 * second,
  /** A router's mapping or a firewall's rule may have changed without a trace here. */
  reachableAgain: 30 * minute,
} as const
