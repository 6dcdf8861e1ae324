/**
 * Where a transfer is put together at its receiver: a private folder beside the place where it will be, on the same
 * disk, in which files grow and a journal holds the digest of every chunk that is there. Nothing leaves that folder
 * unless it is whole and verified, and then without replacing anything. After a crash the journal says what to look
 * at, and the disk itself says what is there.
 */
import { closeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuorumError } from '../../base/errors.ts'
import { diskFailure, ownFolder, syncFiles } from './disk.ts'
import { syncData, syncFile, Turns, writeAt } from '../io.ts'
import { Journal } from './journal.ts'
import { FileDigest, isZeros, type Chunk, type FileList } from '../manifest.ts'
import { isPublished, publish, syncFolder } from './publish.ts'
import { StagedFiles, StagedReader } from './staged-files.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'

/** Of a file that grows, what was written is handed to the disk this often, in bytes: the end must not wait for all. */
const flushEvery = 64 * 1024 * 1024
/** Files that are written or handed to the disk at the same time. */
const filesOpen = 64
/** Up to so many bytes, a whole file is written at once. */
const small = 64 * 1024

export interface StagingOptions {
  /** Where roots are put in the end; it must exist. */
  directory: string
  /** Id of the transfer. */
  id: string
  list: FileList
  /** Safe relative paths of the entries of `list`, which was made with them. */
  paths: readonly string[]
  /** The name each root got, as far as it is decided. */
  places: readonly string[]
  /** Keeps what was decided before it is carried out. */
  onPlace(places: readonly string[]): void
  /** `stored` has grown. */
  onStored(): void
}

interface OpenFile {
  handle: number
  writing: Set<Promise<void>>
  /** Ends with a hole, which nothing was written to. */
  hole: boolean
  /** Bytes written since it was last handed to the disk. */
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
  readonly #places: string[]
  /** Roots that are where they belong, or have been: since then they are the person's. */
  readonly #published = new Set<number>()
  /** Of each root: how many files are not whole yet, which have no content, and which are to be handed to the disk. */
  readonly #missing: number[] = []
  readonly #empty: number[][] = []
  readonly #unsynced: number[][] = []
  readonly #working = new Set<Promise<void>>()
  readonly #turns = new Turns()
  #waiting = 0
  /** Some of the work has ended. */
  #roomier: (() => void) | undefined
  #stored = 0
  #publishing: Promise<void> = Promise.resolve()
  #file: OpenFile | undefined
  #digest = new FileDigest()
  #next: Chunk | undefined
  #failure: Error | undefined

