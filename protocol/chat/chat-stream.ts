/**
 * One stream of /quorum/chat/1.0.0: what was sent and received on it, and how it ranks among the streams of the same
 * conversation (docs/protocol.md, "/quorum/chat/1.0.0", Streams).
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed } from '../address/address.ts'
import { pause } from '../base/backoff.ts'
import { QuorumError } from '../base/errors.ts'
import { FrameWriter } from '../net/frame-writer.ts'

export type Opener = 'inbound' | 'outbound'

export class ChatStream {
  readonly stream: Stream
  readonly connection: Connection
  readonly opener: Opener
  readonly writer: FrameWriter
  /** The friend's hello has arrived: before that, nothing but the own hello may be sent. */
  helloReceived = false
  /** Highest own sequence that was written to this stream, or that the friend is known to have on disk. */
  written = 0
  /** Up to here the friend has acknowledged since it said in its hello on this stream what it holds. */
  acknowledged = 0
  /**
   * What the friend had acknowledged when it was opened. A first hello that says less is of an older copy; one that
   * says more may only have been overtaken by receipts on other streams.
   */
  readonly acknowledgedBefore: number
  /** A hello with a ticket was sent on it. */
  ticketTold = false
  /** Number of frames that arrived on this stream. */
  framesReceived = 0
  /** A write of messages is in progress. */
  writing = false
  /** The friend opened another stream while receipts were missing on this one: not used until a frame arrives on it. */
  suspect = false
  /** Runs while receipts are missing for messages that were written to this stream. */
  receiptTimer: NodeJS.Timeout | undefined
  readonly #ended = Promise.withResolvers<void>()
  readonly #smaller: boolean

  /** `smaller`: the own PeerId is the smaller of the two, compared as text. */
  constructor(stream: Stream, connection: Connection, opener: Opener, smaller: boolean, acknowledgedBefore: number) {
    this.acknowledgedBefore = acknowledgedBefore
    this.stream = stream
    this.connection = connection
    this.opener = opener
    this.writer = new FrameWriter(stream)
    this.#smaller = smaller
  }

  /** Resolves when the stream has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Waits `ms` milliseconds while what arrived is not looked at. Errors: `cancelled` if the stream closes before. */
  async pause(ms: number): Promise<void> {
    const closed = new AbortController()
    const onClose = (): void => closed.abort()
    this.stream.addEventListener('close', onClose)
    await pause(ms, closed.signal)
    this.stream.removeEventListener('close', onClose)
    if (closed.signal.aborted) throw new QuorumError('cancelled', 'The conversation ended while it was paused')
  }

  /** The friend holds own messages up to `sequence`: the next one on this stream is the one after that. */
  continueAfter(sequence: number): void {
    this.written = sequence
    this.acknowledged = sequence
  }

  /** The stream has ended. */
  end(): void {
    clearTimeout(this.receiptTimer)
    this.#ended.resolve()
  }

  /** Messages may be sent on it. */
  get usable(): boolean {
    return this.helloReceived && this.stream.status === 'open'
  }

  /**
   * The larger, the better. Both sides must choose the same stream. So on equal paths, what the peer with the smaller
   * PeerId dialled or opened ranks higher.
   */
  get rank(): number {
    const dialled = (this.connection.direction === 'outbound') === this.#smaller
    const opened = (this.opener === 'outbound') === this.#smaller
    return 4 * pathRank(this.connection) + 2 * Number(dialled) + Number(opened)
  }
}

/** A direct connection ranks above a relayed one. */
export function pathRank(connection: Connection): number {
  return isRelayed(connection.remoteAddr) ? 0 : 1
}
