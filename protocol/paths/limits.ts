/**
 * Numbers of paths: dials, hole punches, reversal, discovery, port mappings, upkeep. Units are those of base/limits.ts.
 */
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, KiB, MiB } from '../base/units.ts'

export const pathLimits = {
  // ---- dials
  /** Circuits are dialled this much later than direct addresses, so that a direct path that works is the first. */
  circuitsAfter: 300,
  /** The peer with the larger PeerId dials circuits later still: of two that dial each other, one circuit is enough. */
  circuitGrace: 400,
  /** A direct path is tried this long after a circuit came, or up to twice that: the friend's hello has arrived. */
  directAfter: 500,
  /** Ordinary direct dials have this long before a hole is punched as well. */
  punchAfter: 500,
  /** Dials that began within this of the newest belong to the same attempt, as `connection` reports it. */
  attemptSpan: 30 * second,
  /** Dials of one friend whose outcome is remembered: more than one attempt ever makes. */
  attemptsRemembered: 32,

  /**
   * Attempts to reach friends that are away, all together: all at once for a few dozen friends, and less than half of
   * the lookups that a node answers in a minute.
   */
  tries: { tokens: 60, per: 2 * minute } as Rate,
  /** Attempts at once after a friend was there, or asked to be dialled: its own node may not have its circuit yet. */
  hopefulTries: 5,

  // ---- hole punches
  /** A hole punch message: a few addresses. DCUtR's own limit. */
  punchFrame: 4 * KiB,
  /** Both sides dial at the same time for this long: TCP repeats a lost packet after one second, and after two more. */
  punch: 4 * second,
  /** One round of a hole punch in all: asking a node, the exchange, dialling. */
  punchRound: 12 * second,
  /** Rounds of one attempt at a hole punch: a router may lose one by chance. */
  punchRounds: 3,
  /** First and longest wait between two rounds: routers drop the entries that the last round left. */
  punchRoundWait: { first: 400, longest: 2 * second },
  /** First wait and longest wait before the next attempt after a failed one: routers rarely change. */
  punchRetry: { first: 30 * second, longest: 15 * minute },
  /** Hole punches that one friend may ask of us: each costs a connection to a node. */
  punches: { tokens: 12, per: 1 * minute } as Rate,

  // ---- connection reversal
  /** First and longest wait between two requests to the same friend to dial us: the friend may just be away. */
  dialMeRetry: { first: 10 * second, longest: 15 * minute },
  /** Requests to dial in all: well below what a node takes, so that friend requests and answers still go. */
  dialMes: { tokens: 20, per: 1 * minute } as Rate,

  // ---- the network of this machine
  /** How often interfaces and clocks are read: reading them takes well under a millisecond. */
  networkPoll: 2 * second,
  /** Clocks apart by more than this mean sleep: longer than a busy process is ever held up, shorter than any nap. */
  sleepNoticed: 10 * second,
  /** Addresses of a friend on the local network: wired, wireless, and one that is stale. */
  lanAddresses: 4,
  /** Dials to one friend because of LAN announcements: one comes every ten seconds, and anybody can forge them. */
  lanDials: { tokens: 6, per: 1 * minute } as Rate,

  // ---- port mappings
  /** How long a stop waits for routers to remove their mappings. */
  routerClose: 1 * second,
  /** Private networks whose routers are asked: wired, wireless, a VPN, and virtual machines' (without success). */
  routersAsked: 4,
  portRenewed: 20 * minute,

  // ---- upkeep
  /** How long a connection of a stranger lasts: enough for an envelope. */
  strangerLifetime: 60 * second,
  /** A connection that a better one replaced is closed after this: its streams have moved by then. */
  replacedAfter: 10 * second,
  /** A connection is replaced after so many bytes too, both ways together: the next one has new keys (protocol.md). */
  connectionBytes: 64 * 1024 * MiB,
  /** How often age and bytes are checked: at the speed of a fast disk some 10 GiB more may pass. */
  connectionCheck: 1 * minute,
} as const
