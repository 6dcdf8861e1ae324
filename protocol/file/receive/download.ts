/**
 * An accepted transfer on its way to this peer's disk. Whenever there is a path to the sender it goes on from what is
 * stored; it moves to a better path when there is one. It ends when everything is published, or when trying again would
 * end the same way. What is stored stays in the staging folder: removing that is the caller's decision.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed } from '../../address/address.ts'
import { QuorumError, toError, type ErrorCode } from '../../base/errors.ts'
import { diskFailure, needRoom } from './disk.ts'
import { FileList } from '../manifest.ts'
import { safePathsOf } from '../local-paths.ts'
import { receiveFiles, receiveManifest } from './receive-stream.ts'
import { Staging } from './staging.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { fileProtocol } from '../../net/policy.ts'
import { Retry } from '../../base/backoff.ts'
import type { TransferDetails, TransferRow } from '../../store/store.ts'
import { RemoteError } from '../../wire/file.ts'
import { manifestOf, offerFromWire, type ManifestEntry } from '../../wire/offer.ts'

/** Errors that the sender reports and that end the transfer; every other one is tried again. */
const finalTheirs: ReadonlySet<ErrorCode> = new Set([
  'source-changed',
  'not-found',
  'verification-failed',
  'unsupported-version',
])
/** Errors of this side that end the transfer. `internal`: the staging folder failed, and takes nothing any more. */
const finalOurs: ReadonlySet<ErrorCode> = new Set([
  'verification-failed',
  'bad-request',
  'too-large',
  'unsupported-version',
  'disk-full',
  'not-writable',
  'internal',
])

export interface DownloadOptions {
  row: TransferRow & TransferDetails
  /** The wire form of the manifest, if it is here. */
  manifest: Uint8Array | undefined
  /** The best open connection to the sender. */
  best(): Connection | undefined
  onManifest(bytes: Uint8Array, entries: readonly ManifestEntry[]): void
  /** The names that the roots get in the folder; called before they are given. */
  onNames(names: readonly string[]): void
  /** The entries that do not arrive; called before anything is published without them. */
  onMissing(missing: readonly number[], entries: readonly ManifestEntry[]): void
  /** `bytes`, counted from the first file, are stored. */
  onStored(bytes: number): void
  /** A stream moves files of the list; call the result when it ends. */
  moving(list: FileList): () => void
  /** Nothing arrives on that connection. `arrived`: something arrived meanwhile. */
  onSilence(connection: Connection, arrived: () => boolean): void
  /** The transfer was interrupted and goes on later. */
  onInterrupted(error: Error): void
}

export interface Downloaded {
  /** The name of each root; empty or absent: nothing of it arrived. */
  names: readonly string[]
  /** Entries that the sender skipped, ascending: not all. */
  missing: readonly number[]
}

export class Download {
  readonly #options: DownloadOptions
  readonly #ended = new AbortController()
  readonly #retry = new Retry(fileLimits.transferRetry)
  #session: { connection: Connection; leave: AbortController; stream: Stream | undefined } | undefined
  /** Ends the wait for a connection. */
  #wake: (() => void) | undefined

  constructor(options: DownloadOptions) {
    this.#options = options
  }

  /**
   * Runs until everything is published that the sender still has. Errors: `cancelled` after `end()`; `disk-full`,
   * `not-writable`; `verification-failed`; `source-changed` if the sender has nothing any more, and what else it
   * reports.
   */
  async run(): Promise<Downloaded> {
    const { row } = this.#options
    const directory = row.directory ?? ''
    const { signal } = this.#ended
    try {
      const entries = await this.#manifest()
      const paths = await safePathsOf(entries)
      const list = new FileList(entries, paths)
      if (list.roots.length > limits.transferRoots) {
        throw new QuorumError('too-large', 'They send too many things at once')
      }
      const { onNames, onMissing, onStored } = this.#options
      const known = { names: row.places, missing: row.missing ?? [] }
      const onGone = (missing: readonly number[]): void => onMissing(missing, entries)
      const onDisk = { directory, id: row.id, list, paths, ...known, onNames, onMissing: onGone }
      const staging: Staging = await Staging.open({ ...onDisk, onStored: () => onStored(staging.stored) }, signal)
      try {
        onStored(staging.stored)
        await needRoom(directory, list.bytes - staging.bytes)
        while (staging.next != null) await this.#overPath((stream) => this.#receive(stream, staging, list))
        await staging.settled()
        if (staging.missing.length === entries.length) {
          throw new QuorumError(
            'source-changed',
            'What they offered was changed, moved or removed since: ask them to send it again',
          )
        }
        return { names: await staging.finish(), missing: staging.missing }
      } catch (error) {
        await staging.close()
        throw error
      }
    } catch (error) {
      throw diskFailure(error, directory)
    }
  }

