/**
 * An accepted transfer on its way to our disk: whenever there is a path to its sender it goes on from what is stored,
 * moves to a better path when one comes, and ends when all is published, or when something makes going on pointless.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed } from '../../address/address.ts'
import { QuorumError, toError, type ErrorCode } from '../../base/errors.ts'
import { diskFailure, needRoom } from './disk.ts'
import { FileList } from '../manifest.ts'
import { pathsHere } from '../local-paths.ts'
import { receiveFiles, receiveManifest } from './receive-stream.ts'
import { Staging } from './staging.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { fileProtocol } from '../../net/policy.ts'
import { Retry } from '../../base/backoff.ts'
import type { TransferRow } from '../../store/store.ts'
import { RemoteError } from '../../wire/file.ts'
import { manifestOf, offerFromWire, type ManifestEntry } from '../../wire/offer.ts'

/** What ends it when the sender says so, and when it shows here. */
const theirs: ReadonlySet<ErrorCode> = new Set([
  'source-changed',
  'not-found',
  'verification-failed',
  'unsupported-version',
])
const ours: ReadonlySet<ErrorCode> = new Set([
  'verification-failed',
  'bad-request',
  'too-large',
  'unsupported-version',
  'disk-full',
  'not-writable',
])

export interface IncomingOptions {
  row: TransferRow
  /** The manifest, where it is known. */
  manifest: Uint8Array | undefined
  /** The best open connection to the sender. */
  best(): Connection | undefined
  onManifest(bytes: Uint8Array): void
  onPlace(places: readonly string[]): void
  /** So many bytes, counted from the first file, are stored. */
  onStored(bytes: number): void
  /** A stream moves it; call what is returned when it ends. */
  moving(): () => void
  /** Nothing arrives on that connection. */
  onSilence(connection: Connection, heard: () => boolean): void
  /** It was interrupted and goes on later. */
  onInterrupted(error: Error): void
}

export class Incoming {
  readonly #options: IncomingOptions
  readonly #ended = new AbortController()
  readonly #retry = new Retry(fileLimits.transferRetry)
  #session: { connection: Connection; leave: AbortController; stream: Stream | undefined } | undefined
  #wake: (() => void) | undefined

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  /**
   * Runs until everything is published; returns the names that the roots got. Errors: `cancelled` after `end()`;
   * `disk-full`, `not-writable`; `verification-failed`; what the sender says (`source-changed`, …).
   */
  async run(): Promise<readonly string[]> {
    const { row } = this.#options
    const directory = row.directory ?? ''
    const { signal } = this.#ended
    try {
      const entries = await this.#manifest()
      const paths = await pathsHere(entries)
      const list = new FileList(entries, paths)
      if (list.roots.length > limits.transferRoots)
        throw new QuorumError('too-large', 'They send too many things at once')
      const { onPlace, onStored } = this.#options
      const onDisk = { directory, id: row.id, list, paths, places: row.places, onPlace }
      const staging: Staging = await Staging.open({ ...onDisk, onStored: () => onStored(staging.stored) }, signal)
      try {
        onStored(staging.stored)
        await needRoom(directory, list.bytes - staging.bytes)
        while (staging.next != null) await this.#overPath((stream) => this.#receive(stream, staging))
        return await staging.finish()
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

  /** Stops it where it is; what is stored stays. */
  end(): void {
    this.#ended.abort(new QuorumError('cancelled', 'The transfer was stopped'))
    this.#session?.stream?.abort(this.#ended.signal.reason as Error)
    this.#wake?.()
    this.#retry.now()
  }

  /** There may be another path. */
  pathChanged(): void {
    this.#wake?.()
    this.#retry.now()
    const best = this.#options.best()
    if (this.#session == null || best == null || best === this.#session.connection) return
    if (!isRelayed(best.remoteAddr) || this.#session.connection.status !== 'open') this.#session.leave.abort()
  }

  async #manifest(): Promise<ManifestEntry[]> {
    const offer = offerFromWire(this.#options.row.offer)
    const known = manifestOf(offer, this.#options.manifest)
    if (known != null) return known
    let bytes = new Uint8Array()
    await this.#overPath(async (stream) => {
      bytes = Uint8Array.from(await receiveManifest(stream, offer.transfer, offer.manifestLength))
    })
    const entries = manifestOf(offer, bytes) ?? []
    this.#options.onManifest(bytes)
    return entries
  }

  async #receive(stream: Stream, staging: Staging): Promise<void> {
    const session = this.#session
    if (session == null) return
    const stopped = this.#options.moving()
    try {
      const { row, onSilence } = this.#options
      await receiveFiles(stream, {
        transfer: row.id,
        staging,
        leave: session.leave.signal,
        onSilence: (heard) => onSilence(session.connection, heard),
      })
    } finally {
      stopped()
    }
  }

  /** Does `work` on a stream to the sender, again and again until it is done or pointless. */
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
      const begun = performance.now()
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
        if (performance.now() - begun > fileLimits.transferRetry.longest) this.#retry.reset()
        await this.#retry.wait(signal)
      } finally {
        this.#session = undefined
      }
    }
  }
}

/** Trying again would end the same way, unless somebody does something first. */
function isFinal(error: unknown): boolean {
  return error instanceof QuorumError && (error instanceof RemoteError ? theirs : ours).has(error.code)
}
