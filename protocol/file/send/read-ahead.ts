/**
 * Reads the files of a transfer at the sender, chunk after chunk, a few ahead of what is being sent, so that reading,
 * hashing and sending overlap. It refuses a file that is no longer what was offered: another length, no regular file,
 * a link among its folders, or content that changed while it was read or since. Changed dates alone are no reason:
 * digests decide. A refused file costs itself only, where the receiver understands that; otherwise it ends the
 * transfer.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { QuorumError, toError } from '../../base/errors.ts'
import { chunkDigest, FileDigest, isZeros } from '../digest.ts'
import type { Chunk, ChunkPosition, FileList } from '../manifest.ts'
import { openFile, readAt } from '../io.ts'
import { Yielder } from '../../base/yield.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'
import { diskErrorOf } from '../../base/disk-errors.ts'
import { isAt } from './in-place.ts'
import type { ChunkHeader, SkippedFile } from '../../wire/file.ts'

/** No link is followed, and a pipe that took the place of a file does not block. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const nothing = Buffer.alloc(0)

export interface ReadChunk {
  header: ChunkHeader | SkippedFile
  /** Empty if no bytes follow the header. From `chunkPool`: the last user gives it back there. */
  data: Buffer
}

interface OpenFile {
  fd: number
  stats: BigIntStats
  path: string
  digest: FileDigest
  closed: boolean
}

/** A chunk that is being read. */
interface PendingChunk {
  chunk: Chunk
  data: Promise<Buffer>
  file: Promise<OpenFile>
}

/** What is being read. */
interface Pending {
  ahead: PendingChunk[]
  /** Bytes of the chunks in `ahead`. */
  bytes: number
  /** The first chunk that is not in `ahead`. */
  next: Chunk | undefined
  /** The file of the last chunk in `ahead`, or of the one before. */
  current: Promise<OpenFile> | undefined
}

export class ReadAhead {
  readonly #list: FileList
  readonly #sources: readonly string[]

  /** `sources`: the path of each root of `list`. */
  constructor(list: FileList, sources: readonly string[]) {
    this.#list = list
    this.#sources = sources
  }

  /**
   * All chunks from `from` on. `prefix`: the receiver's digest over the chunks before it in the same file. `skips`: a
   * file that is no longer what was offered is skipped. Errors: `source-changed`, unless `skips`; `verification-failed`
   * if there is no such chunk; those of a disk that fails for a while.
   */
  async *read(from: ChunkPosition, prefix: Uint8Array, skips = false): AsyncGenerator<ReadChunk, void, undefined> {
    const first = this.#list.at(from)
    const same = first?.file === from.file && first.chunk === from.chunk
    if (from.chunk > 0 && !same) throw new QuorumError('verification-failed', 'They requested what was never offered')
    const yielder = new Yielder()
    const pending: Pending = { ahead: [], bytes: 0, next: first, current: undefined }
    try {
      if (from.chunk > 0) {
        const skipped = await this.#orSkip(pending, skips, () => this.#resume(pending, from, prefix))
        if (skipped != null) yield skipped
      }
      for (;;) {
        this.#readOn(pending)
        const { ahead, next } = pending
        if (ahead.length > 0) yield await this.#orSkip(pending, skips, () => this.#takeFirst(pending))
        else if (next == null) return
        else {
          yield await this.#orSkip(pending, skips, () => this.#takeSmall(pending, next))
          if (yielder.due) await yielder.yield()
        }
      }
    } finally {
      const files = new Set(pending.ahead.map(({ file }) => file))
      if (pending.current != null) files.add(pending.current)
      for (const file of files) void file.then(close).catch(() => undefined)
    }
  }

