/**
 * The transport messages of Noise as libp2p frames them (two bytes of length, then at most 65,535 of ciphertext), many
 * at once: ciphertext is written where it will be sent from, plaintext where the ciphertext was, and nothing is joined or
 * copied that lies together already. Which key and which nonce is not known here: `Encrypt` and `Decrypt` are the
 * cipher states of the handshake.
 */
import { Destined, tagLength } from './sodium-cipher.ts'
import { plaintexts as blocks } from '../buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'

export type Encrypt = (plaintext: Destined) => unknown
export type Decrypt = (ciphertext: Uint8Array, destination: Uint8Array) => unknown

const prefixLength = 2
/** Noise specification, section 3. */
const maxMessage = 65_535
const maxPlaintext = maxMessage - tagLength

/** Bytes that `length` bytes of plaintext need on the wire. */
export function sealedLength(length: number): number {
  return length + Math.ceil(length / maxPlaintext) * (prefixLength + tagLength)
}

/** Writes all of `data` as messages to `target`, which is `sealedLength` long. */
export function seal(data: Bytes, target: Buffer, encrypt: Encrypt): void {
  const source = new Cursor(data)
  let at = 0
  for (let left = data.byteLength; left > 0;) {
    const length = Math.min(left, maxPlaintext)
    at = target.writeUInt16BE(length + tagLength, at)
    const ciphertext = target.subarray(at, at + length + tagLength)
    encrypt(new Destined(source.read(length, ciphertext), ciphertext))
    at += ciphertext.byteLength
    left -= length
  }
}

/** Reads pieces of bytes one after another. */
class Cursor {
  readonly #pieces: Uint8Array[]
  #at = 0
  #piece: Uint8Array = new Uint8Array()

  constructor(data: Bytes) {
    this.#pieces = data instanceof Uint8Array ? [data] : [...data]
  }

  /** The next `length` bytes, which must be there: where they lie if they lie together, else copied to `space`. */
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
      if (piece == null) throw new RangeError('There is less data than its length says')
      this.#at += 1
      this.#piece = piece
    }
    const taken = this.#piece.subarray(0, most)
    this.#piece = this.#piece.subarray(taken.byteLength)
    return taken
  }
}

/** Takes bytes as they come and decrypts every message that is whole. Keeps one unfinished message at most. */
export class MessageReader {
  readonly #decrypt: Decrypt
  /** Of the message that has begun: its length once that is known, and what came of its ciphertext. */
  #length: number | undefined
  /** The first byte of a length whose second has not come. */
  #high: number | undefined
  #ciphertext: Buffer = Buffer.alloc(0)
  #filled = 0

  constructor(decrypt: Decrypt) {
    this.#decrypt = decrypt
  }

  /**
   * The plaintexts that `data` completes, on loan (net/buffer-pool.ts). `data` is copied: it may be used again.
   * Errors: a message that is too short, and whatever `decrypt` throws.
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

  /** Returns how many bytes it took, as `#readCiphertext` does. */
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
    this.#ciphertext = blocks.lend(length, length - tagLength)
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
