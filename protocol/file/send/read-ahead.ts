/**
 * Reads the files of a transfer at their sender, chunk after chunk, a few ahead of what is being sent, so that reading,
 * hashing and sending overlap. A file that is no longer what was offered is refused: another length, no regular file,
 * or content that changed while or since it was read, which digests decide, not dates alone.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { QuorumError, toError } from '../../base/errors.ts'
import { chunkDigest, FileDigest, isZeros, type Chunk, type ChunkPlace, type FileList } from '../manifest.ts'
import { openFile, readAt, Turns } from '../io.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'
import { codeOf } from '../../base/disk-errors.ts'
import type { ChunkHeader } from '../../wire/file.ts'

/** Up to so many bytes, a whole file is read at once: turns through the pool of threads take longer. */
const small = 64 * 1024
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const nothing = Buffer.alloc(0)

export interface ReadChunk {
  header: ChunkHeader
  /** Empty where the header says that no bytes follow. Lent: given back to `chunkPool` by whoever has done with them. */
  data: Buffer
}

interface OpenFile {
  fd: number
  stats: BigIntStats
  path: string
  digest: FileDigest
  closed: boolean
}

interface Ahead {
  chunk: Chunk
  data: Promise<Buffer>
  file: Promise<OpenFile>
}

export class FileSource {
  readonly #list: FileList
  readonly #sources: readonly string[]

  /** `sources`: where each root of `list` lies. */
  constructor(list: FileList, sources: readonly string[]) {
    this.#list = list
    this.#sources = sources
  }

  /**
   * All chunks from `from` on; `prefix`: the digest that the receiver has over those before it in the same file.
   * Errors: `source-changed`; `verification-failed` where there is no such chunk.
   */
  async *read(from: ChunkPlace, prefix: Uint8Array): AsyncGenerator<ReadChunk, void, undefined> {
    let next = this.#list.at(from)
    const same = next?.file === from.file && next.chunk === from.chunk
    if (from.chunk > 0 && !same) throw new QuorumError('verification-failed', 'They ask for what was never offered')
    const turns = new Turns()
    const ahead: Ahead[] = []
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
          // Whoever comes to it sees the error; until then it must not count as unhandled.
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
          if (turns.due) await turns.next()
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
      const left = new Set(ahead.map(({ file }) => file))
      if (current != null) left.add(current)
      for (const file of left) void file.then(close).catch(() => undefined)
    }
  }

  #path(file: number): string {
    const [, ...rest] = (this.#list.entries[file]?.path ?? '').split('/')
    return join(this.#sources[this.#list.rootNumber(file)] ?? '', ...rest)
  }

  /** Errors: any when it is not a file of that size. */
  #stats(fd: number, file: number): BigIntStats {
    const stats = statsOf(fd)
    const offered = BigInt(this.#list.entries[file]?.size ?? 0)
    if (!stats.isFile() || stats.size !== offered) throw new Error('It is not what was offered')
    return stats
  }

  /** The only chunk of a file. */
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
      throw whyNot(path, error)
    }
  }

  async #open(file: number): Promise<OpenFile> {
    const path = this.#path(file)
    return changed(path, async () => {
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
    return changed(path, async () => {
      if ((await readAt(fd, data, offset)) < length) throw new Error('It has become shorter')
      return data
    })
  }

  /** Whether the chunks before `from` are still what the receiver has. */
  async #verify(file: OpenFile, from: ChunkPlace, prefix: Uint8Array): Promise<void> {
    for (let chunk = this.#list.at({ file: from.file, chunk: 0 }); chunk != null && chunk.chunk < from.chunk;) {
      const data = await this.#readAt(file, chunk)
      file.digest.add(chunkDigest(data))
      chunkPool.put(data)
      chunk = this.#list.after(chunk)
    }
    if (!Buffer.from(prefix).equals(file.digest.value())) throw sourceChanged(file.path)
  }

  /** Closes a file that was read to its end. If its dates changed meanwhile, its content is looked at once more. */
  async #finish(file: OpenFile, { file: number }: Chunk): Promise<void> {
    const { fd, stats, path, digest } = file
    await changed(path, async () => {
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

/** Whole files that are read at once. */
function isSmall({ chunk, last, length }: Chunk): boolean {
  return chunk === 0 && last && length <= small
}

function isNewer(now: BigIntStats, before: BigIntStats): boolean {
  return now.mtimeNs !== before.mtimeNs || now.ctimeNs !== before.ctimeNs
}

/** Once: its number may be another file's by then. */
function close(file: OpenFile): void {
  if (!file.closed) closeSync(file.fd)
  file.closed = true
}

/** Of an open file they are in memory: a turn through the pool would take longer. */
function statsOf(fd: number): BigIntStats {
  return fstatSync(fd, { bigint: true })
}

async function changed<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw whyNot(path, error)
  }
}

function whyNot(path: string, error: unknown): Error {
  // Out of numbers for open files, or a disk that fails: that passes, or is somebody else's to mend.
  const passes = /^(EMFILE|ENFILE|EIO|EAGAIN|EINTR)$/.test(codeOf(error) ?? '')
  return error instanceof Error && (passes || error instanceof QuorumError)
    ? error
    : sourceChanged(path, toError(error))
}

function sourceChanged(path: string, cause?: Error): QuorumError {
  const name = path.replace(/^.*[/\\]/, '')
  return new QuorumError('source-changed', `${name} was changed, moved or removed since it was offered`, { cause })
}
