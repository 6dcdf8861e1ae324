/**
 * The streams of one conversation, and the choice among them: which one carries what is sent, which connection needs
 * no stream of its own, which streams are closed because a better one replaced them. It sends no frames. The rules are
 * in docs/protocol.md, "/quorum/chat/1.0.0", Streams.
 */
import type { Connection } from '@libp2p/interface'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { netLimits } from '../net/limits.ts'
import { pathRank, type ChatStream } from './chat-stream.ts'

export class StreamSet {
  readonly #streams = new Set<ChatStream>()

  /**
   * A friend may have many connections, and some MiB wait in each stream. So of more than a few, over all of them, the
   * oldest ends: the one whose connection may have died.
   */
  add(stream: ChatStream): void {
    this.#streams.add(stream)
    const replaced = new QuorumError('cancelled', 'Newer streams have taken its place')
    for (const oldest of [...this.#streams].slice(0, -netLimits.chatStreams)) oldest.stream.abort(replaced)
  }

  delete(stream: ChatStream): void {
    this.#streams.delete(stream)
  }

  [Symbol.iterator](): IterableIterator<ChatStream> {
    return this.#streams.values()
  }

  /** The friend's hello has arrived on one of the streams. */
  get online(): boolean {
    return [...this.#streams].some(({ helloReceived }) => helloReceived)
  }

  /** The stream that what is sent goes over; undefined while there is none. */
  best(): ChatStream | undefined {
    return [...this.#streams].filter(({ usable }) => usable).sort(byPreference)[0]
  }

  /**
   * Defined if `connection` needs no new stream, because it has one or because a path that is as good has one. Resolves
   * when that stream has ended.
   */
  served(connection: Connection): Promise<void> | undefined {
    return [...this.#streams].find(
      (stream) =>
        stream.connection.id === connection.id ||
        (stream.helloReceived && pathRank(stream.connection) >= pathRank(connection)),
    )?.ended
  }

  /**
   * The friend opened `stream` and holds own messages up to `received`. After a change of address, only the friend
   * knows yet that its other streams are dead. So those that miss receipts are suspect.
   */
  suspectOthers(stream: ChatStream, received: number): void {
    for (const other of this.#streams) if (other !== stream && other.written > received) other.suspect = true
  }

  /** Each side closes the streams that it opened and that a better stream replaced. */
  closeReplaced(): void {
    const best = this.best()
    if (best == null) return
    for (const { helloReceived, rank, opener, stream } of this.#streams) {
      if (!helloReceived || rank >= best.rank || opener !== 'outbound') continue
      // A stream that fails while it closes is gone all the same.
      stream.close({ signal: AbortSignal.timeout(limits.stop) }).catch(() => undefined)
    }
  }
}

/** For sort(): the preferred stream first. */
function byPreference(a: ChatStream, b: ChatStream): number {
  return (
    Number(a.suspect) - Number(b.suspect) || b.rank - a.rank || b.connection.timeline.open - a.connection.timeline.open
  )
}
