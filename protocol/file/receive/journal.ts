/**
 * The digests of the chunks that are on the disk, one after the other, in one file beside them. A digest is written
 * after its chunk, so what the journal names is there unless the power failed, which is why it is looked at again. A
 * few bytes at the end of a file are written at once: a turn through the pool of threads takes a hundred times longer.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { toError } from '../../base/errors.ts'
import { readAt, writeAtOnce } from '../io.ts'

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
/** BLAKE3-256. */
const digestLength = 32

interface Entry {
  digest: Uint8Array
  /** The chunk is. */
  written: boolean
  done: () => void
}

export class Journal {
  readonly #handle: number
  readonly #queue: Entry[] = []
  #length = 0
  #failure: Error | undefined

  /** Errors: those of the disk. */
  constructor(path: string) {
    this.#handle = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  }

  /** Every digest that is in it. Errors: those of the disk. */
  async read(): Promise<Buffer[]> {
    const bytes = Buffer.alloc(fstatSync(this.#handle).size)
    const count = Math.floor((await readAt(this.#handle, bytes, 0)) / digestLength)
    return Array.from({ length: count }, (_, index) => bytes.subarray(index * digestLength, (index + 1) * digestLength))
  }

  /** Keeps the first `count` digests and goes on behind them. Errors: those of the disk. */
  keep(count: number): void {
    this.#length = count * digestLength
    ftruncateSync(this.#handle, this.#length)
  }

  /**
   * The next digest: it is written when `written` has resolved, at once if there is nothing to wait for, after all
   * before it; `done` is called then.
   */
  add(digest: Uint8Array, written: Promise<void> | undefined, done: () => void): void {
    const entry: Entry = { digest, written: written == null, done }
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

  /** Errors: what kept a digest or its chunk from being written. */
  check(): void {
    if (this.#failure != null) throw this.#failure
  }

  close(): void {
    closeSync(this.#handle)
  }

  /** All that can be written, together. */
  #write(): void {
    if (this.#failure != null) return
    const ready = this.#queue.findIndex(({ written }) => !written)
    const entries = this.#queue.splice(0, ready === -1 ? this.#queue.length : ready)
    if (entries.length === 0) return
    try {
      const bytes = Buffer.concat(entries.map(({ digest }) => digest))
      writeAtOnce(this.#handle, bytes, this.#length)
      this.#length += bytes.byteLength
      for (const { done } of entries) done()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= toError(error)
  }
}
