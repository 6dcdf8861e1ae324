/** One chat stream of a conversation, and how good it is compared with its siblings. */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed } from '../address/address.ts'
import { FrameWriter } from '../net/frame-writer.ts'

export type Opener = 'inbound' | 'outbound'

export class Line {
  readonly stream: Stream
  readonly connection: Connection
  readonly opener: Opener
  readonly writer: FrameWriter
  /** Their hello has arrived: only then may anything be sent. */
  heard = false
  /** Highest own sequence written to this stream, or known to be on their disk. */
  written = 0
  /** Frames that arrived here. */
  frames = 0
  /** A write is on its way. */
  flushing = false
  /** They opened another line while this one owed receipts: unused until something arrives here. */
  doubted = false
  /** What was written here is not receipted in time. */
  overdue: NodeJS.Timeout | undefined
  readonly #ended = Promise.withResolvers<void>()
  readonly #smaller: boolean

  /** `smaller`: our PeerId is the smaller of the two. */
  constructor(stream: Stream, connection: Connection, opener: Opener, smaller: boolean) {
    this.stream = stream
    this.connection = connection
    this.opener = opener
    this.writer = new FrameWriter(stream)
    this.#smaller = smaller
  }

  /** Settles when the stream is over. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  end(): void {
    clearTimeout(this.overdue)
    this.#ended.resolve()
  }

  get usable(): boolean {
    return this.heard && this.stream.status === 'open'
  }

  /** The larger the better. On equal paths both sides must agree, so what the smaller PeerId began counts more. */
  get rank(): number {
    const dialled = (this.connection.direction === 'outbound') === this.#smaller
    const opened = (this.opener === 'outbound') === this.#smaller
    return 4 * pathRank(this.connection) + 2 * Number(dialled) + Number(opened)
  }
}

/** Direct before relayed. */
export function pathRank(connection: Connection): number {
  return isRelayed(connection.remoteAddr) ? 0 : 1
}
