/**
 * The digests of the chunks that are stored, one after the other, in one file beside them; a mark, in the place of the
 * digests that a file still lacked, says that its sender skipped it. A digest is written after
 * its chunk, so the chunk exists unless the power failed, which is why the staging folder is verified when it is
 * opened. The few bytes are appended synchronously: a trip through Node's thread pool takes a hundred times longer.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { toError } from '../../base/errors.ts'
import { readAt, writeAtOnce } from '../io.ts'

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
/** BLAKE3-256, in bytes. */
const digestLength = 32

/** No chunk has this digest: it is computed here, from the chunk. */
export const skippedMark: Uint8Array = Buffer.alloc(digestLength)

export function isSkipped(digest: Buffer): boolean {
  return digest.equals(skippedMark)
}

interface Entry {
  digest: Uint8Array
  /** The chunk is on the disk. */
  written: boolean
  onStored: () => void
}

export class Journal {
  readonly #handle: number
  /** In order; the first ones wait for their chunks. */
  readonly #queue: Entry[] = []
  /** Bytes in the file. */
  #length = 0
  #failure: Error | undefined
  #closed = false

  /** Errors: those of the disk. */
  constructor(path: string) {
    this.#handle = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  }

  /** Every digest in the file. Errors: those of the disk. */
  async read(): Promise<Buffer[]> {
    const bytes = Buffer.alloc(fstatSync(this.#handle).size)
    const count = Math.floor((await readAt(this.#handle, bytes, 0)) / digestLength)
    return Array.from({ length: count }, (_, index) => bytes.subarray(index * digestLength, (index + 1) * digestLength))
  }

  /** Keeps the first `count` digests only, and appends after them. Errors: those of the disk. */
  truncate(count: number): void {
    this.#length = count * digestLength
    ftruncateSync(this.#handle, this.#length)
  }

  /**
   * Appends a digest when `written` has resolved (undefined: now) and all digests before it are appended, and then
   * calls `onStored`.
   */
  add(digest: Uint8Array, written: Promise<void> | undefined, onStored: () => void): void {
    const entry: Entry = { digest, written: written == null, onStored }
    this.#queue.push(entry)
    if (written == null) this.#write()
    else
      written.then(
        () => {
          entry.written = true
          this.#write()
        },
        (error: unknown) => this.#fail(error),
      )
  }

  /** Errors: what prevented a digest or its chunk from being written. */
  check(): void {
    if (this.#failure != null) throw this.#failure
  }

  /** Idempotent: the descriptor may have been reused for another file. */
  close(): void {
    if (!this.#closed) closeSync(this.#handle)
    this.#closed = true
  }

  /** Writes every digest that need not wait, together. */
  #write(): void {
    if (this.#failure != null) return
    const ready = this.#queue.findIndex(({ written }) => !written)
    const entries = this.#queue.splice(0, ready === -1 ? this.#queue.length : ready)
    if (entries.length === 0) return
    try {
      const bytes = Buffer.concat(entries.map(({ digest }) => digest))
      writeAtOnce(this.#handle, bytes, this.#length)
      this.#length += bytes.byteLength
      for (const { onStored } of entries) onStored()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= toError(error)
  }
}
