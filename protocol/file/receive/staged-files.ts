/**
 * The files of a transfer while it is put together, in a private folder. Folders are created one by one and nothing is
 * opened through a link, so a link that another program plants there is not followed. Calls that only change memory of
 * the system (a name, a date, a few kilobytes) are synchronous: a trip through Node's thread pool takes longer.
 */
import { closeSync, constants, futimesSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ownFolder } from './disk.ts'
import { readAt, setLength, writeAtOnce } from '../io.ts'
import { chunkDigest, isZeros } from '../digest.ts'
import type { Chunk, FileList } from '../manifest.ts'
import { limits } from '../../base/limits.ts'
import { codeOf } from '../../base/disk-errors.ts'

const { O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants

export class StagedFiles {
  readonly #folder: string
  readonly #list: FileList
  readonly #paths: readonly string[]
  readonly #created = new Set<string>()

  /** In `folder`, which exists. `paths`: safe relative paths of the entries of `list`, which was made with them. */
  constructor(folder: string, list: FileList, paths: readonly string[]) {
    this.#folder = folder
    this.#list = list
    this.#paths = paths
  }

  path(file: number): string {
    return join(this.#folder, 'files', this.#paths[file] ?? '')
  }

  /** The path of a root, by its number: `list` has the roots by their safe names. */
  root(root: number): string {
    return join(this.#folder, 'files', this.#list.roots[root] ?? '')
  }

  /** Opens the file of `chunk`: new and empty for the first chunk. Errors of all of these: those of the disk. */
  open({ file, chunk }: Chunk): number {
    return chunk === 0 ? this.#create(this.path(file)) : openSync(this.path(file), O_RDWR | O_NOFOLLOW)
  }

  /** Writes a whole file of one chunk. */
  put(file: number, data: Uint8Array): void {
    const handle = this.#create(this.path(file))
    try {
      writeAtOnce(handle, data, 0)
      this.#date(file, handle)
    } finally {
      closeSync(handle)
    }
  }

  /** Removes what is there of a file. */
  remove(file: number): void {
    rmSync(this.path(file), { force: true })
  }

  /** Creates a file or a folder without content. */
  putEmpty(file: number): void {
    if (this.#paths[file]?.endsWith('/') === true) this.#createFolderOf(join(this.path(file), 'content'))
    else closeSync(this.#create(this.path(file)))
  }

  /** Gives a file its length and date when all was written. `hole`: nothing may have been written at its end. */
  async complete(file: number, handle: number, hole: boolean): Promise<void> {
    if (hole) await setLength(handle, this.#list.entries[file]?.size ?? 0)
    this.#date(file, handle)
  }

  #date(file: number, handle: number): void {
    const modified = (this.#list.entries[file]?.modified ?? 0) / 1000
    if (modified > 0) futimesSync(handle, modified, modified)
  }

  #create(path: string): number {
    this.#createFolderOf(path)
    try {
      return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      // A crash left it before its first digest was in the journal.
      rmSync(path)
      return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
    }
  }

  #createFolderOf(path: string): void {
    const folder = dirname(path)
    if (folder === this.#folder || this.#created.has(folder)) return
    this.#createFolderOf(folder)
    ownFolder(folder, 0o777)
    this.#created.add(folder)
  }
}

/** Reads staged files chunk by chunk, in order, with one file open at a time. */
export class StagedReader {
  readonly #files: StagedFiles
  readonly #buffer = Buffer.allocUnsafe(limits.chunk)
  #open: { file: number; handle: number } | undefined

  constructor(files: StagedFiles) {
    this.#files = files
  }

  /** Whether the bytes of `chunk` are stored and have `digest`. */
  async holds(chunk: Chunk, digest: Buffer): Promise<boolean> {
    try {
      if (this.#open?.file !== chunk.file) {
        this.close()
        this.#open = { file: chunk.file, handle: openSync(this.#files.path(chunk.file), O_RDWR | O_NOFOLLOW) }
      }
      const bytesRead = await readAt(this.#open.handle, this.#buffer.subarray(0, chunk.length), chunk.offset)
      // After the last byte that was written there may be a hole.
      if (bytesRead < chunk.length && isZeros(digest)) this.#buffer.fill(0, bytesRead, chunk.length)
      else if (bytesRead < chunk.length) return false
      return digest.equals(chunkDigest(this.#buffer.subarray(0, chunk.length)))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }

  /** Completes the file that was read last: all of its chunks are stored. `flush` gets its descriptor. */
  async complete(flush: (handle: number) => Promise<void>): Promise<void> {
    if (this.#open == null) return
    await this.#files.complete(this.#open.file, this.#open.handle, true)
    await flush(this.#open.handle)
  }

  close(): void {
    const open = this.#open
    this.#open = undefined
    if (open != null) closeSync(open.handle)
  }
}
