/**
 * What this peer sends: the streams that receivers open. A stream for a transfer that is not the receiver's, or is
 * paused or over, is refused with the reason, and so are more than a receiver needs; a stream that is served ends when
 * its transfer is stopped.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { errorToData, QuorumError, type ErrorData } from '../../base/errors.ts'
import type { Progress } from '../progress.ts'
import type { ListWork } from '../list-work.ts'
import type { KnownTransfer, TransferStore } from '../transfer-store.ts'
import { fileFrames, readOpening, refuse, serve, type FileFrames, type Source } from './send-stream.ts'
import { ReadAhead } from './read-ahead.ts'
import { limits } from '../../base/limits.ts'
import { KeyedBuckets } from '../../base/rate-limit.ts'
import { fileLimits } from '../limits.ts'
import { abortOn } from '../../net/deadline.ts'
import { netLimits } from '../../net/limits.ts'
import { peerInLog } from '../../base/log.ts'
import type { Log } from '../../base/log.ts'
import type { FileOpen } from '../../wire/file.ts'

export interface UploadsOptions {
  log: Log
  transfers: TransferStore
  progress: Progress
  work: ListWork
  /** The receiver asks for the files, so it has accepted, even if its message has not arrived yet. */
  onOpened(row: KnownTransfer): void
  /** A file is no longer what was offered. */
  onSourceChanged(row: KnownTransfer, error: ErrorData): void
  /** Counts `work` as part of a transfer for as long as it runs. */
  during(transfer: string, work: Promise<void>): Promise<void>
}

export class Uploads {
  readonly #options: UploadsOptions
  readonly #running = new Map<string, Set<AbortController>>()
  readonly #rereads = new KeyedBuckets(fileLimits.rereads, () => performance.now())
  /** The same by friend, the oldest first. */
  readonly #ofFriend = new Map<string, Set<AbortController>>()

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  /** Serves one stream to its end. Errors: what interrupted it; the stream is closed or aborted by then. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    const deadline = setTimeout(
      () => stream.abort(new QuorumError('bad-request', 'Not opened in time')),
      limits.handshake,
    )
    const frames = fileFrames(stream)
    const open = await readOpening(frames).finally(() => clearTimeout(deadline))
    const row = this.#options.transfers.find(open.transfer)
    const refusal =
      refusalOf(row, connection.remotePeer.toString()) ?? this.#tooMuch(row, open) ?? this.#tooOften(row, open)
    if (row == null || refusal != null) {
      await refuse(stream, refusal, AbortSignal.timeout(limits.stop))
      return
    }
    await this.#serve(stream, frames, open, row)
  }

  /** Receivers try again later. */
  #tooMuch(row: KnownTransfer | undefined, { want }: FileOpen): QuorumError | undefined {
    const { transfers, work } = this.#options
    if (row == null) return undefined
    const entries = want === 'chunks' && transfers.listed(row) ? 0 : row.entries
    return work.take(row.peer, entries) ? undefined : new QuorumError('rate-limited', 'They ask too often')
  }

  /** What is before the chunk that they begin with is read to the end before they get anything. */
  #tooOften(row: KnownTransfer | undefined, open: FileOpen): QuorumError | undefined {
    if (row == null || open.want !== 'chunks') return undefined
    const before = this.#options.transfers.list(row)?.at(open)?.offset ?? 0
    const bytes = Math.min(before + fileLimits.chunksWaiting * limits.chunk, fileLimits.rereads.tokens)
    return this.#rereads.take(row.peer, bytes) ? undefined : new QuorumError('rate-limited', 'They ask too often')
  }

  /** Ends every stream of a transfer. */
  stop(transfer: string): void {
    for (const stopper of this.#running.get(transfer) ?? []) {
      stopper.abort(new QuorumError('cancelled', 'The transfer was stopped'))
    }
  }

  stopAll(): void {
    for (const transfer of this.#running.keys()) this.stop(transfer)
  }

  async #serve(stream: Stream, frames: FileFrames, open: FileOpen, row: KnownTransfer): Promise<void> {
    const { log, transfers, onOpened, onSourceChanged, during } = this.#options
    const source = open.want === 'chunks' ? this.#files(row, open) : this.#manifest(row)
    onOpened(row)
    const stopper = new AbortController()
    const running = this.#running.get(row.id) ?? new Set()
    this.#running.set(row.id, running.add(stopper))
    const ofFriend = this.#ofFriend.get(row.peer) ?? new Set()
    this.#ofFriend.set(row.peer, ofFriend.add(stopper))
    endOldest(ofFriend)
    using _ = abortOn(stream, stopper.signal)
    const stopped = source.begin()
    const work = serve(stream, frames, open, source, stopper.signal)
    try {
      await during(row.id, work)
    } catch (error) {
      const { code, message } = errorToData(error)
      log('info', `sending to ${peerInLog(row.peer)} was interrupted: ${code}`)
      const now = transfers.find(row.id)
      if (code === 'source-changed' && now?.state === 'accepted') onSourceChanged(now, { code, message })
      throw error
    } finally {
      running.delete(stopper)
      if (running.size === 0) this.#running.delete(row.id)
      ofFriend.delete(stopper)
      if (ofFriend.size === 0) this.#ofFriend.delete(row.peer)
      stopped()
    }
  }

  #files(row: KnownTransfer, open: Extract<FileOpen, { want: 'chunks' }>): Served {
    const { transfers, progress } = this.#options
    const list = transfers.list(row)
    if (list == null) throw new QuorumError('internal', 'The list of files is missing')
    const files = new ReadAhead(list, transfers.details(row.id).sources ?? [])
    const before = Math.min(list.bytes, list.bytesBefore(open))
    return {
      begin() {
        const stopped = progress.moving(row, list)
        progress.done(row, before)
        return stopped
      },
      onStored: (bytes) => progress.done(row, Math.min(list.bytes, before + bytes)),
      chunks: ({ file, chunk, prefix, skips }) => files.read({ file, chunk }, prefix, skips),
      manifest: () => [],
    }
  }

  /** Nothing of its files moves. */
  #manifest({ id }: KnownTransfer): Served {
    const { transfers } = this.#options
    return {
      begin: () => () => undefined,
      onStored: () => undefined,
      async *chunks() {},
      manifest: () => transfers.manifestParts(id),
    }
  }
}

/**
 * Each stream has some MiB of a file in memory, and a friend may open streams on many connections. Of more than a
 * receiver needs, the oldest ends: the one whose connection may have died.
 */
function endOldest(streams: Set<AbortController>): void {
  for (const oldest of streams) {
    if (streams.size <= netLimits.fileStreams) return
    streams.delete(oldest)
    oldest.abort(new QuorumError('cancelled', 'Newer streams have taken its place'))
  }
}

interface Served extends Source {
  /** The stream begins to be served; call the result when it ends. */
  begin(): () => void
}

/** Why a stream is not served; undefined: it is. */
function refusalOf(row: KnownTransfer | undefined, peer: string): QuorumError | undefined {
  if (row == null || row.peer !== peer || row.direction !== 'out') {
    return new QuorumError('not-found', 'There is no such transfer')
  }
  if (row.pausedByMe || (row.state !== 'accepted' && row.state !== 'offered')) {
    return new QuorumError('cancelled', 'The transfer is stopped')
  }
  return undefined
}
