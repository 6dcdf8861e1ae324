/**
 * Every size, duration and rate of Quorum, each with its reason. Durations are milliseconds, sizes bytes,
 * rates `{ tokens, per }`: a bucket of `tokens` that refills evenly within `per` milliseconds.
 */

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const KiB = 1024
const MiB = 1024 * KiB

export interface Rate {
  tokens: number
  per: number
}

export const limits = {
  // ---- text a person typed
  /** Name of a person, in characters: longest that still fits a list row when truncated sensibly. */
  nameCharacters: 64,
  /** Note of a friend request, in characters (protocol.md). */
  noteCharacters: 500,
  /** Text of one message, in UTF-8 bytes (protocol.md). */
  messageText: 64 * KiB,

  // ---- frames
  /** A chat frame: the longest text and its padding fit with room to spare. */
  chatFrame: 256 * KiB,
  /** A directory frame: one envelope or one record, and what is around it. */
  directoryFrame: 16 * KiB,
  /** A sealed envelope (protocol.md): a note of 500 characters, names and addresses fit. */
  envelope: 8 * KiB,
  /** An invite parked at the node under a short code. */
  parkedInvite: 4 * KiB,
  /** A link or code given by a person: refuse before decoding. */
  inviteLink: 4 * KiB,
  /** Nodes told in an invite, record or hello: two are wanted, more only cost. */
  nodesTold: 4,
  /** Addresses kept of one node: two networks, the loopback, and the newest that replaces one of them. */
  nodeAddresses: 4,
  /** Addresses of nodes told in all: the nodes told have two each, one of them for neighbours. */
  nodeAddressesTold: 8,
  /** Addresses told in a record or hello: interfaces of a laptop with room for VPNs. */
  addressesTold: 12,
  /** A multiaddr, in characters: the longest sensible one is a circuit through a DNS WebSocket node. */
  address: 512,
  /** A hole punch message: a few addresses. DCUtR's own limit. */
  punchFrame: 4 * KiB,
  /** Frames waiting for a reader that is slow: more, and the stream is reset. */
  writeQueue: 4 * MiB,
  /** Chat frames that change nothing (empty, repeated, typing): after a reconnect a window of repeats is honest. */
  chatIdleFrames: { tokens: 2000, per: 20 * second } as Rate,
  /** Frames of a directory stream: a whole friends list looked up after a start, then little. */
  directoryFrames: { tokens: 400, per: 10 * second } as Rate,

  // ---- deadlines
  /** Noise handshake and protocol negotiation: threats.md 12. */
  handshake: 10 * second,
  /** What a peer told about itself as it left has been read by then: libp2p gives up on identify after 5 s. */
  identified: 10 * second,
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
  /**
   * Sent but not receipted: the path is probed instead of waiting for the idle check. A receipt takes a round trip and
   * a disk's sync; a slow disk or line costs a ping too many, a dead path that looks alive costs a person's patience.
   */
  receipt: 3 * second,
  /**
   * Answer to a probe of a path in doubt. Shorter than the idle check's: whatever else arrives meanwhile counts as
   * an answer too, so a line that is merely full is not cut.
   */
  probe: 5 * second,
  /** The same once this machine has other addresses, or slept: most paths are dead then, and those that live are idle. */
  probeMoved: 2.5 * second,
  /** Idle check of a peer's connections; with its timeout a dead path is noticed within 45 s. */
  peerPing: 15 * second,
  peerPingTimeout: 10 * second,
  /** Idle check of the node's connections: 10 s pings cost 6.5 % of a core at 1,000 peers, 60 s 0.3 %. */
  nodePing: 60 * second,
  nodePingTimeout: 20 * second,
  /** Both sides dial at the same time, in milliseconds: TCP repeats a lost packet after one second, and after two more. */
  punch: 4 * second,
  /** One round of a hole punch in all: asking a node, telling each other, dialling. */
  punchRound: 12 * second,
  /** A clean stop: what is not done by then is cut. */
  stop: 5 * second,

  /** How often interfaces and clocks are looked at: reading them takes well under a millisecond. */
  networkLook: 2 * second,
  /** Clocks apart by more than this mean sleep: longer than a busy process is ever held up, shorter than any nap. */
  sleepNoticed: 10 * second,

  // ---- trying again
  /** First wait and longest wait between attempts to reach a node: people look at the screen. */
  nodeRetry: { first: 500, longest: 15 * second },
  /** Where a node refused a reservation, it is asked again after this. */
  reserveAgain: 30 * second,
  /** First wait and longest wait between attempts to reach a friend. */
  friendRetry: { first: 1 * second, longest: 60 * second },
  /** First wait and longest wait before a chat stream is opened again on a connection that lives. */
  streamRetry: { first: 300, longest: 20 * second },
  /** First wait and longest wait before mail that could not be taken (a flood, a full disk) is taken up again. */
  mailAgain: { first: 1 * second, longest: 30 * second },
  /** An unanswered friend request is handed to the node again after this. */
  mailResend: 1 * day,

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
  /** What one friend may ask of us: each costs a dial to every address it tells. */
  dialMesHeard: { tokens: 6, per: 1 * minute } as Rate,

  /** A search for a router: it is asked to answer within a second, three times. */
  routerSearch: 3 * second,
  /** One answer of a router, which is a slow little machine, and its length: descriptions have some 5 KiB. */
  routerAnswer: 5 * second,
  routerText: 64 * KiB,
  /** What a router may cost a stop. */
  routerGoodbye: 1 * second,
  /** Private networks whose routers are asked: wired, wireless, a VPN, and those of virtual machines in vain. */
  routersAsked: 4,
  /** A router passes a port on for this long after a crash of ours; asked again well before, and where none answered. */
  portLease: 1 * hour,
  portRenewed: 20 * minute,
  /** First, and how many: ports to ask for where ours is taken, above those of services. */
  outsidePorts: [20_000, 40_000] as const,

  /** Addresses of a friend heard on the local network: wired, wireless, and one that is stale. */
  neighbourAddresses: 4,
  /** Dials to one friend for what the local network says: it says so every ten seconds, and anybody there can. */
  neighbourDials: { tokens: 6, per: 1 * minute } as Rate,

  // ---- chat
  /** Messages on the way without a receipt, and their bytes: bounds both sides' memory. */
  chatWindow: 256,
  chatWindowBytes: 1 * MiB,
  /** Messages waiting for one friend: months of writing to somebody absent. */
  outbox: 100_000,
  /** Chat streams from one friend: the one in use, its successor, and a race. */
  chatStreams: 4,
  /** `messages` and `search` at most return this many at once. */
  page: 1000,
  pageDefault: 50,
  /** A typing mark fades after this when nothing renews it. */
  typing: 6 * second,

  // ---- files
  /** One chunk: what is hashed, acknowledged and at most sent twice (protocol.md). */
  chunk: 1 * MiB,
  /** Files of one transfer: a home folder; their list is held in memory while they travel. */
  transferFiles: 250_000,
  /** Files and folders that are named for one transfer: each is put in its place by itself. */
  transferRoots: 1000,
  /** The list of files, in bytes: so many with long paths. */
  manifest: 64 * MiB,
  /** The part of the list that travels in the offer: with its padding it fits a chat frame. */
  offerEntries: 160 * KiB,
  /** A path in an offer, in characters: Linux allows no longer one. */
  offeredPath: 4096,
  /** Transfers that move at the same time between two friends, each way; the others wait their turn. */
  transfersAtOnce: 3,
  /** File streams from one friend: those, their successors on a better path, and a list of files. */
  fileStreams: 8,
  /** Transfers that a friend may have offered and nobody answered: a page of the list. */
  offersOpen: 200,
  /** A frame from the receiver: an opening or an acknowledgement. */
  fileFrame: 1 * KiB,
  /** The header of a chunk, or why there is none. */
  chunkHeader: 4 * KiB,
  /** A circuit that its node ends after fewer bytes is left to the chat: chunks and what waits in front of them. */
  fileCircuit: 4 * MiB,
  /** Sent and not acknowledged: at least what a fast disk needs to stay busy, at most what may be lost in memory. */
  fileInFlight: { least: 64 * KiB, most: 8 * MiB },
  /** Chunks that wait for the disk on either side: reading, hashing and writing overlap. */
  chunksWaiting: 4,
  /** Nothing arrives, or nothing is acknowledged: the path is probed, and then the stream given up. */
  fileStalled: { probe: 3 * second, give: 60 * second },
  /** First wait and longest wait before a transfer that was interrupted is taken up again. */
  transferRetry: { first: 300, longest: 20 * second },
  /** Between two `transfer-changed` of one transfer that only say how far it is (headless.md). */
  transferTold: 250,

  // ---- friends and invites
  /** Requests of strangers without an invite that wait for a decision (protocol.md). */
  strangerRequests: 100,
  /** People declined or removed with whom nothing was said: kept for a while, so that replays are recognised. */
  strangersRemembered: 200,
  /** Refusals of invites on their way: strangers decide how many would be written. */
  refusals: 10,
  /** Friends and requests in all. */
  friends: 5000,
  inviteLifetime: 7 * day,
  inviteLongest: 365 * day,
  /** Invites outstanding at once. */
  invites: 200,
  /** Sealing key: renewed after, destroyed this long after that (protocol.md). */
  sealingKeyRenewed: 7 * day,
  sealingKeyKept: 35 * day,
  /** Connections of strangers at a desktop at once, and how long each may stay: enough for one request. */
  strangerConnections: 16,
  /** Connections of one peer at once: paths that race, and dead ones that are not noticed yet. */
  connectionsPerPeer: 16,
  strangerStay: 60 * second,
  /** Envelopes over /quorum/friend from one peer. */
  friendEnvelopes: { tokens: 10, per: 1 * minute } as Rate,
  /** Envelopes opened in all: each costs a Diffie-Hellman and a signature check. */
  envelopesOpened: { tokens: 200, per: 10 * second } as Rate,

  // ---- connections
  /** A connection is replaced after this age, so that its keys live no longer (protocol.md). */
  connectionAge: 1 * day,
  /** And after so many bytes, both ways together (protocol.md). */
  connectionBytes: 64 * 1024 * MiB,
  /** How often age and bytes are looked at: at the speed of a fast disk some 10 GiB more may pass. */
  connectionLook: 1 * minute,
  /** yamux: window of one stream, which bounds what waits before a ping on a slow line (files wait in front of it, file/send/congestion.ts). libp2p's read buffer of 4 MiB must be larger, or a paused stream is aborted. */
  streamWindow: 2 * MiB,
  /** Data of one stream before another has its turn, and of all streams handed to the connection at once: what a small message waits for in our own queues. */
  muxTurn: 64 * KiB,
  muxBatch: 256 * KiB,
  /** Frames without data that wait while the connection is full: honest streams wait with one or two each. */
  muxControlQueue: 64 * KiB,
  /** Streams of one connection, for each side that opens them. */
  muxStreams: 256,
  /** pull(): pause the stream above `high`, resume below `low`. */
  readHigh: 256 * KiB,
  readLow: 64 * KiB,
  peerConnections: 300,

  // ---- the node
  nodeConnections: 4000,
  nodePending: 500,
  /** New connections a second from one address: a school, a mobile carrier's NAT. */
  nodeInboundPerAddress: 50,
  reservations: 8000,
  reservationsPerAddress: 256,
  /** Longer than a connection lives, and ended with it: a peer with a wrong clock, which cannot tell when to renew, stays reachable. */
  reservationTtl: 30 * 365 * day,
  /** yamux window at the node: bounds what one stalled circuit can hold. */
  nodeStreamWindow: 1 * MiB,
  circuitsPerPeer: 64,

  // ---- the directory
  recordTtl: 2 * hour,
  recordRenewed: 30 * minute,
  records: 50_000,
  handlePattern: /^[a-z0-9._-]{3,32}$/,
  handleKept: 180 * day,
  heldPerRecipient: 100,
  heldPerSender: 5,
  heldFor: 30 * day,
  /** Envelopes held in all: at 8 KiB each, about 2 GiB of disk. */
  held: 250_000,
  parkedPerPeer: 20,
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
