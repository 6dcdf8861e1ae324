/**
 * The digests of the chunks that are on the disk, one after the other, in one file beside them. A digest is written
 * after its chunk, so what the journal names is there unless the power failed, which is why it is looked at again.
 */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { toError } from './errors.ts'

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
  readonly #handle: FileHandle
  readonly #queue: Entry[] = []
  #length = 0
  #writing: Promise<void> | undefined
  #failure: Error | undefined

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Errors: those of the disk. */
  static async open(path: string): Promise<Journal> {
    return new Journal(await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600))
  }

  /** Every digest that is in it. */
  async read(): Promise<Buffer[]> {
    const bytes = await this.#handle.readFile()
    const count = Math.floor(bytes.byteLength / digestLength)
    return Array.from({ length: count }, (_, index) => bytes.subarray(index * digestLength, (index + 1) * digestLength))
  }

  /** Keeps the first `count` digests and goes on behind them. */
  async keep(count: number): Promise<void> {
    this.#length = count * digestLength
    await this.#handle.truncate(this.#length)
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

  /** Resolves when nothing can be written at the moment. Errors: what kept a digest or its chunk from being written. */
  async settled(): Promise<void> {
    while (this.#writing != null) await this.#writing
    if (this.#failure != null) throw this.#failure
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** All that can be written, together. */
  #write(): void {
    if (this.#writing != null || this.#failure != null) return
    const ready = this.#queue.findIndex(({ written }) => !written)
    const entries = this.#queue.splice(0, ready === -1 ? this.#queue.length : ready)
    if (entries.length === 0) return
    this.#writing = this.#append(entries)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#writing = undefined
        this.#write()
      })
  }

  async #append(entries: readonly Entry[]): Promise<void> {
    const bytes = Buffer.concat(entries.map(({ digest }) => digest))
    await this.#handle.write(bytes, 0, bytes.byteLength, this.#length)
    this.#length += bytes.byteLength
    for (const { done } of entries) done()
  }

  #fail(error: unknown): void {
    this.#failure ??= toError(error)
  }
}
