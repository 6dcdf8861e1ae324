/** Numbers of /quorum/directory, both sides. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, hour, day, KiB, MiB } from '../base/units.ts'
import type { DirectoryCall } from '../wire/directory.ts'

export const directoryLimits = {
  // ---- streams
  /** A directory frame: one envelope or one record, and the fields around it. */
  directoryFrame: 16 * KiB,
  /** Frames of one stream that are processed: a whole friends list looked up after a start, then little. */
  directoryFrames: { tokens: 400, per: 10 * second } as Rate,
  /**
   * Frames of one stream, refused ones included, and beyond them of all streams of its address: an impatient peer stays
   * connected, a flood ends its stream. A peer with 5,000 friends sends 100 after a start.
   */
  directoryFlood: { tokens: 64, per: 10 * second } as Rate,
  directoryFloodPerAddress: { tokens: 4000, per: 10 * second } as Rate,
  /** Streams that a peer opens: more than one whose network fails every few seconds. */
  sessionsPerPeer: { tokens: 30, per: 1 * minute } as Rate,
  /** Requests of one stream that wait for an answer, beside the next one: as many share one write to the disk. */
  unanswered: 32,
  /**
   * What a node has to send to one peer beside what that one's window takes, in all, and to one address or IPv6 /48:
   * some records and envelopes. `longest`, until a frame is sent whose turn it is: its peer waits for limits.request.
   */
  owed: { most: 256 * KiB, longest: 15 * second },
  owedInAll: 64 * MiB,
  owedPerAddress: 4 * MiB,
  /** Streams of one peer: the one in use, and its successor while nobody has noticed that the old one is dead. */
  streamsPerPeer: 2,

  // ---- the peer's side
  /** A clock that differs less is as right as clocks are. */
  clockTolerance: 10 * minute,
  /** Milliseconds since the epoch: this program is younger, so a clock that says less is wrong. */
  earliestTime: Date.UTC(2026, 0, 1),
  /** First and longest wait between attempts to reach a node: people look at the screen. */
  nodeRetry: { first: 500, longest: 15 * second },
  /** Longest wait after a node closed the connection at once: it had no room at that moment. */
  nodeRefused: 3 * second,
  /** First and longest wait after a node said that it is full, or does not accept this peer: until that changes. */
  nodeFull: { first: 4 * minute, longest: 15 * minute },
  /** Sessions that a node ends on an open connection, until the profile seems to run twice: no network does that. */
  sessionsReplaced: { most: 4, within: 10 * minute },
  /** A node is given this long for a clean close: the next dial to it waits for the end of the old connection. */
  nodeClose: 1 * second,
  /** libp2p asks for a reservation at once; a session that has none after this asks itself. */
  reserveAfter: 2 * second,
  /** Wait before a node that refused a reservation is asked again. */
  reservationRetry: 30 * second,
  /** Wait before a record or list of friends is sent again that a node refused as one too many, as it says. */
  announceRetry: 1 * minute,
  /** First and longest wait before an envelope that could not be stored (a flood, a full disk) is tried again. */
  envelopeRetry: { first: 1 * second, longest: 30 * second },
  /** Interval at which a peer announces its record: well within limits.recordTtl. */
  recordRenewed: 30 * minute,
  /** Interval of reachability checks: a router's mapping or a firewall's rule may have changed unnoticed. */
  reachabilityRecheck: 30 * minute,
  /** Ports checked at one node: one of a router, and one for each version of IP. */
  portsChecked: 3,

  // ---- the node's memory and disk
  /** Interval at which expired data is deleted, and deleted data is removed from SQLite's log. */
  expireInterval: 1 * hour,
  /** Records in memory, the oldest dropped: more than ten times the connections of a node. */
  records: 50_000,
  /** A handle stays with its owner for this long after they were last seen. */
  handleKept: 180 * day,
  /** Peers that one session expects: as many as a peer has friends (friend/limits.ts). */
  expectedPerPeer: 5000,
  /** Of all sessions together, some 80 bytes each: 100 friends for each connection and more. */
  expected: 500_000,
  /** Of one address, and of one IPv6 /48: a school of 60 with 300 friends each. */
  expectedPerAddress: [20_000, 80_000],
  /** Envelopes of one sender for one recipient: a request, an answer, a refusal, and repeats of them. */
  heldPerSender: 5,
  /** Shorter than a sealing key lives (identity/limits.ts), so that what is held can still be opened. */
  heldFor: 30 * day,
  /** Envelopes held in all: at 8 KiB each, about 2 GiB of disk. */
  held: 250_000,
  /**
   * Of one address, and of one customer's IPv6 network (/48): an identity costs nothing. A school or a carrier's NAT is
   * one address; of one recipient its people have that many envelopes.
   */
  heldPerAddress: [200, 800],
  heldFromAddress: 20,
  parkedPerAddress: [100, 400],
  handlesPerAddress: [1000, 4000],
  /** Longest life of a parked invite, whatever its author asks for. */
  parkedFor: 30 * day,
  /** Parked invites and handles in all: identities cost nothing, so these bound the disk to some 500 MiB more. */
  parked: 100_000,
  handles: 500_000,

  /** Records of one address and of one IPv6 /48, and what an address keeps when all places are taken. */
  recordsPerAddress: [1000, 4000],
  recordShare: 64,

  // ---- dials back
  /** In all: each holds a socket for as long as a closed port stays silent. */
  dialBacksAtOnce: 100,
  dialBack: 5 * second,

  // ---- rates beside those of calls
  /** Envelopes for one recipient that are pushed and not held: a friend with many nodes, some friends at once. */
  fleetingPerRecipient: { tokens: 30, per: 1 * minute } as Rate,
  /** The same from one peer, and from one address: neither can use up what others send. */
  fleetingPerPeer: { tokens: 8, per: 1 * minute } as Rate,
  fleetingPerAddress: { tokens: 20, per: 1 * minute } as Rate,
  /** Envelopes of one address for one recipient, who opens each: a class that asks its teacher. */
  heldPushesPerAddress: { tokens: 60, per: 1 * minute } as Rate,
  /**
   * What is added on disk: envelopes, invites and handles together. An address may fill all its share of envelopes and
   * of invites at once, as a class does that meets, and renew a third of it each minute. Before that come a few of each
   * peer: so much is left to it whatever its neighbours store, and a new identity for more of them costs a handshake.
   */
  writesPerPeer: { tokens: 4, per: 1 * minute } as Rate,
  writesPerAddress: { tokens: 300, per: 3 * minute } as Rate,
  /** New handles: each is kept for half a year. */
  claimsPerAddress: { tokens: 10, per: 1 * day } as Rate,
} as const

