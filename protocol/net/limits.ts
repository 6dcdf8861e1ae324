/** Numbers of connections: libp2p, the multiplexer, the relay, routers. Units are those of base/limits.ts. */
import { second, hour, day, KiB, MiB } from '../base/units.ts'

export const netLimits = {
  /** Between the starts of two dials to addresses of one peer: a dead address delays the next one by no more than this. */
  dialStagger: 100,
  /** A connection or session that lasted this long worked: only after a shorter one does the next attempt wait longer. */
  stableAfter: 3 * second,
  /** Frames waiting for a reader that is slow: more, and the stream is reset. */
  writeQueue: 4 * MiB,
  /** What a peer told about itself as it left has been read by then: libp2p gives up on identify after 5 s. */
  identified: 10 * second,
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
  /** A search for a router: it is asked to answer within a second, three times. */
  routerSearch: 3 * second,
  /** One answer of a router, which is a slow little machine, and its length: descriptions have some 5 KiB. */
  routerAnswer: 5 * second,
  routerText: 64 * KiB,
  /** A router passes a port on for this long after a crash of ours; asked again well before, and where none answered. */
  portLease: 1 * hour,
  /** First, and how many: ports to ask for where ours is taken, above those of services. */
  outsidePorts: [20_000, 40_000] as const,
  /** Chat streams from one friend: the one in use, its successor, and a race. */
  chatStreams: 4,
  /** File streams from one friend: those, their successors on a better path, and a list of files. */
  fileStreams: 8,
  /** Connections of strangers at a desktop at once, and how long each may stay: enough for one request. */
  strangerConnections: 16,
  /** Connections of one peer at once: paths that race, and dead ones that are not noticed yet. */
  connectionsPerPeer: 16,
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
} as const
