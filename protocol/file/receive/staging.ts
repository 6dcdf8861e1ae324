/**
 * Where a transfer is put together at its receiver: a private folder beside the final place, on the same disk, in which
 * files grow and a journal holds the digest of every chunk that is stored. Nothing leaves that folder unless it is
 * whole and verified (roots.ts), and nothing is replaced. After a crash the journal names what to look at, and every
 * byte is verified again before the transfer goes on.
 */
import { closeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuorumError } from '../../base/errors.ts'
import { diskFailure, ownFolder } from './disk.ts'
import { syncData, syncFile, writeAt } from '../io.ts'
import { isSkipped, Journal, skippedMark } from './journal.ts'
import { FileDigest, isZeros } from '../digest.ts'
import type { Chunk, FileList } from '../manifest.ts'
import { Roots } from './roots.ts'
import { StagedFiles, StagedReader } from './staged-files.ts'
import { syncFolder } from '../../base/atomic-file.ts'
import { limits } from '../../base/limits.ts'
import { Yielder } from '../../base/yield.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'

export interface StagingOptions {
  /** Where roots are published; it must exist. */
  directory: string
  /** Id of the transfer. */
  id: string
  list: FileList
  /** Safe relative paths of the entries of `list`, which was made with them. */
  paths: readonly string[]
  /** The name that each root got, as far as it is decided; empty: not yet. */
  names: readonly string[]
  /** Stores the names before the next one is given. */
  onNames(names: readonly string[]): void
  /** Entries that an earlier run knew to be missing. */
  missing: readonly number[]
  /** Stores the missing entries before anything is published without them. */
  onMissing(missing: readonly number[]): void
  /** `stored` has grown. */
  onStored(): void
}

interface OpenFile {
  handle: number
  writing: Set<Promise<void>>
  /** The file ends with a hole, to which nothing was written. */
  hole: boolean
  /** Bytes written since the last flush. */
  unflushed: number
  flushing: Promise<void> | undefined
}

/** The folder in which the transfer `id` is put together. */
export function stagingFolder(directory: string, id: string): string {
  return join(directory, `.quorum-${id}`)
}

export class Staging {
  readonly #options: StagingOptions
  readonly #folder: string
  readonly #files: StagedFiles
  readonly #journal: Journal
  readonly #roots: Roots
  readonly #working = new Set<Promise<void>>()
  readonly #yielder = new Yielder()
  /** Bytes that wait for the disk. */
  #waiting = 0
  /** Ends the wait of `put()`: some of the work has ended. */
  #onRoom: (() => void) | undefined
  #stored = 0
  /** The file of `next`, if some of it was put in this run. */
  #file: OpenFile | undefined
  /** Over the chunks before `next` in its file. */
  #digest = new FileDigest()
  #next: Chunk | undefined
  #failure: Error | undefined

  private constructor(options: StagingOptions, journal: Journal, signal: AbortSignal) {
    this.#options = options
    this.#folder = stagingFolder(options.directory, options.id)
    this.#files = new StagedFiles(this.#folder, options.list, options.paths)
    this.#journal = journal
    this.#roots = new Roots({ ...options, folder: this.#folder, files: this.#files, signal })
  }

  /**
   * Opens the folder, created if it is missing, and verifies what is stored in it. Once `signal` is aborted, nothing
   * more is published, and `put`, `settled` and `finish` fail with its reason. Errors: those of the disk,
   * `not-writable` if something else has its name, and the reason of `signal`.
   */
  static async open(options: StagingOptions, signal: AbortSignal): Promise<Staging> {
    const folder = stagingFolder(options.directory, options.id)
    ownFolder(folder, 0o700)
    const journal = new Journal(join(folder, 'journal'))
    const staging = new Staging(options, journal, signal)
    try {
      await staging.#verify(signal)
      return staging
    } catch (error) {
      journal.close()
      throw error
    }
  }

  /** Entries that their sender skipped, ascending. */
  get missing(): readonly number[] {
    return this.#roots.missing
  }

  /** The next chunk to be put; undefined when all were. */
  get next(): Chunk | undefined {
    return this.#next
  }

  /** Digest over the digests of the chunks before it in its file; empty at the first. */
  get prefix(): Uint8Array {
    return this.#next == null || this.#next.chunk === 0 ? new Uint8Array() : this.#digest.value()
  }

  /** Bytes before `next`. */
  get bytes(): number {
    const { list } = this.#options
    return this.#next == null ? list.bytes : list.bytesBefore(this.#next)
  }

