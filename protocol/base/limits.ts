/**
 * Sizes, durations and rates that several folders of protocol/ share, each with its reason. The numbers of one folder
 * are in its own limits.ts. Durations are milliseconds, sizes bytes, rates `{ tokens, per }`: a bucket of `tokens` that
 * refills evenly within `per` milliseconds.
 */
import { second, hour, day, KiB, MiB } from './units.ts'

export const limits = {
  /** V8's young generation: enough for a rush of handshakes, and little carried data waits for its collection. */
  youngGeneration: 8 * MiB,
  /** Garbage in V8's old generation, of what is used there: little, and a node that fills is collected rarely. */
  oldGarbagePercent: 25,

  // ---- text that a person types
  /** Name of a person, in characters: the longest that is still readable in a list row when truncated. */
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
  /** A typed link or code; a longer one is refused before decoding. */
  inviteLink: 4 * KiB,
  /** Text in which an invite is looked for: a mail, or a page. In characters. */
  pastedInvite: 64 * KiB,
  /** Nodes announced in an invite, record or hello: two are enough, more only add dials and bytes. */
  nodesTold: 4,
  /** Node addresses announced in total: two for each announced node, one of them for LAN peers. */
  nodeAddressesTold: 8,
  /** Addresses announced in a record or hello: the interfaces of a laptop, including VPNs. */
  addressesTold: 12,
  /** A multiaddr, in characters: the longest useful one is a circuit through a WebSocket node with a DNS name. */
  address: 512,

  // ---- deadlines
  /** Noise handshake and protocol negotiation: threats.md 12. */
  handshake: 10 * second,
  /** From the first to the last byte of an incoming frame: threats.md 12. */
  frame: 30 * second,
  /** One answer from a node. */
  request: 10 * second,
  /** Opening a stream on an open connection. */
  openStream: 8 * second,
  /** One address: long enough for a mobile network, short enough that a dead address causes no long delay. */
  dialAddress: 4 * second,
  /** All addresses of one attempt, and a circuit after them. */
  dial: 15 * second,
  /** A node's last answer before a profile is erased: a person waits for it. */
  farewell: 3 * second,
  /** A clean stop; unfinished work is aborted after it. */
  stop: 5 * second,

  // ---- retries
  /** First and longest delay between attempts to reach a friend. */
  friendRetry: { first: 1 * second, longest: 60 * second },

  // ---- files
  /** One chunk: the unit of hashing, acknowledgement and resending (protocol.md). */
  chunk: 1 * MiB,
  /** Files of one transfer: enough for a home folder. Their list is in memory during the transfer. */
  transferFiles: 250_000,
  /** Files and folders that a person selects for one transfer: each one is published separately. */
  transferRoots: 1000,
  /** A path in an offer, in characters: the maximum of Linux. */
  offeredPath: 4096,
  /** Sent and not acknowledged. The minimum keeps a fast disk busy; the maximum bounds what a failure loses. */
  fileInFlight: { least: 64 * KiB, most: 8 * MiB },

  // ---- connections
  /** A connection is replaced after this age, which limits the lifetime of its keys (protocol.md). */
  connectionAge: 1 * day,

  // ---- the directory
  recordTtl: 2 * hour,
  handlePattern: /^[a-z0-9._-]{3,32}$/,
  heldPerRecipient: 100,
  parkedPerPeer: 20,
} as const
