/**
 * Sizes, durations and rates that several rooms share, each with its reason; the numbers of one room are in its own
 * limits.ts. Durations are milliseconds, sizes bytes, rates `{ tokens, per }`: a bucket of `tokens` that refills evenly
 * within `per` milliseconds.
 */
import { second, hour, day, KiB, MiB } from './units.ts'

export const limits = {
  // ---- text a person typed
  /** Name of a person, in characters: longest that still fits a list row when truncated sensibly. */
  nameCharacters: 64,
  /** Note of a friend request, in characters (protocol.md). */
  noteCharacters: 500,
  /** Text of one message, in UTF-8 bytes (protocol.md). */
  messageText: 64 * KiB,

  // ---- frames
  /** A sealed envelope (protocol.md): a note of 500 characters, names and addresses fit. */
  envelope: 8 * KiB,
  /** An invite parked at the node under a short code. */
  parkedInvite: 4 * KiB,
  /** A link or code given by a person: refuse before decoding. */
  inviteLink: 4 * KiB,
  /** Nodes told in an invite, record or hello: two are wanted, more only cost. */
  nodesTold: 4,
  /** Addresses of nodes told in all: the nodes told have two each, one of them for neighbours. */
  nodeAddressesTold: 8,
  /** Addresses told in a record or hello: interfaces of a laptop with room for VPNs. */
  addressesTold: 12,
  /** A multiaddr, in characters: the longest sensible one is a circuit through a DNS WebSocket node. */
  address: 512,

  // ---- deadlines
  /** Noise handshake and protocol negotiation: threats.md 12. */
  handshake: 10 * second,
  /** A frame that has begun to arrive must end: threats.md 12. */
  frame: 30 * second,
  /** One answer from a node. */
  request: 10 * second,
  /** Opening a stream on an open connection. */
  openStream: 8 * second,
  /** One address: long enough for a mobile network, short enough that a dead address does not delay. */
  dialAddress: 4 * second,
  /** All addresses of one attempt, and a circuit after them. */
  dial: 15 * second,
  /** A clean stop: what is not done by then is cut. */
  stop: 5 * second,

  // ---- trying again
  /** First wait and longest wait between attempts to reach a friend. */
  friendRetry: { first: 1 * second, longest: 60 * second },

  // ---- files
  /** One chunk: what is hashed, acknowledged and at most sent twice (protocol.md). */
  chunk: 1 * MiB,
  /** Files of one transfer: a home folder; their list is held in memory while they travel. */
  transferFiles: 250_000,
  /** Files and folders that are named for one transfer: each is put in its place by itself. */
  transferRoots: 1000,
  /** A path in an offer, in characters: Linux allows no longer one. */
  offeredPath: 4096,
  /** Sent and not acknowledged: at least what a fast disk needs to stay busy, at most what may be lost in memory. */
  fileInFlight: { least: 64 * KiB, most: 8 * MiB },

  // ---- connections
  /** A connection is replaced after this age, so that its keys live no longer (protocol.md). */
  connectionAge: 1 * day,

  // ---- the directory
  recordTtl: 2 * hour,
  handlePattern: /^[a-z0-9._-]{3,32}$/,
  heldPerRecipient: 100,
  parkedPerPeer: 20,
} as const
