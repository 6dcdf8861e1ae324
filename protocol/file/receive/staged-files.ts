/**
 * The files of a transfer while it is put together, in a folder that is ours alone. Folders are made one by one and
 * nothing is opened through a link, so whatever somebody plants there is not followed. What only changes the memory of
 * the system (a name, a date, a few kilobytes) is done at once: a turn through the pool of threads takes longer.
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
  readonly #made = new Set<string>()

  /** In `folder`, which exists. `paths`: safe relative paths of the entries of `list`, which was made with them. */
  constructor(folder: string, list: FileList, paths: readonly string[]) {
    this.#folder = folder
    this.#list = list
    this.#paths = paths
  }

  path(file: number): string {
    return join(this.#folder, 'files', this.#paths[file] ?? '')
  }

  /** Where a root is put together: `list` has the roots by their safe names. */
  root(root: number): string {
    return join(this.#folder, 'files', this.#list.roots[root] ?? '')
  }

  /** An empty file, or what is there of one. Errors of all of these: those of the disk. */
  open({ file, chunk }: Chunk): number {
    return chunk === 0 ? this.#create(this.path(file)) : openSync(this.path(file), O_RDWR | O_NOFOLLOW)
  }

  /** A whole file, of one chunk. */
  put(file: number, data: Uint8Array): void {
    const handle = this.#create(this.path(file))
    try {
      writeAtOnce(handle, data, 0)
      this.#date(file, handle)
    } finally {
      closeSync(handle)
    }
  }

  /** A file or a folder without content. */
  putEmpty(file: number): void {
    if (this.#paths[file]?.endsWith('/') === true) this.#folderOf(join(this.path(file), 'something'))
    else closeSync(this.#create(this.path(file)))
  }

  /** Whole and dated. `hole`: at its end something may not have been written. */
  async complete(file: number, handle: number, hole: boolean): Promise<void> {
    if (hole) await setLength(handle, this.#list.entries[file]?.size ?? 0)
    this.#date(file, handle)
  }

  #date(file: number, handle: number): void {
    const modified = (this.#list.entries[file]?.modified ?? 0) / 1000
    if (modified > 0) futimesSync(handle, modified, modified)
  }

  #create(path: string): number {
    this.#folderOf(path)
    try {
      return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      // Left by a crash before the journal knew of it.
      rmSync(path)
      return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
    }
  }

  #folderOf(path: string): void {
    const folder = dirname(path)
    if (folder === this.#folder || this.#made.has(folder)) return
    this.#folderOf(folder)
    ownFolder(folder, 0o777)
    this.#made.add(folder)
  }
}

/** Reads them chunk by chunk, one file open at a time. */
export class StagedReader {
  readonly #files: StagedFiles
  readonly #buffer = Buffer.allocUnsafe(limits.chunk)
  #open: { file: number; handle: number } | undefined

  constructor(files: StagedFiles) {
    this.#files = files
  }

  /** The bytes of `chunk` are there and have `digest`. */
  async holds(chunk: Chunk, digest: Buffer): Promise<boolean> {
    try {
      if (this.#open?.file !== chunk.file) {
        this.close()
        this.#open = { file: chunk.file, handle: openSync(this.#files.path(chunk.file), O_RDWR | O_NOFOLLOW) }
      }
      const bytesRead = await readAt(this.#open.handle, this.#buffer.subarray(0, chunk.length), chunk.offset)
      // Behind the last byte written there may be a hole.
      if (bytesRead < chunk.length && isZeros(digest)) this.#buffer.fill(0, bytesRead, chunk.length)
      else if (bytesRead < chunk.length) return false
      return digest.equals(chunkDigest(this.#buffer.subarray(0, chunk.length)))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }

  /** All chunks of the file that was looked at are there. */
  async complete(sync: (handle: number) => Promise<void>): Promise<void> {
    if (this.#open == null) return
    await this.#files.complete(this.#open.file, this.#open.handle, true)
    await sync(this.#open.handle)
  }

  close(): void {
    const open = this.#open
    this.#open = undefined
    if (open != null) closeSync(open.handle)
  }
}
