/**
 * The files of one transfer in the order of their manifest, which is the order in which they travel: entries, chunks
 * and roots, and which byte belongs to which of them. It opens nothing and knows no path of this machine.
 */
import { limits } from '../base/limits.ts'
import type { ManifestEntry } from '../wire/offer.ts'

/** Which chunk: the number of its entry, and its number within that file, both from 0. */
export interface ChunkPosition {
  file: number
  chunk: number
}

export interface Chunk extends ChunkPosition {
  /** In bytes. */
  length: number
  /** Where it begins in its file. */
  offset: number
  /** It is the last one of its file. */
  last: boolean
}

export class FileList {
  readonly entries: readonly ManifestEntry[]
  /** Distinct first components of the paths, in the order in which they first appear. */
  readonly roots: readonly string[]
  /** Size of all files together. */
  readonly bytes: number
  /** For each entry: its root's number, and the bytes of the entries before it. */
  readonly #roots: Uint32Array
  readonly #before: Float64Array

  /** `paths`: the safe paths of the entries, at a receiver; otherwise those of the manifest count. */
  constructor(entries: readonly ManifestEntry[], paths: readonly string[] = entries.map(({ path }) => path)) {
    this.entries = entries
    this.#roots = new Uint32Array(entries.length)
    this.#before = new Float64Array(entries.length)
    const numbers = new Map<string, number>()
    let bytes = 0
    for (const [index, { size }] of entries.entries()) {
      const root = rootOf(paths[index] ?? '')
      let number = numbers.get(root)
      if (number == null) {
        number = numbers.size
        numbers.set(root, number)
      }
      this.#roots[index] = number
      this.#before[index] = bytes
      bytes += size
    }
    this.roots = [...numbers.keys()]
    this.bytes = bytes
  }

  rootNumber(file: number): number {
    return this.#roots[file] ?? 0
  }

  /** Bytes before `chunk` of `file`, counted from the first file. */
  bytesBefore({ file, chunk }: ChunkPosition): number {
    return file >= this.entries.length ? this.bytes : (this.#before[file] ?? 0) + chunk * limits.chunk
  }

  /** The number of the file that has byte `position`, counted from the first file; undefined at the end. */
  fileAt(position: number): number | undefined {
    if (position >= this.bytes) return undefined
    // The last entry that begins at or before it: the ones before that have no bytes, or end there.
    let [from, to] = [0, this.entries.length]
    while (to - from > 1) {
      const middle = (from + to) >>> 1
      if ((this.#before[middle] ?? 0) <= position) from = middle
      else to = middle
    }
    return from
  }

  /** `limit` files, from number `first`: path, size, and how much is done when `doneBytes` of all files are. */
  slice(first: number, limit: number, doneBytes: number): { path: string; size: number; done: number }[] {
    return this.entries.slice(first, first + limit).map(({ path, size }, index) => {
      const before = this.#before[first + index] ?? 0
      return { path, size, done: Math.max(0, Math.min(size, doneBytes - before)) }
    })
  }

  /** The chunk at `position`, or the first one after it: files without content have none. Undefined at the end. */
  at(position: ChunkPosition): Chunk | undefined {
    let { file, chunk } = position
    for (let entry = this.entries[file]; entry != null; entry = this.entries[file]) {
      const offset = chunk * limits.chunk
      if (offset < entry.size) {
        const length = Math.min(limits.chunk, entry.size - offset)
        return { file, chunk, offset, length, last: offset + length === entry.size }
      }
      file += 1
      chunk = 0
    }
    return undefined
  }

  after({ file, chunk, last }: Chunk): Chunk | undefined {
    return last ? this.beyond(file) : this.at({ file, chunk: chunk + 1 })
  }

  /** The first chunk after those of `file`. */
  beyond(file: number): Chunk | undefined {
    return this.at({ file: file + 1, chunk: 0 })
  }
}

/** The first component of a path. */
export function rootOf(path: string): string {
  const end = path.indexOf('/')
  return end === -1 ? path : path.slice(0, end)
}
