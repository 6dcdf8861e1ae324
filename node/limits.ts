/** Numbers of the node, each with its reason. Durations are milliseconds, sizes bytes. */
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const KiB = 1024
const MiB = 1024 * KiB

export const nodeLimits = {
  // ---- disk
  /** With less free space the node reports a full disk, before SQLite meets it in the middle of a transaction. */
  freeDisk: 16 * MiB,
  /** Interval at which the disk is asked whether it accepts data, so that the log says when it does not. */
  diskCheck: 1 * minute,
  /** Interval at which the owner of a handle is noted as seen: nobody waits for the disk when all peers reconnect. */
  seenInterval: 1 * hour,
  /** Shortest time between the beginnings of two transactions: what arrives meanwhile shares the next one. */
  writeWindow: 10,
  /** Changes in one transaction, which blocks the event loop: some milliseconds. The others are in the next one. */
  writesTogether: 64,
  /** Changes that wait for a slow disk, an envelope in each: 32 MiB. More are refused. */
  writesWaiting: 4096,
  /** Expired rows deleted, and free pages given back, in one transaction: peers are served between two. */
  expiredTogether: 100,
  /** A key file is one short line: another file by that name is not read into memory. */
  keyFile: 4 * KiB,

  // ---- configuration
  /** Addresses of one kind: more is a mistake in a script. */
  addresses: 32,
  configFile: 1 * MiB,
  /** Entries of a list of who may use the node, and its size: each address is compared with every network in it. */
  accessEntries: 20_000,
  accessFile: 4 * MiB,

  // ---- what an operator may choose, from and to
  /** Bytes a second that are relayed for one peer: with less, a conversation waits for seconds behind a file. */
  relayRate: [100_000, 10_000_000_000] as const,
  /** Bytes that are relayed in a day: the least is a few conversations. */
  relayTotal: [1_000_000, 1_000_000_000_000_000] as const,

  /** Envelopes on disk, of up to 8 KiB: the whole store is checked at each start, which takes a second for each GiB. */
  maxHeld: [1000, 1_000_000] as const,

  // ---- HTTP, which is for scrapers and people, not a public site: bounds what a stranger on an open port can use up
  /** Ports after the one that is wanted, of which the first free one is used. */
  httpPortsTried: 16,
  httpConnections: 64,
  httpRequest: 10 * second,
  httpIdle: 5 * second,

  // ---- process
  /** The part of `limits.stop` that is for closing the database and HTTP after the network. */
  closing: 1 * second,
  /** Interval of event loop samples: the default of 10 ms wakes an idle machine 100 times a second. */
  loopSampling: 100,
} as const
