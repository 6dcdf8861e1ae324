/** Numbers of connections: libp2p, the multiplexer, the relay, routers. Units are those of base/limits.ts. */
import { limits } from '../base/limits.ts'
import type { Rate } from '../base/rate-limit.ts'
import { second, minute, hour, day, KiB, MiB } from '../base/units.ts'
import type { InboundLimits } from './inbound-sockets.ts'

export const netLimits = {
  /**
   * Between the starts of two dials to addresses of one peer: a dead address delays the next one by no more than this.
   */
  dialStagger: 100,
  /**
   * Dials to addresses that one peer told, its own and those of its nodes: three times as many as it can tell. A friend
   * whose address works needs one; more would make this machine knock at other people's doors.
   */
  dialsPerSource: { tokens: 36, per: 1 * minute } as Rate,
  /**
   * A connection or session that lasted this long worked: only after a shorter one does the next attempt wait longer.
   */
  stableAfter: 3 * second,

  /**
   * Bytes of a connection before its handshake is done: the handshake is less than 2 KiB, and the first requests may
   * follow at once.
   */
  handshakeBytes: 64 * KiB,

  // ---- streams
  /** Frames that wait for a slow reader: beyond, the stream is reset. */
  writeQueue: 4 * MiB,
  /** What a frame that waits takes beside its bytes. */
  waitingFrame: 1 * KiB,
  /** pull(): pauses the stream above `high`, resumes it below `low`. */
  readHigh: 256 * KiB,
  readLow: 64 * KiB,
  /** The same where a node reads requests, which are small, and the window of their stream: yamux begins with it. */
  requestReads: { high: 32 * KiB, low: 16 * KiB, window: 256 * KiB },
  /** The same for a circuit: with less, a busy node waits for its two ends in turn. */
  circuitReadHigh: 512 * KiB,
  circuitReadLow: 256 * KiB,
  /** Chat streams with one friend, over all connections: the one in use, its successor, and a race. */
  chatStreams: 4,
  /** As many streams of groups to one member, while paths replace each other. */
  groupStreams: 4,
  /**
   * File streams from one friend, over all connections: those, their successors on a better path, and a list of files.
   */
  fileStreams: 8,
  /**
   * Ping streams of one connection. With libp2p's one, a probe makes the idle check fail and end a working connection.
   */
  pingStreams: 4,

  // ---- the multiplexer
  /**
   * Window of one stream at a peer, which bounds what waits before a ping on a slow line (files wait in front of it,
   * file/send/congestion.ts). libp2p's read buffer of 4 MiB must be larger, or a paused stream is aborted.
   */
  streamWindow: 2 * MiB,
  /** The same at a node: bounds what one stalled circuit holds in memory. */
  nodeStreamWindow: 1 * MiB,
  /**
   * Data of one stream before the next one is served, and of all streams handed to the connection at once: what a small
   * message waits for in the local queues.
   */
  muxTurn: 64 * KiB,
  muxBatch: 256 * KiB,
  /** Data up to this size is passed on together with what else one read brings for its stream. */
  muxSmallData: 1 * KiB,
  /** Pieces that wait in one place, besides one for each `muxSmallData`: each takes 300 bytes, whatever its size. */
  waitingPieces: 64,
  /** Frames without data that wait while the connection is full: honest streams have one or two each. */
  muxControlQueue: 64 * KiB,
  /** Streams of one connection, for each side that opens them. */
  muxStreams: 256,
  /**
   * Streams that the other side opens: each makes libp2p negotiate, however soon it is reset. A connection has a few
   * of its own, for a sign-in, and its address more, for whoever behind it has many friends: circuits to all of them
   * after a start. Beyond, they are reset at once.
   */
  muxOpenings: { tokens: 8, per: 30 * second } as Rate,
  muxOpeningsPerAddress: { tokens: 512, per: 30 * second } as Rate,
  /** Frames without data, and streams beyond that: a few for each stream. Beyond, the connection ends. */
  muxIdleFrames: { tokens: 64, per: 30 * second } as Rate,
  muxIdleFramesPerAddress: { tokens: 4096, per: 30 * second } as Rate,
  /** Streams of one connection that have no protocol yet, and the bytes of each: the lines that agree on one. */
  muxUnnamedStreams: 64,
  muxUnnamedBytes: 4 * KiB,
  /**
   * What libp2p's own handlers may take of one stream that the other side opened: they read up to 4 MiB of one message,
   * and echo whatever they get. 512 pings, a request for a circuit, nothing.
   */
  stockReads: {
    '/ipfs/ping/1.0.0': 16 * KiB,
    '/ipfs/id/1.0.0': 1 * KiB,
    '/libp2p/circuit/relay/0.2.0/hop': 4 * KiB,
  } as Readonly<Record<string, number>>,
  /** The same of a circuit, before it is one: one message from the other side, as the request or as its answer. */
  stockRequests: {
    '/libp2p/circuit/relay/0.2.0/hop': 4 * KiB,
    '/libp2p/circuit/relay/0.2.0/stop': 4 * KiB,
  } as Readonly<Record<string, number>>,

  // ---- memory of bulk data (buffer-pool.ts)
  /** `size`: a Noise message of 65,535 bytes. `smallest`: below, fresh memory costs less. `most`: 4 MiB are kept. */
  plaintextPool: { size: 64 * KiB, smallest: 8 * KiB, most: 64 },
  /** `size`: a batch of `muxBatch` and one turn, with tags and headers. `most`: 3 MiB are kept. */
  ciphertextPool: { size: 384 * KiB, smallest: 32 * KiB, most: 8 },
  /** Below this size a chunk is allocated: many small files would hold blocks of a whole chunk each. */
  chunkPoolSmallest: 64 * KiB,
  /**
   * One buffer for the reads of all TCP sockets: its content is processed before the next read. Also the most of one
   * socket before the others get their turn.
   */
  tcpRead: 256 * KiB,

  // ---- WebSockets
  /**
   * The longest message: a batch of the multiplexer, which earlier versions send in one message. It is in memory before
   * anybody has looked at it.
   */
  webSocketReceive: 384 * KiB,
  /** Data is sent in messages of this size; more waits in the socket than in the multiplexer, where files give way. */
  webSocketSend: 64 * KiB,
  /** Parts of a message, and reads that it takes to arrive: a sender in tiny parts costs more than its bytes. */
  webSocketFragments: 1024,
  /** The HTTP request that asks for a WebSocket. */
  webSocketHeaders: 8 * KiB,
  /** Pings, pongs and empty messages of one connection: a proxy asks every few seconds at most. */
  webSocketIdleFrames: { tokens: 60, per: 60 * second } as Rate,

  // ---- liveness
  /**
   * Answer to a probe of a suspect path. Shorter than the idle check's: other data that arrives meanwhile counts as an
   * answer too, so a line that is merely full is not cut.
   */
  probe: 5 * second,
  /** The same after this machine got other addresses, or slept: most paths are dead then, and the others are idle. */
  probeMoved: 2.5 * second,
  /** Idle check of a peer's connections; with its timeout a dead path is noticed within 45 s. */
  peerPing: 15 * second,
  peerPingTimeout: 10 * second,
  /** Idle check of the node's connections: 10 s pings cost 6.5 % of a core at 1,000 peers, 60 s 0.3 %. */
  nodePing: 60 * second,
  nodePingTimeout: 20 * second,
  /** What a peer announced as it left has been stored by then: libp2p gives up on identify after 5 s. */
  identified: 10 * second,

  // ---- routers
  /** A search for a router: it is asked to answer within a second, three times. */
  routerSearch: 3 * second,
  /** When each datagram of a search is sent, since datagrams get lost. */
  routerSearchSends: [0, 0.7 * second, 1.4 * second],
  /** When each request of NAT-PMP is sent: the intervals double (RFC 6886, section 3.1). */
  natPmpSends: [0, 0.25 * second, 0.75 * second, 1.75 * second],
  /** One answer of a router, which has a slow processor, and its length: descriptions have some 5 KiB. */
  routerAnswer: 5 * second,
  routerText: 64 * KiB,
  /** A message of multicast DNS, in bytes: RFC 6762, section 17. */
  dnsDatagram: 9000,
  /** Local networks in which a code is asked for and answered: wired, wireless, and those of containers. */
  lanNetworks: 8,
  /**
   * When a code is asked for in the local network, and how long an answer is waited for: datagrams get lost, and a
   * person waits. At least a second apart: RFC 6762, section 5.2.
   */
  slotQuestions: [0, 1 * second, 2 * second],
  slotSearch: 4 * second,
  /**
   * After the first answer to a code, another one may come that contradicts it: at the latest to the second question,
   * where the rate of answers left none for the first one.
   */
  slotContradiction: 1.5 * second,
  /** Questions and answers for codes that are decoded: a room full of newcomers, and far below what takes a core. */
  slotDatagrams: { tokens: 500, per: 1 * second } as Rate,
  /** Answers for one code in one network: RFC 6762, section 6. */
  slotAnswers: { tokens: 1, per: 1 * second } as Rate,
  /** A mapping outlives a crash of this process by this much; it is renewed well before. */
  portLease: 1 * hour,
  /** First, and how many: external ports to ask for where the own one is taken, above those of services. */
  outsidePorts: [20_000, 40_000] as const,

  // ---- hole punching
  /** Between two dials of one punch: at least this long, and at most twice. */
  punchInterval: 25,
  /** The shortest time that a refusal is assumed to take: one at once would make the dials a busy loop. */
  punchRefusal: 3,

  // ---- connections of a peer
  /** Some hundred friends, the nodes, strangers. */
  peerConnections: 300,
  /** Handshakes at once: all friends come back after a change of network. */
  peerPending: 100,
  /** Sockets that others opened: the connections, and some that say nothing yet. */
  peerInbound: {
    sockets: 400,
    socketsPerAddress: [64, 128],
    share: 16,
    handshakes: 64,
    handshakesWhenLate: 16,
    handshakesPerAddress: 16,
    wait: 6 * second,
    deadline: limits.handshake,
    quiet: 2 * second,
    handshakeRate: { tokens: 50, per: 1 * second },
  } as InboundLimits,
  /** Connections of strangers at once, each for one friend request. */
  strangerConnections: 16,
  /** Of those that do not come through a node: from one IPv4 address or IPv6 /64, and from one IPv6 /48. */
  strangersPerAddress: [4, 8],
  /** Connections of one peer at once: paths that race, and dead ones that are not noticed yet. */
  connectionsPerPeer: 16,
  /**
   * Circuit addresses to listen on: one for each node, and one over. With none left to fill, libp2p would redial lost
   * nodes by itself, beside directory/home-nodes.ts.
   */
  circuitsWanted: limits.nodesTold + 1,

  // ---- connections of a node
  /** Peers with a place: what one process carries with room to spare. Growth is more nodes, not bigger ones. */
  nodeConnections: 4000,
  /** When all places are taken, an address (IPv6: /64, /48) keeps this many, as of the sockets. */
  nodePlaceShare: 64,
  /** A node with few places leaves an address a sixteenth of them, but at least these: a household. */
  nodePlaceShareLeast: 4,
  /** Seats above them for those who are told that the node is full, in all, and of one address and one IPv6 /48. */
  nodeSeats: 64,
  nodeSeatsPerAddress: [4, 8],
  /** When all seats are taken, an address keeps this many. */
  nodeSeatShare: 1,
  /** For a visit, or for five round trips until the answer on a slow line. */
  nodeSeatFor: 10 * second,
  /** Connections that the system queues before they are accepted: all peers come back after a restart. */
  nodeBacklog: 1024,
  /**
   * Sockets that others opened. An address stands for a school or for a mobile carrier's NAT. Handshakes at once: what
   * a free core finishes in two seconds, and one that other programs keep busy too, so that nobody's is late because
   * everybody's was begun. The wait leaves them these seconds of the deadline, by which the peer has given up.
   */
  nodeInbound: {
    sockets: 5000,
    socketsPerAddress: [256, 1024],
    share: 64,
    handshakes: 256,
    handshakesWhenLate: 32,
    handshakesPerAddress: 32,
    wait: 6 * second,
    deadline: limits.handshake,
    quiet: 2 * second,
    handshakeRate: { tokens: 50, per: 1 * second },
  } as InboundLimits,
  /** More than connections, which are the limit that counts: a reservation ends with its connection. */
  reservations: 8000,
  /** From and to: what an operator may choose in place of `nodeConnections` and `reservations`. */
  nodePeers: [1, 10_000] as const,
  nodeReservations: [0, 20_000] as const,
  /** Requests of one peer for it, each of which is answered with a signature: one for each new connection. */
  reservationsAsked: { tokens: 8, per: 60 * second } as Rate,
  /** From one address: a school, a mobile carrier's NAT. */
  reservationsPerAddress: 256,
  /** Longer than a connection lives: a peer with a wrong clock, which cannot tell when to renew, stays reachable. */
  reservationTtl: 30 * 365 * day,
  /** Circuits of one peer: friends without a direct path, several each while paths race. */
  circuitsPerPeer: 64,
  /**
   * What waits in circuits: up to 1.5 MiB for a receiver that is stuck in a file, next to nothing in a conversation. A
   * school of 256 peers has 256 KiB each, all at once.
   */
  circuits: {
    round: 0.25 * second,
    stalled: 1 * minute,
    waitingPerAddress: [64 * MiB, 128 * MiB],
    waiting: 256 * MiB,
  },
  /**
   * Where one peer may have a rate only: a circuit is carried in pieces of this size, in turns with the peer's others,
   * and so much is read ahead, since what waits here does so for long.
   */
  pacedPiece: 16 * KiB,
  /** Bytes at once, at least: two such pieces; else what the rate allows in so long, since timers are late. */
  pacedBurst: 32 * KiB,
  pacedBurstTime: 20,
  pacedReadHigh: 64 * KiB,
  pacedReadLow: 32 * KiB,
  /** Peers and addresses whose bytes of a day are counted one by one: some 100 bytes each. */
  relayedCounted: 50_000,
  /** Bounds, in bytes of a day, and numbers of peers for which it is told how concentrated the use is. */
  relayedMore: [0, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11],
  relayedTop: [1, 10, 100],
  /**
   * Requests for a circuit in vain: of one peer (friends that are away, several times), of one address (a school), from
   * one address to one peer (every attempt of a minute, and its paths), to one peer (somebody whom many look for).
   */
  connectsPerSource: { tokens: 256, per: 60 * second } as Rate,
  connectsPerAddress: { tokens: 1024, per: 60 * second } as Rate,
  connectsPerPair: { tokens: 20, per: 60 * second } as Rate,
  connectsPerTarget: { tokens: 300, per: 60 * second } as Rate,
  /** For how long a node announces an address that it listens on: longer than any process runs. */
  ownAddressTtl: 10 * 365 * day,
} as const