  /** The result of `work`, which is about the file of the next chunk; or that this file is skipped. */
  async #orSkip<T>(pending: Pending, skips: boolean, work: () => T | Promise<T>): Promise<T | ReadChunk> {
    const file = (pending.ahead[0]?.chunk ?? pending.next)?.file
    try {
      return await work()
    } catch (error) {
      const isGone = error instanceof QuorumError && error.code === 'source-changed'
      if (!skips || !isGone || file == null) throw error
      await this.#drop(pending, file)
      return { header: { file, skipped: true }, data: nothing }
    }
  }

  /** Lets go of everything of `file`, the first that is pending, and goes on after it. */
  async #drop(pending: Pending, file: number): Promise<void> {
    const { ahead } = pending
    for (let first = ahead[0]; first?.chunk.file === file; first = ahead[0]) {
      ahead.shift()
      pending.bytes -= first.chunk.length
      const read = await first.data.catch(() => undefined)
      if (read != null) chunkPool.put(read)
      await first.file.then(close).catch(() => undefined)
    }
    if (pending.next?.file !== file) return
    await pending.current?.then(close).catch(() => undefined)
    pending.current = undefined
    pending.next = this.#list.beyond(file)
  }

  /** Opens the file of `from`, and verifies what is before it. */
  async #resume(pending: Pending, from: ChunkPosition, prefix: Uint8Array): Promise<undefined> {
    pending.current = this.#open(from.file)
    await this.#verify(await pending.current, from, prefix)
  }

  /** Begins to read the next chunks, as far as they may wait; small files are read when it is their turn. */
  #readOn(pending: Pending): void {
    while (pending.next != null && !isSmall(pending.next) && pending.bytes < fileLimits.chunksWaiting * limits.chunk) {
      const chunk = pending.next
      const file = chunk.chunk === 0 || pending.current == null ? this.#open(chunk.file) : pending.current
      const data = file.then((opened) => this.#readAt(opened, chunk))
      // `#takeFirst` awaits it and gets the error; until then it must not count as an unhandled rejection.
      data.catch(() => undefined)
      pending.ahead.push({ chunk, data, file })
      pending.current = file
      pending.bytes += chunk.length
      pending.next = this.#list.after(chunk)
    }
  }

  async #takeFirst(pending: Pending): Promise<ReadChunk> {
    const [first] = pending.ahead
    if (first == null) throw new Error('Nothing is being read')
    const { chunk } = first
    const data = await first.data
    const file = await first.file
    const digest = chunkDigest(data)
    file.digest.add(digest)
    const header: ChunkHeader = { file: chunk.file, chunk: chunk.chunk, length: chunk.length, digest }
    if (isZeros(digest)) header.zeros = true
    if (chunk.last) {
      await this.#finish(file, chunk)
      header.fileDigest = file.digest.value()
    }
    pending.ahead.shift()
    pending.bytes -= chunk.length
    if (header.zeros === true) chunkPool.put(data)
    return { header, data: header.zeros === true ? nothing : data }
  }

  #takeSmall(pending: Pending, chunk: Chunk): ReadChunk {
    const read = this.#readSmall(chunk)
    pending.next = this.#list.after(chunk)
    return read
  }

  #path(file: number): string {
    const [, ...rest] = (this.#list.entries[file]?.path ?? '').split('/')
    return join(this.#sources[this.#list.rootNumber(file)] ?? '', ...rest)
  }

  /** Of the file at `path`, just opened. Errors: any if it is not a regular file of the offered size there. */
  #stats(fd: number, file: number, path: string): BigIntStats {
    const stats = statsOf(fd)
    const offered = BigInt(this.#list.entries[file]?.size ?? 0)
    if (!stats.isFile() || stats.size !== offered) throw new Error('It is not what was offered')
    if (!isAt(path, stats)) throw new Error('It is not where it was offered')
    return stats
  }

  /** Reads the only chunk of a small file, at once. */
  #readSmall({ file, chunk, length }: Chunk): ReadChunk {
    const path = this.#path(file)
    try {
      const fd = openSync(path, flags)
      try {
        const stats = this.#stats(fd, file, path)
        const data = Buffer.allocUnsafe(length)
        if (readSync(fd, data, 0, length, 0) < length) throw new Error('It has become shorter')
        const now = statsOf(fd)
        if (now.size !== stats.size || isNewer(now, stats)) throw new Error('It is being changed')
        const digest = new FileDigest()
        const header = { file, chunk, length, digest: chunkDigest(data) }
        digest.add(header.digest)
        return { header: { ...header, fileDigest: digest.value() }, data }
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      throw readFailure(path, error)
    }
  }

  async #open(file: number): Promise<OpenFile> {
    const path = this.#path(file)
    return reading(path, async () => {
      const fd = await openFile(path, flags)
      try {
        return { fd, stats: this.#stats(fd, file, path), path, digest: new FileDigest(), closed: false }
      } catch (error) {
        closeSync(fd)
        throw error
      }
    })
  }

  async #readAt({ fd, path }: OpenFile, { offset, length }: Chunk): Promise<Buffer> {
    const data = chunkPool.get(length)
    return reading(path, async () => {
      if ((await readAt(fd, data, offset)) < length) throw new Error('It has become shorter')
      return data
    })
  }

  /** Verifies that the chunks before `from` are still what the receiver has. Errors: `source-changed`. */
  async #verify(file: OpenFile, from: ChunkPosition, prefix: Uint8Array): Promise<void> {
    for (let chunk = this.#list.at({ file: from.file, chunk: 0 }); chunk != null && chunk.chunk < from.chunk;) {
      const data = await this.#readAt(file, chunk)
      file.digest.add(chunkDigest(data))
      chunkPool.put(data)
      chunk = this.#list.after(chunk)
    }
    if (!Buffer.from(prefix).equals(file.digest.value())) throw sourceChanged(file.path)
  }

  /** Closes a file that was read to its end. If its dates changed meanwhile, its content is read and compared again. */
  async #finish(file: OpenFile, { file: number }: Chunk): Promise<void> {
    const { fd, stats, path, digest } = file
    await reading(path, async () => {
      try {
        const now = statsOf(fd)
        if (now.size !== stats.size) throw new Error('It has another length')
        if (!isNewer(now, stats)) return
        const again = new FileDigest()
        for (let chunk = this.#list.at({ file: number, chunk: 0 }); chunk?.file === number;) {
          const data = await this.#readAt(file, chunk)
          again.add(chunkDigest(data))
          chunkPool.put(data)
          chunk = this.#list.after(chunk)
        }
        if (!Buffer.from(again.value()).equals(digest.value())) throw new Error('It has other content')
      } finally {
        close(file)
      }
    })
  }
}

