/**
 * Memory for bulk data that is used again. Fresh memory costs: the system clears every page of it, the collector has
 * to find out when it is free, and at hundreds of megabytes a second both cost as much as the cipher. Only who can tell
 * that nobody looks any more gives memory back; what is not given back is the collector's, as ever.
 */
import { limits } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'

class Loans {
  readonly #size: number
  readonly #smallest: number
  readonly #most: number
  readonly #spare: Buffer[] = []
  /** Bytes of each block that somebody may still look at. */
  readonly #lent = new WeakMap<ArrayBufferLike, { block: Buffer; bytes: number }>()

  /** Blocks of `size` bytes, of which `most` are kept. Less than `smallest` is not worth the keeping of books. */
  constructor({ size, smallest, most }: { size: number; smallest: number; most: number }) {
    this.#size = size
    this.#smallest = smallest
    this.#most = most
  }

  /**
   * Memory for `length` bytes; what is in it is whatever was. Once every one of its first `lendable` bytes was given
   * back it is used again.
   */
  lend(length: number, lendable = length): Buffer {
    if (length < this.#smallest || length > this.#size) return Buffer.allocUnsafe(length)
    const block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#size)
    this.#lent.set(block.buffer, { block, bytes: lendable })
    return block.subarray(0, length)
  }

  /**
   * Nobody will look at `bytes` again: said of each byte once, by who got it last. Of memory that was not lent here it
   * means nothing.
   */
  giveBack(bytes: Bytes): void {
    if (!(bytes instanceof Uint8Array)) {
      for (const piece of bytes) this.giveBack(piece)
      return
    }
    const loan = this.#lent.get(bytes.buffer)
    if (loan == null) return
    loan.bytes -= bytes.byteLength
    if (loan.bytes > 0) return
    this.#lent.delete(bytes.buffer)
    if (this.#spare.length < this.#most) this.#spare.push(loan.block)
  }
}

/** What was decrypted: a block a message of Noise. Given back by readers that say so, and by who takes it apart. */
export const plaintexts = new Loans({ size: 64 * 1024, smallest: 8 * 1024, most: 64 })

/** What was encrypted: a block a batch of the muxer. Given back by who wrote it to the system or encrypted it again. */
export const ciphertexts = new Loans({ size: 384 * 1024, smallest: 32 * 1024, most: 8 })

/** What is read from a file or will be written to one: a block a chunk. Given back by who wrote it or heard of its arrival. */
export const chunkMemory = new Loans({
  size: limits.chunk,
  smallest: 64 * 1024,
  most: limits.fileInFlight.most / limits.chunk,
})