  private constructor(options: StagingOptions, journal: Journal) {
    this.#options = options
    this.#folder = stagingFolder(options.directory, options.id)
    this.#files = new StagedFiles(this.#folder, options.list, options.paths)
    this.#journal = journal
    this.#places = [...options.places]
    for (const [file, { size }] of options.list.entries.entries()) {
      const root = options.list.rootNumber(file)
      this.#missing[root] = (this.#missing[root] ?? 0) + Number(size > 0)
      if (size === 0) (this.#empty[root] ??= []).push(file)
    }
  }

  /**
   * Opens the folder, made if there is none, and verifies what is in it. Errors: those of the disk, `not-writable`
   * where something else stands in its place, and the reason of `signal`.
   */
  static async open(options: StagingOptions, signal: AbortSignal): Promise<Staging> {
    const folder = stagingFolder(options.directory, options.id)
    ownFolder(folder, 0o700)
    const journal = new Journal(join(folder, 'journal'))
    const staging = new Staging(options, journal)
    try {
      await staging.#verify(signal)
      return staging
    } catch (error) {
      journal.close()
      throw error
    }
  }

  /** The next chunk to come; undefined when all have. */
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
   * `fileDigest`: what the sender says about the whole file, with its last chunk. Errors: `verification-failed`, and what kept an earlier
   * chunk from being written.
   */
  async put(data: Buffer, digest: Uint8Array, fileDigest?: Uint8Array): Promise<void> {
    const chunk = this.#next
    if (chunk == null) throw new QuorumError('verification-failed', 'They send more than was offered')
    this.#digest.add(digest)
    if (chunk.last) {
      if (fileDigest == null || !Buffer.from(fileDigest).equals(this.#digest.value())) {
        throw new QuorumError('verification-failed', 'A file is not what its sender says it is')
      }
      this.#digest = new FileDigest()
    }
    this.#next = this.#options.list.after(chunk)
    const stored = this.bytes
    const onStored = (): void => {
      this.#stored = stored
      this.#options.onStored()
    }
    if (this.#published.has(this.#options.list.rootNumber(chunk.file))) {
      // The power failed between its publication and what the journal says of it: it comes again, for nothing.
      this.#journal.add(digest, undefined, onStored)
      return
    }
    try {
      if (chunk.chunk === 0 && chunk.last && chunk.length <= small) this.#putSmall(chunk, data, digest, onStored)
      else this.#putLarge(chunk, data, digest, onStored)
    } catch (error) {
      this.#fail(error)
    }
    while (this.#waiting >= fileLimits.chunksWaiting * limits.chunk || this.#working.size >= 2 * filesOpen) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#roomier = resolve
      await promise
    }
    if (this.#failure != null) throw this.#failure
    if (this.#turns.due) await this.#turns.next()
  }

  #putSmall({ file }: Chunk, data: Buffer, digest: Uint8Array, onStored: () => void): void {
    this.#files.put(file, data)
    this.#journal.add(digest, undefined, onStored)
    const root = this.#options.list.rootNumber(file)
    this.#syncLater(root, file)
    if (this.#countDown(root)) this.#work(this.#publish(root))
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
   * After all was put: publishes what has not been, and removes the folder. Returns the names that the roots got.
   * Errors: those of the disk; what is there stays.
   */
  async finish(): Promise<readonly string[]> {
    await this.settled()
    for (const root of this.#options.list.roots.keys()) await this.#publish(root)
    await syncFolder(this.#options.directory)
    this.#journal.close()
    await rm(this.#folder, { recursive: true, force: true })
    return this.#places
  }

  /** Lets go of every file; what is there stays. */
  async close(): Promise<void> {
    await this.#settle()
    try {
      if (this.#file != null) closeSync(this.#file.handle)
    } finally {
      this.#file = undefined
      this.#journal.close()
    }
  }

  /** Resolves when all that was put is stored. Errors: what kept it from being. */
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

  /** Runs beside everything else; what fails is thrown by the next call. */
  #work(work: Promise<void>): void {
    const working = work
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#working.delete(working)
        this.#roomier?.()
      })
    this.#working.add(working)
  }

  #fail(error: unknown): void {
    this.#failure ??= diskFailure(error, this.#options.directory)
  }

  async #write(file: OpenFile, chunk: Chunk, data: Buffer, digest: Uint8Array): Promise<void> {
    file.hole = isZeros(digest)
    if (file.hole) return
    await writeAt(file.handle, data, chunk.offset)
    chunkPool.put(data)
    file.unflushed += chunk.length
    if (file.unflushed < flushEvery || file.flushing != null || chunk.last) return
    file.unflushed = 0
    file.flushing = syncData(file.handle).finally(() => {
      file.flushing = undefined
    })
    this.#work(file.flushing)
  }

  /** All of a file was put: on the disk with it; with the last one of its root, the root is published. */
  async #finishFile(file: OpenFile, chunk: Chunk): Promise<void> {
    const root = this.#options.list.rootNumber(chunk.file)
    try {
      await Promise.all(file.writing)
      await file.flushing
      await this.#files.complete(chunk.file, file.handle, file.hole)
      await this.#sync(file.handle, chunk)
    } finally {
      closeSync(file.handle)
    }
    if (this.#countDown(root)) await this.#publish(root)
  }

  /** Hands a whole file to the disk: a large one now, small ones together before they are published. */
  async #sync(handle: number, { file, chunk }: Chunk): Promise<void> {
    if (chunk > 0) return syncFile(handle)
    this.#syncLater(this.#options.list.rootNumber(file), file)
  }

  #syncLater(root: number, file: number): void {
    ;(this.#unsynced[root] ??= []).push(file)
  }

  /** One file less is missing. Returns whether it was the last. */
  #countDown(root: number): boolean {
    this.#missing[root] = (this.#missing[root] ?? 0) - 1
    return this.#missing[root] === 0
  }

  /** Puts a root where it belongs, if it is not there yet; one after the other. */
  #publish(root: number): Promise<void> {
    const published = this.#publishing.then(async () => {
      if (this.#published.has(root)) return
      const { directory, list, onPlace } = this.#options
      const name = list.roots[root] ?? ''
      const staged = this.#files.root(root)
      const earlier = this.#places[root] === '' ? undefined : this.#places[root]
      for (const file of this.#empty[root] ?? []) {
        this.#files.putEmpty(file)
        if (this.#turns.due) await this.#turns.next()
      }
      const unsynced = this.#unsynced[root] ?? []
      await syncFiles(
        this.#folder,
        unsynced.map((file) => this.#files.path(file)),
      )
      this.#unsynced[root] = []
      const decided = (place: string): void => {
        for (let before = this.#places.length; before < root; before += 1) this.#places[before] = ''
        this.#places[root] = place
        onPlace(this.#places)
      }
      await publish(staged, directory, name, decided, earlier)
      this.#published.add(root)
    })
    this.#publishing = published.catch(() => undefined)
    return published
  }

  /** Looks at what an earlier life left, and finds where to go on. */
  async #verify(signal: AbortSignal): Promise<void> {
    const { list, directory } = this.#options
    const digests = await this.#journal.read()
    for (const root of list.roots.keys()) {
      const place = this.#places[root] ?? ''
      if (place === '') continue
      if (await isPublished(this.#files.root(root), join(directory, place), digests.length > 0))
        this.#published.add(root)
    }
    if (this.#published.size === list.roots.length) {
      this.#stored = list.bytes
      return
    }
    const reader = new StagedReader(this.#files)
    let kept = 0
    let next = list.at({ file: 0, chunk: 0 })
    try {
      for (const digest of digests) {
        signal.throwIfAborted()
        if (next == null) break
        const root = list.rootNumber(next.file)
        const published = this.#published.has(root)
        if (!published && !(await reader.holds(next, digest))) break
        if (next.last) {
          const last = next
          // Whether that was done before the crash nobody knows.
          if (!published) await reader.complete((handle) => this.#sync(handle, last))
          this.#digest = new FileDigest()
          this.#countDown(root)
        } else this.#digest.add(digest)
        kept += 1
        next = list.after(next)
      }
    } finally {
      reader.close()
    }
    this.#next = next
    this.#stored = this.bytes
    this.#journal.keep(kept)
  }
}