  /** Bytes, counted from the first file, that are on the disk and in the journal. */
  get stored(): number {
    return this.#stored
  }

  /**
   * Takes the bytes of `next`, whose digest was checked, and their memory; resolves when there is room for more.
   * `fileDigest`: the digest of the whole file as its sender announces it, with its last chunk. Errors:
   * `verification-failed`, and what kept an earlier chunk from being written.
   */
  async put(data: Buffer, digest: Uint8Array, fileDigest?: Uint8Array): Promise<void> {
    const chunk = this.#next
    if (chunk == null) throw new QuorumError('verification-failed', 'They send more than was offered')
    this.#digest.add(digest)
    if (chunk.last) {
      if (fileDigest == null || !Buffer.from(fileDigest).equals(this.#digest.value())) {
        throw new QuorumError('verification-failed', 'A file is not what its sender announced')
      }
      this.#digest = new FileDigest()
    }
    this.#next = this.#options.list.after(chunk)
    const onStored = this.#whenStored()
    if (this.#roots.publishedWith(chunk.file)) {
      // The power failed after the root was published and before the journal was flushed: the chunk is not needed.
      this.#journal.add(digest, undefined, onStored)
      return
    }
    try {
      if (chunk.chunk === 0 && chunk.last && chunk.length <= fileLimits.smallFile)
        this.#putSmall(chunk, data, digest, onStored)
      else this.#putLarge(chunk, data, digest, onStored)
    } catch (error) {
      this.#fail(error)
    }
    await this.#room()
  }

  /**
   * The sender has no more of `file`, whose turn it is: what is there of it is removed, the others go on. Errors:
   * `verification-failed`, and what kept an earlier chunk from being written.
   */
  async skip(file: number): Promise<void> {
    if (this.#next?.file !== file) {
      throw new QuorumError('verification-failed', 'They skipped a file that they were not sending')
    }
    this.#digest = new FileDigest()
    this.#next = this.#options.list.beyond(file)
    const begun = this.#file
    this.#file = undefined
    const dropped = this.#roots.publishedWith(file) ? undefined : this.#drop(file, begun)
    this.#journal.add(skippedMark, dropped, this.#whenStored())
    if (dropped != null) this.#work(dropped.then(() => this.#skipped(file)))
    await this.#room()
  }

  async #drop(file: number, begun: OpenFile | undefined): Promise<void> {
    if (begun != null) {
      await Promise.allSettled([...begun.writing, begun.flushing])
      closeSync(begun.handle)
    }
    this.#files.remove(file)
  }

