/**
 * Reads the files of a transfer at the sender, chunk after chunk, a few ahead of what is being sent, so that reading,
 * hashing and sending overlap. It refuses a file that is no longer what was offered: another length, no regular file,
 * or content that changed while it was read or since. Changed dates alone are no reason: digests decide.
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
import type { ChunkHeader } from '../../wire/file.ts'

/** No link is followed, and a pipe that took the place of a file does not block. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const nothing = Buffer.alloc(0)

export interface ReadChunk {
  header: ChunkHeader
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

export class ReadAhead {
  readonly #list: FileList
  readonly #sources: readonly string[]

  /** `sources`: the path of each root of `list`. */
  constructor(list: FileList, sources: readonly string[]) {
    this.#list = list
    this.#sources = sources
  }

  /**
   * All chunks from `from` on. `prefix`: the receiver's digest over the chunks before it in the same file. Errors:
   * `source-changed`; `verification-failed` if there is no such chunk; those of a disk that fails for a while.
   */
  async *read(from: ChunkPosition, prefix: Uint8Array): AsyncGenerator<ReadChunk, void, undefined> {
    let next = this.#list.at(from)
    const same = next?.file === from.file && next.chunk === from.chunk
    if (from.chunk > 0 && !same) throw new QuorumError('verification-failed', 'They requested what was never offered')
    const yielder = new Yielder()
    const ahead: PendingChunk[] = []
    let current: Promise<OpenFile> | undefined
    let bytes = 0
    if (from.chunk > 0) {
      current = this.#open(from.file)
      await this.#verify(await current, from, prefix)
    }
    try {
      for (;;) {
        while (next != null && !isSmall(next) && bytes < fileLimits.chunksWaiting * limits.chunk) {
          const chunk: Chunk = next
          const file = chunk.chunk === 0 || current == null ? this.#open(chunk.file) : current
          const data = file.then((opened) => this.#readAt(opened, chunk))
          // The loop below awaits it and gets the error; until then it must not count as an unhandled rejection.
          data.catch(() => undefined)
          ahead.push({ chunk, data, file })
          current = file
          bytes += chunk.length
          next = this.#list.after(chunk)
        }
        const first = ahead[0]
        if (first == null) {
          if (next == null) return
          yield this.#readSmall(next)
          next = this.#list.after(next)
          if (yielder.due) await yielder.yield()
          continue
        }
        const data = await first.data
        const file = await first.file
        const digest = chunkDigest(data)
        file.digest.add(digest)
        const { chunk } = first
        const header: ChunkHeader = { file: chunk.file, chunk: chunk.chunk, length: chunk.length, digest }
        if (isZeros(digest)) header.zeros = true
        if (chunk.last) await this.#finish(file, chunk)
        ahead.shift()
        bytes -= chunk.length
        if (chunk.last) header.fileDigest = file.digest.value()
        if (header.zeros === true) chunkPool.put(data)
        yield { header, data: header.zeros === true ? nothing : data }
      }
    } finally {
      const files = new Set(ahead.map(({ file }) => file))
      if (current != null) files.add(current)
      for (const file of files) void file.then(close).catch(() => undefined)
    }
  }

  #path(file: number): string {
    const [, ...rest] = (this.#list.entries[file]?.path ?? '').split('/')
    return join(this.#sources[this.#list.rootNumber(file)] ?? '', ...rest)
  }

  /** Errors: any if it is not a regular file of the offered size. */
  #stats(fd: number, file: number): BigIntStats {
    const stats = statsOf(fd)
    const offered = BigInt(this.#list.entries[file]?.size ?? 0)
    if (!stats.isFile() || stats.size !== offered) throw new Error('It is not what was offered')
    return stats
  }

  /** Reads the only chunk of a small file, at once. */
  #readSmall({ file, chunk, length }: Chunk): ReadChunk {
    const path = this.#path(file)
    try {
      const fd = openSync(path, flags)
      try {
        const stats = this.#stats(fd, file)
        const data = Buffer.allocUnsafe(length)
        if (readSync(fd, data, 0, length, 0) < length) throw new Error('It has become shorter')
        const now = this.#stats(fd, file)
        if (isNewer(now, stats)) throw new Error('It is being changed')
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
        return { fd, stats: this.#stats(fd, file), path, digest: new FileDigest(), closed: false }
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
