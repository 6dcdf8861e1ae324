/** Numbers of paths: hole punches, reversal, discovery, port mappings, upkeep. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, KiB, MiB } from '../base/units.ts'

export const pathLimits = {
  /** A hole punch message: a few addresses. DCUtR's own limit. */
  punchFrame: 4 * KiB,
  /** Both sides dial at the same time, in milliseconds: TCP repeats a lost packet after one second, and after two more. */
  punch: 4 * second,
  /** One round of a hole punch in all: asking a node, telling each other, dialling. */
  punchRound: 12 * second,
  /** How often interfaces and clocks are looked at: reading them takes well under a millisecond. */
  networkLook: 2 * second,
  /** Clocks apart by more than this mean sleep: longer than a busy process is ever held up, shorter than any nap. */
  sleepNoticed: 10 * second,
  /** Rounds of one attempt at a hole punch: a router may lose one by chance. */
  punchRounds: 3,
  /** First wait and longest wait before holes are punched again where it failed: routers rarely change. */
  punchRetry: { first: 30 * second, longest: 15 * minute },
  /** Hole punches that one friend may ask of us: each costs a connection to a node. */
  punches: { tokens: 12, per: 1 * minute } as Rate,
  /** First and longest wait between two times that one friend is asked to dial us: they may just be away. */
  dialMeRetry: { first: 10 * second, longest: 15 * minute },
  /** Friends asked in all: well below what a node takes, so that requests and answers still go. */
  dialMes: { tokens: 20, per: 1 * minute } as Rate,
  /** What a router may cost a stop. */
  routerGoodbye: 1 * second,
  /** Private networks whose routers are asked: wired, wireless, a VPN, and those of virtual machines in vain. */
  routersAsked: 4,
  portRenewed: 20 * minute,
  /** Addresses of a friend heard on the local network: wired, wireless, and one that is stale. */
  neighbourAddresses: 4,
  /** Dials to one friend for what the local network says: it says so every ten seconds, and anybody there can. */
  neighbourDials: { tokens: 6, per: 1 * minute } as Rate,
  strangerStay: 60 * second,
  /** And after so many bytes, both ways together (protocol.md). */
  connectionBytes: 64 * 1024 * MiB,
  /** How often age and bytes are looked at: at the speed of a fast disk some 10 GiB more may pass. */
  connectionLook: 1 * minute,
} as const
