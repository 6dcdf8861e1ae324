/**
 * Pools of memory for bulk data. Fresh memory is expensive: the system clears every page of it, and the garbage
 * collector has to find out when it is unused; at hundreds of megabytes a second both cost as much as the cipher. Code
 * that knows that nothing refers to a buffer any more puts it back. A buffer that is never put back is collected as
 * usual.
 */
import { limits } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { netLimits } from './limits.ts'

class BufferPool {
  readonly #size: number
  readonly #smallest: number
  readonly #most: number
  readonly #free: Buffer[] = []
  /** Blocks in use, and how many bytes of each have not been put back. */
  readonly #used = new WeakMap<ArrayBufferLike, { block: Buffer; bytes: number }>()

  /**
   * Blocks of `size` bytes, at most `most` of them kept. Buffers below `smallest` bytes are not worth the bookkeeping.
   */
  constructor({ size, smallest, most }: { size: number; smallest: number; most: number }) {
    this.#size = size
    this.#smallest = smallest
    this.#most = most
  }

  /**
   * A buffer of `length` bytes with arbitrary content. Its block is reused once the first `returned` bytes have been
   * put back, in any number of pieces.
   */
  get(length: number, returned = length): Buffer {
    if (length < this.#smallest || length > this.#size) return Buffer.allocUnsafe(length)
    const block = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size)
    this.#used.set(block.buffer, { block, bytes: returned })
    return block.subarray(0, length)
  }

  /**
   * Nothing refers to `bytes` any more. Each byte may be put back once only, by its last reader. Ignored for memory
   * that is not of this pool.
   */
  put(bytes: Bytes): void {
    if (!(bytes instanceof Uint8Array)) {
      for (const piece of bytes) this.put(piece)
      return
    }
    const entry = this.#used.get(bytes.buffer)
    if (entry == null) return
    entry.bytes -= bytes.byteLength
    if (entry.bytes > 0) return
    this.#used.delete(bytes.buffer)
    if (this.#free.length < this.#most) this.#free.push(entry.block)
  }
}

/**
 * Decrypted data, a block for each Noise message. Put back by the multiplexer, and by readers that do so explicitly.
 */
export const plaintextPool = new BufferPool(netLimits.plaintextPool)

/** Encrypted data, a block for each batch of the multiplexer. Put back once it is written, or encrypted again. */
export const ciphertextPool = new BufferPool(netLimits.ciphertextPool)

/** Data of files, a block for each chunk. Put back once it is on disk, or the receiver has acknowledged it. */
export const chunkPool = new BufferPool({
  size: limits.chunk,
  smallest: netLimits.chunkPoolSmallest,
  most: limits.fileInFlight.most / limits.chunk,
})

/** So many pieces wait that they take much more memory than their bytes: join them. The cost of joining is theirs. */
export function tooManyPieces(pieces: number, bytes: number): boolean {
  return pieces > netLimits.waitingPieces + bytes / netLimits.muxSmallData
}

/**
 * `data`, for somebody who keeps it: a copy where it would keep more than twice its size in memory, since one byte of a
 * packet can be all that waits of a whole block. The original is then put back.
 */
export function owned(data: Bytes): Bytes {
  let kept = 0
  for (const piece of data instanceof Uint8Array ? [data] : data) kept += piece.buffer.byteLength
  if (data.byteLength >= kept / 2) return data
  const copy = Uint8Array.from(data.subarray())
  plaintextPool.put(data)
  return copy
}