  async #skipped(file: number): Promise<void> {
    const root = this.#roots.skip(file)
    if (root != null) await this.#roots.publish(root)
  }

  /** To be called when everything before `next` is stored. */
  #whenStored(): () => void {
    const stored = this.bytes
    return () => {
      this.#stored = stored
      this.#options.onStored()
    }
  }

  /** Resolves when there is room for more work. Errors: what kept an earlier chunk from being written. */
  async #room(): Promise<void> {
    while (this.#waiting >= fileLimits.chunksWaiting * limits.chunk || this.#working.size >= 2 * fileLimits.filesOpen) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onRoom = resolve
      await promise
    }
    if (this.#failure != null) throw this.#failure
    if (this.#yielder.due) await this.#yielder.yield()
  }

  #putSmall({ file }: Chunk, data: Buffer, digest: Uint8Array, onStored: () => void): void {
    this.#files.put(file, data)
    this.#journal.add(digest, undefined, onStored)
    this.#roots.flushLater(file)
    const root = this.#roots.complete(file)
    if (root != null) this.#work(this.#roots.publish(root))
  }

  #putLarge(chunk: Chunk, data: Buffer, digest: Uint8Array, onStored: () => void): void {
    const open = (): OpenFile => ({
      handle: this.#files.open(chunk),
      writing: new Set(),
      hole: false,
      unflushed: 0,
      flushing: undefined,
    })
    const file = this.#file ?? open()
    this.#file = chunk.last ? undefined : file
    const written = this.#write(file, chunk, data, digest)
    file.writing.add(written)
    this.#waiting += chunk.length
    const settled = written.finally(() => {
      this.#waiting -= chunk.length
      file.writing.delete(written)
    })
    this.#work(settled)
    this.#journal.add(digest, written, onStored)
    if (chunk.last) this.#work(this.#finishFile(file, chunk))
  }

  /**
   * After everything was put: publishes what is not published yet, and removes the folder. Returns the names that the
   * roots got. Errors: those of the disk; what is stored stays.
   */
  async finish(): Promise<readonly string[]> {
    await this.settled()
    await this.#roots.publishAll()
    await syncFolder(this.#options.directory)
    this.#journal.close()
    // On Windows a virus scanner may still look at one of the files, on NFS a file that is open keeps its folder.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 })
    return this.#roots.names
  }

  /** Closes every file; what is stored stays. */
  async close(): Promise<void> {
    await this.#settle()
    try {
      if (this.#file != null) closeSync(this.#file.handle)
    } finally {
      this.#file = undefined
      this.#journal.close()
    }
  }

  /** Resolves when everything that was put is stored. Errors: what prevented that. */
  async settled(): Promise<void> {
    await this.#settle()
    if (this.#failure != null) throw this.#failure
  }

  async #settle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
    try {
      this.#journal.check()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Lets `work` run in the background; its error is thrown by the next call. */
  #work(work: Promise<void>): void {
    const working = work
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#working.delete(working)
        this.#onRoom?.()
      })
    this.#working.add(working)
  }

  #fail(error: unknown): void {
    const failure = diskFailure(error, this.#options.directory)
    // With a code, always: a folder that failed takes nothing any more, so nothing may try again with it.
    this.#failure ??=
      failure instanceof QuorumError ? failure : new QuorumError('internal', failure.message, { cause: failure })
  }

  async #write(file: OpenFile, chunk: Chunk, data: Buffer, digest: Uint8Array): Promise<void> {
    file.hole = isZeros(digest)
    if (file.hole) return
    await writeAt(file.handle, data, chunk.offset)
    chunkPool.put(data)
    file.unflushed += chunk.length
    if (file.unflushed < fileLimits.flushEvery || file.flushing != null || chunk.last) return
    file.unflushed = 0
    file.flushing = syncData(file.handle).finally(() => {
      file.flushing = undefined
    })
    this.#work(file.flushing)
  }

  /** Every chunk of a file was put: flushes it; if it is the last one of its root, publishes the root. */
  async #finishFile(file: OpenFile, chunk: Chunk): Promise<void> {
    try {
      await Promise.all(file.writing)
      await file.flushing
      await this.#files.complete(chunk.file, file.handle, file.hole)
      await this.#flush(file.handle, chunk)
    } finally {
      closeSync(file.handle)
    }
    const root = this.#roots.complete(chunk.file)
    if (root != null) await this.#roots.publish(root)
  }

  /** Flushes a whole file: one of several chunks now, the others together before they are published. */
  async #flush(handle: number, { file, chunk }: Chunk): Promise<void> {
    if (chunk > 0) return syncFile(handle)
    this.#roots.flushLater(file)
  }

  /** Verifies what an earlier run stored, and finds where to go on. */
  async #verify(signal: AbortSignal): Promise<void> {
    const { list } = this.#options
    const digests = await this.#journal.read()
    await this.#roots.findPublished(digests.length > 0)
    if (this.#roots.allPublished) {
      this.#stored = list.bytes
      return
    }
    const skipped = this.#skippedIn(digests)
    const reader = new StagedReader(this.#files)
    let verified = 0
    let next = list.at({ file: 0, chunk: 0 })
    try {
      for (const digest of digests) {
        signal.throwIfAborted()
        if (next == null) break
        const published = this.#roots.publishedWith(next.file)
        if (skipped.has(next.file)) {
          verified += 1
          if (isSkipped(digest)) {
            if (!published) this.#roots.skip(next.file)
            next = list.beyond(next.file)
          } else next = list.after(next)
          continue
        }
        if (!published && !(await reader.holds(next, digest))) break
        if (next.last) {
          const last = next
          // It is unknown whether the earlier run still set the date and flushed the file.
          if (!published) await reader.complete((handle) => this.#flush(handle, last))
          this.#digest = new FileDigest()
          this.#roots.complete(last.file)
        } else this.#digest.add(digest)
        verified += 1
        next = list.after(next)
      }
    } finally {
      reader.close()
    }
    this.#next = next
    this.#stored = this.bytes
    this.#journal.truncate(verified)
  }

  /** The files that an earlier run skipped: what is stored of them was removed, and counts nevertheless. */
  #skippedIn(digests: readonly Buffer[]): Set<number> {
    const { list } = this.#options
    const skipped = new Set<number>()
    let next = list.at({ file: 0, chunk: 0 })
    for (const digest of digests) {
      if (next == null) break
      if (isSkipped(digest)) skipped.add(next.file)
      next = isSkipped(digest) ? list.beyond(next.file) : list.after(next)
    }
    return skipped
  }
}
