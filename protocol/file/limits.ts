/** Numbers of /quorum/file. Units are those of base/limits.ts. */
import type { Rate } from '../base/rate-limit.ts'
import { GiB, KiB, MiB, minute, second } from '../base/units.ts'

export const fileLimits = {
  /** Transfers that move at the same time between two friends, each way; the others wait until one has ended. */
  transfersAtOnce: 3,
  /**
   * What a friend may have offered without an answer: a page of the list; and files and folders in all, besides those
   * of the largest offer, so that the largest one possible works, and others beside it.
   */
  offersOpen: { offers: 200, entries: 50_000 },
  /** Between two warnings for the person that a friend's offers are refused. */
  refusalWarning: { tokens: 1, per: 10 * minute } as Rate,
  /**
   * Entries of lists that are read because a friend opens streams, or resumes transfers: four of the largest transfers
   * at once, then one each 15 s. Each occasion counts as `listAtLeast` of them.
   */
  listWork: { tokens: 1_000_000, per: minute } as Rate,
  listAtLeast: 1000,
  /**
   * Bytes of files that a friend causes to be read by opening streams, each of which begins where the receiver says:
   * what it has before that is compared again. A film of 8 GiB on a path that breaks twice; then 64 MiB a second, which
   * is some hundredths of a processor. One opening costs no more than all of them.
   */
  rereads: { tokens: 16 * GiB, per: 256 * second } as Rate,
  /** A list that was read is kept this long for the next one who needs it. */
  listKept: 10 * second,
  /** A manifest is sent in parts of this size; a receiver that takes none for `fileStalled.give` gets no more. */
  manifestPart: 64 * KiB,
  /** Received transfers with one friend that are over, with nothing of them here: older ones are removed. */
  endedKept: 500,
  /** A frame from the receiver: an opening or an acknowledgement. */
  fileFrame: 1 * KiB,
  /** Frames of one receiver on one stream: an acknowledgement every `acknowledge.bytes` at 2 GiB a second. */
  fileFrames: { tokens: 20_000, per: 10 * second } as Rate,
  /** The header of a chunk, or the error in its place. */
  chunkHeader: 4 * KiB,
  /** A circuit that its node ends after fewer bytes is left to the chat: chunks and what waits in front of them. */
  fileCircuit: 4 * MiB,
  /** Chunks that wait for the disk on either side: reading, hashing and writing overlap. */
  chunksWaiting: 4,
  /** Nothing arrives, or nothing is acknowledged: the path is probed, and then the stream given up. */
  fileStalled: { probe: 3 * second, give: 60 * second },
  /** First wait and longest wait before an interrupted transfer is tried again. */
  transferRetry: { first: 300, longest: 20 * second },

  // ---- what people see
  /**
   * Files of a transfer that events and lists name, and the bytes of their paths, and as many that do not arrive: many
   * more than fit a window.
   */
  filesShown: { files: 100, bytes: 8 * KiB },
  /** Roots of a transfer are counted up to this: it may have limits.transferRoots. */
  rootsCounted: 1000,
  /** Changes of one friend's transfers that the friend causes and that are emitted at once; more are after `later`. */
  changes: { tokens: 50, per: 5 * second } as Rate,
  changesLater: 2 * second,
  /** Between two `transfer-changed` of one transfer that only report progress: at most four a second (embedding.md). */
  progressEvery: 250,
  /**
   * `interval`: bytes are counted over at least this long. `smoothing`: after this long, a change of speed is seen
   * almost whole. `firstEstimate`: before this, the time left cannot be known.
   */
  speed: { interval: 500, smoothing: 4 * second, firstEstimate: 1 * second },

  // ---- disks
  /**
   * Up to this size, a whole file is read or written at once, on the event loop: each trip through Node's thread pool
   * takes longer than that.
   */
  smallFile: 64 * KiB,
  /** A file that grows is flushed to the disk whenever this much was written: the end must not wait for all of it. */
  flushEvery: 64 * MiB,
  /** Files that are written or flushed at the same time. */
  filesOpen: 64,
  /** Up to this many files, each is flushed by itself; more, with one flush of the file system where there is one. */
  flushedSingly: 32,

  // ---- streams
  /** The receiver acknowledges after this much time or this many bytes, whichever comes first. */
  acknowledge: { after: 10, bytes: 1 * MiB },
  /** Bytes that the receiver reads ahead of its disk: larger parts cost fewer passes of the event loop. */
  receiveAhead: { high: 1 * MiB, low: 512 * KiB },
  /**
   * Small chunks leave together in one write, up to this many bytes or headers (of chunks without bytes, for example).
   */
  sendTogether: { bytes: 64 * KiB, headers: 64 },
  /** A part of a chunk is at most this share of the congestion window, so that the rate can be controlled. */
  partsOfWindow: 4,
} as const
