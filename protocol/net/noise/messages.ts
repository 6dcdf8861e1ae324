/**
 * The transport messages of Noise as libp2p frames them (two bytes of length, then at most 65,535 bytes of ciphertext),
 * many at once. Ciphertext is written to the buffer that is sent, plaintext over the ciphertext, and contiguous data is
 * neither joined nor copied. Keys and nonces are not handled here: `Encrypt` and `Decrypt` are the cipher states of the
 * handshake.
 */
import { TargetedPlaintext, tagLength } from './sodium-cipher.ts'
import { plaintextPool } from '../buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'

export type Encrypt = (plaintext: TargetedPlaintext) => unknown
export type Decrypt = (ciphertext: Uint8Array, destination: Uint8Array) => unknown

const prefixLength = 2
/** Noise specification, section 3. */
const maxMessage = 65_535
const maxPlaintext = maxMessage - tagLength

/** Length on the wire of `length` bytes of plaintext. */
export function sealedLength(length: number): number {
  return length + Math.ceil(length / maxPlaintext) * (prefixLength + tagLength)
}

/** Writes all of `data` as messages to `target`, which has `sealedLength` bytes. */
export function seal(data: Bytes, target: Buffer, encrypt: Encrypt): void {
  const source = new PieceReader(data)
  let at = 0
  for (let left = data.byteLength; left > 0;) {
    const length = Math.min(left, maxPlaintext)
    at = target.writeUInt16BE(length + tagLength, at)
    const ciphertext = target.subarray(at, at + length + tagLength)
    encrypt(new TargetedPlaintext(source.read(length, ciphertext), ciphertext))
    at += ciphertext.byteLength
    left -= length
  }
}

/** Reads several pieces of bytes as one sequence. */
class PieceReader {
  readonly #pieces: Uint8Array[]
  #at = 0
  #piece: Uint8Array = new Uint8Array()

  constructor(data: Bytes) {
    this.#pieces = data instanceof Uint8Array ? [data] : [...data]
  }

  /**
   * The next `length` bytes: a view where they are contiguous, else copied to `space`. Errors: `RangeError` at the end.
   */
  read(length: number, space: Uint8Array): Uint8Array {
    const first = this.#next(length)
    if (first.byteLength === length) return first
    space.set(first)
    for (let filled = first.byteLength; filled < length;) {
      const more = this.#next(length - filled)
      space.set(more, filled)
      filled += more.byteLength
    }
    return space.subarray(0, length)
  }

  #next(most: number): Uint8Array {
    while (this.#piece.byteLength === 0) {
      const piece = this.#pieces[this.#at]
      if (piece == null) throw new RangeError('There is less data than announced')
      this.#at += 1
      this.#piece = piece
    }
    const taken = this.#piece.subarray(0, most)
    this.#piece = this.#piece.subarray(taken.byteLength)
    return taken
  }
}

/** Decrypts each message once it is complete. Buffers at most one incomplete message. */
export class MessageReader {
  readonly #decrypt: Decrypt
  /** Of the incomplete message: its length once that is known, and the ciphertext received so far. */
  #length: number | undefined
  /** The first byte of a length whose second has not arrived. */
  #high: number | undefined
  #ciphertext: Buffer = Buffer.alloc(0)
  #filled = 0

  constructor(decrypt: Decrypt) {
    this.#decrypt = decrypt
  }

  /**
   * The plaintexts that `data` completes, each in a buffer of `plaintextPool`. `data` is copied: its memory may be
   * reused. Errors: a message that is too short, and those of `decrypt`.
   */
  read(data: Bytes): Uint8Array[] {
    const plaintexts: Uint8Array[] = []
    for (const piece of data instanceof Uint8Array ? [data] : data) {
      for (let at = 0; at < piece.byteLength;) {
        at += this.#length == null ? this.#readLength(piece, at) : this.#readCiphertext(piece.subarray(at), plaintexts)
      }
    }
    return plaintexts
  }

  /** Returns the number of bytes consumed, as `#readCiphertext` does. */
  #readLength(piece: Uint8Array, at: number): number {
    const byte = piece[at] ?? 0
    if (this.#high == null) {
      this.#high = byte
      return 1
    }
    const length = this.#high * 256 + byte
    if (length < tagLength) throw new Error('A Noise message is shorter than its tag')
    this.#high = undefined
    this.#length = length
    this.#ciphertext = plaintextPool.get(length, length - tagLength)
    this.#filled = 0
    return 1
  }

  #readCiphertext(bytes: Uint8Array, plaintexts: Uint8Array[]): number {
    const piece = bytes.subarray(0, this.#ciphertext.byteLength - this.#filled)
    this.#ciphertext.set(piece, this.#filled)
    this.#filled += piece.byteLength
    if (this.#filled === this.#ciphertext.byteLength) {
      const plaintext = this.#ciphertext.subarray(0, this.#filled - tagLength)
      this.#decrypt(this.#ciphertext, plaintext)
      plaintexts.push(plaintext)
      this.#length = undefined
    }
    return piece.byteLength
  }
}
