/**
 * The files of one transfer in the order of their manifest, which is the order in which they travel: entries, chunks,
 * roots, and where a number of bytes leads. It opens nothing and knows no path of this machine.
 */
import { limits } from '../base/limits.ts'
import type { ManifestEntry } from '../wire/offer.ts'

/** A chunk by the entry it belongs to and its number in it, from 0. */
export interface ChunkPlace {
  file: number
  chunk: number
}

export interface Chunk extends ChunkPlace {
  /** Bytes of it, and where it begins in its file. */
  length: number
  offset: number
  /** The last of its file. */
  last: boolean
}

export class FileList {
  readonly entries: readonly ManifestEntry[]
  /** Distinct first components, as they first appear. */
  readonly roots: readonly string[]
  /** All files together. */
  readonly bytes: number
  /** For each entry: its root's number, and the bytes of the entries before it. */
  readonly #roots: Uint32Array
  readonly #before: Float64Array

  /** `paths`: what the entries are called here, where that is not what the manifest says. */
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
  bytesBefore({ file, chunk }: ChunkPlace): number {
    return file >= this.entries.length ? this.bytes : (this.#before[file] ?? 0) + chunk * limits.chunk
  }

  /** How much of each file is there when so many bytes of all are. */
  done(doneBytes: number): number[] {
    return this.entries.map(({ size }, file) => Math.max(0, Math.min(size, doneBytes - (this.#before[file] ?? 0))))
  }

  /** The chunk at `place`, or the first one behind it: files without content have none. Undefined at the end. */
  at(place: ChunkPlace): Chunk | undefined {
    let { file, chunk } = place
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
    return this.at(last ? { file: file + 1, chunk: 0 } : { file, chunk: chunk + 1 })
  }
}

function rootOf(path: string): string {
  const end = path.indexOf('/')
  return end === -1 ? path : path.slice(0, end)
}