  /** PeerId of the sender. */
  get peer(): string {
    return this.#options.row.peer
  }

  /** `end()` was called. */
  get stopped(): boolean {
    return this.#ended.signal.aborted
  }

  /** Stops the download; what is stored stays. */
  end(): void {
    this.#ended.abort(new QuorumError('cancelled', 'The transfer was stopped'))
    this.#session?.stream?.abort(this.#ended.signal.reason as Error)
    this.#wake?.()
    this.#retry.now()
  }

  /** There may be another path to the sender. A direct one is worth leaving the stream; a relayed one is not. */
  pathChanged(): void {
    this.#wake?.()
    this.#retry.now()
    const best = this.#options.best()
    if (this.#session == null || best == null || best === this.#session.connection) return
    const isBetter = !isRelayed(best.remoteAddr) || this.#session.connection.status !== 'open'
    if (isBetter) this.#session.leave.abort()
  }

  async #manifest(): Promise<ManifestEntry[]> {
    const offer = offerFromWire(this.#options.row.offer)
    const known = manifestOf(offer, this.#options.manifest)
    if (known != null) return known
    let bytes: Uint8Array = new Uint8Array()
    await this.#overPath(async (stream) => {
      bytes = await receiveManifest(stream, offer.transfer, offer.manifestLength)
    })
    const entries = manifestOf(offer, bytes) ?? []
    this.#options.onManifest(bytes, entries)
    return entries
  }

  async #receive(stream: Stream, staging: Staging, list: FileList): Promise<void> {
    const session = this.#session
    if (session == null) return
    const stopped = this.#options.moving(list)
    try {
      const { row, onSilence } = this.#options
      await receiveFiles(stream, {
        transfer: row.id,
        staging,
        leave: session.leave.signal,
        onSilence: (arrived) => onSilence(session.connection, arrived),
      })
    } finally {
      stopped()
    }
  }

  /**
   * Does `work` on a stream to the sender, again after each interruption, until it is done or a final error ends it.
   */
  async #overPath(work: (stream: Stream) => Promise<void>): Promise<void> {
    const { signal } = this.#ended
    for (;;) {
      signal.throwIfAborted()
      const connection = this.#options.best()
      if (connection == null) {
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
        continue
      }
      const startedAt = performance.now()
      const session = { connection, leave: new AbortController(), stream: undefined as Stream | undefined }
      this.#session = session
      try {
        const opening = AbortSignal.any([signal, AbortSignal.timeout(limits.openStream)])
        session.stream = await connection.newStream(fileProtocol, { signal: opening, runOnLimitedConnection: true })
        await work(session.stream)
        return
      } catch (error) {
        session.stream?.abort(toError(error))
        signal.throwIfAborted()
        if (isFinal(error)) throw error
        this.#options.onInterrupted(toError(error))
        // It ran well for a while: this is a new interruption, not another one of a series.
        if (performance.now() - startedAt > fileLimits.transferRetry.longest) this.#retry.reset()
        await this.#retry.wait(signal)
      } finally {
        this.#session = undefined
      }
    }
  }
}

/** Trying again would end the same way, unless a person does something first. */
function isFinal(error: unknown): boolean {
  return error instanceof QuorumError && (error instanceof RemoteError ? finalTheirs : finalOurs).has(error.code)
}