/** How often one peer may make each call, kept over its reconnects. A call without a rate does not compile. */
export const directoryRates = {
  /** Every change of the own addresses, several in a row while networks change. */
  announce: { tokens: 20, per: 1 * minute },
  /** A friends list of some hundred, looked up after a start; by PeerId or by handle. */
  lookup: { tokens: 120, per: 1 * minute },
  /** Friend requests, answers, and dial-me to friends whom no dial reaches (pathLimits.dialMes stays below it). */
  deliver: { tokens: 60, per: 1 * minute },
  /** One for each envelope: all that a node holds for a peer, several times over. Each is a write to the disk. */
  collected: { tokens: 600, per: 1 * minute },
  /** A person looks at it. */
  knowledge: { tokens: 20, per: 1 * minute },
  /** A person decides it, once. Each is a write to the disk. */
  forget: { tokens: 10, per: 1 * minute },
  /** A person invites; each is a write to the disk. */
  postInvite: { tokens: 60, per: 1 * minute },
  /** A person types a code, with mistakes. */
  findInvite: { tokens: 10, per: 1 * minute },
  /** A few ports after each change of network. */
  reachable: { tokens: 12, per: 1 * minute },
  /** The whole list of friends, twice. */
  expect: { tokens: 30, per: 1 * minute },
} as const satisfies Record<Exclude<DirectoryCall['call'], 'lookupHandle'>, Rate>

/** All peers of one address together, a school for example, may call as often as this many. */
const peersPerAddress = 30

function together({ tokens, per }: Rate): Rate {
  return { tokens: peersPerAddress * tokens, per }
}

/** The same from one address: an identity costs nothing, an address does. */
export const directoryAddressRates = {
  announce: together(directoryRates.announce),
  lookup: together(directoryRates.lookup),
  /** Handles can be guessed. */
  lookupHandle: { tokens: 120, per: 1 * minute },
  deliver: { tokens: 600, per: 1 * minute },
  collected: together(directoryRates.collected),
  knowledge: together(directoryRates.knowledge),
  forget: together(directoryRates.forget),
  postInvite: together(directoryRates.postInvite),
  /** Codes have 50 bits behind Argon2id: at this rate they stay out of reach. */
  findInvite: { tokens: 10, per: 1 * minute },
  /** Each dials. */
  reachable: { tokens: 60, per: 1 * minute },
  expect: together(directoryRates.expect),
} as const satisfies Record<DirectoryCall['call'], Rate>