/** Whole files that are read synchronously. */
function isSmall({ chunk, last, length }: Chunk): boolean {
  return chunk === 0 && last && length <= fileLimits.smallFile
}

function isNewer(now: BigIntStats, before: BigIntStats): boolean {
  return now.mtimeNs !== before.mtimeNs || now.ctimeNs !== before.ctimeNs
}

/** At most once: the descriptor may have been reused for another file. */
function close(file: OpenFile): void {
  if (!file.closed) closeSync(file.fd)
  file.closed = true
}

/** Synchronous, because the system has them in memory for an open file: a trip through the thread pool takes longer. */
function statsOf(fd: number): BigIntStats {
  return fstatSync(fd, { bigint: true })
}

/** Errors: `source-changed`, unless the disk fails for a while. */
async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw readFailure(path, error)
  }
}

function readFailure(path: string, error: unknown): Error {
  // What a disk refuses for a while says nothing about the file: the receiver asks again.
  if (error instanceof QuorumError || (error instanceof Error && diskErrorOf(error)?.transient === true)) return error
  return sourceChanged(path, toError(error))
}

function sourceChanged(path: string, cause?: Error): QuorumError {
  const name = path.replace(/^.*[/\\]/, '')
  return new QuorumError('source-changed', `${name} was changed, moved or removed since it was offered`, { cause })
}
