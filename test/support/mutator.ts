/**
 * Damages valid bytes as a fuzzer does: flipped bits, other bytes, insertions, deletions, repetitions, other lengths,
 * pieces of one input within another, and single fields of messages. The same inputs and seed give the same sequence.
 * It writes to one buffer: an input is valid until the next.
 */
import { varint, withEditedField } from './field-edit.ts'

/** Numbers at the bounds of the formats: of bytes, of varints, of 16 and 32 bits, of sizes in limits.ts. */
const numbers = [
  0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 1023, 1024, 4095, 4096,
  16383, 16384, 32767, 32768, 65519, 65520, 65535, 65536, 262144, 1048576, 1048577, 2097151, 2097152, 16777216,
  268435455, 268435456, 2147483647, 2147483648, 4294967295, 4294967296, 8.64e12, 8.64e15, 9007199254740991,
  9007199254740992, 18446744073709549568,
]
/** Bytes with a meaning in one of the formats: tags of protobuf, versions, flags, separators of text. */
const bytes = Buffer.from(
  '\0\x01\x02\x08\x0a\x10\x12\x1a\x20\x22\x2a\x32\x3a\x42\x7f\x80\x81\xbf\xc0\xed\xff/.:%~<> -\r\n@=',
  'latin1',
)
/** Room for insertions, in bytes. */
const room = 1024
/** One input in this many begins at its predecessor instead of a seed: damage adds up. */
const continued = 4

export class Mutator {
  readonly #seeds: readonly Uint8Array[]
  readonly #out: Buffer
  #length = 0
  #state: number

  constructor(seeds: readonly Uint8Array[], seed: number) {
    this.#seeds = seeds
    this.#out = Buffer.alloc(Math.max(...seeds.map(({ byteLength }) => byteLength)) + room)
    // Xorshift never leaves zero.
    this.#state = seed | 1
  }

  next(): Uint8Array {
    if (this.#below(continued) > 0 || this.#length === 0) {
      const seed = this.#seed()
      this.#out.set(seed)
      this.#length = seed.byteLength
    }
    if (this.#below(2) === 0 && this.#editField()) return this.#out.subarray(0, this.#length)
    for (let edits = 1 + this.#below(1 + this.#below(8)); edits > 0; edits -= 1) this.#edit()
    return this.#out.subarray(0, this.#length)
  }

  /** Damages a field and keeps the message; false if these bytes are none, or it does not fit. */
  #editField(): boolean {
    const edited = withEditedField(this.#out.subarray(0, this.#length), (bound) => this.#below(bound), numbers)
    if (edited === undefined || edited.byteLength > this.#out.byteLength) return false
    this.#out.set(edited)
    this.#length = edited.byteLength
    return true
  }

  #edit(): void {
    const out = this.#out
    const at = this.#below(this.#length + 1)
    switch (this.#below(11)) {
      case 0:
        if (at < this.#length) out[at] = (out[at] ?? 0) ^ (1 << this.#below(8))
        break
      case 1:
        if (at < this.#length) out[at] = this.#below(256)
        break
      case 2:
        if (at < this.#length) out[at] = bytes[this.#below(bytes.byteLength)] ?? 0
        break
      case 3:
        // A length that is a little wrong.
        if (at < this.#length) out[at] = (out[at] ?? 0) + this.#below(33) - 16
        break
      case 4: {
        const count = this.#below(9)
        if (this.#open(at, count)) for (let i = at; i < at + count; i += 1) out[i] = this.#below(256)
        break
      }
      case 5:
        this.#close(at, this.#below(2) === 0 ? 1 : this.#below(this.#length - at + 1))
        break
      case 6:
        this.#length = at
        break
      case 7: {
        const count = this.#below(Math.min(64, this.#length - at) + 1)
        if (this.#open(at, count)) out.copyWithin(at, at + count, at + 2 * count)
        break
      }
      case 8: {
        const other = this.#seed()
        const from = this.#below(other.byteLength + 1)
        const piece = other.subarray(from, from + this.#below(this.#below(2) === 0 ? 32 : other.byteLength + 1))
        if (this.#below(2) === 0) this.#close(at, piece.byteLength)
        if (this.#open(at, piece.byteLength)) out.set(piece, at)
        break
      }
      case 9:
        this.#varint(at)
        break
      default: {
        const width = this.#below(2) === 0 ? 2 : 4
        if (at + width > this.#length) break
        const number = (numbers[this.#below(numbers.length)] ?? 0) % 256 ** width
        if (this.#below(2) === 0) out.writeUIntBE(number, at, width)
        else out.writeUIntLE(number, at, width)
      }
    }
  }

  /** A number as a varint, in place of what is there or before it. */
  #varint(at: number): void {
    const encoded = varint(BigInt(numbers[this.#below(numbers.length)] ?? 0))
    if (this.#below(2) === 0) {
      let end = at
      while (end < this.#length && end - at < 9 && (this.#out[end] ?? 0) >= 0x80) end += 1
      this.#close(at, end + 1 - at)
    }
    if (this.#open(at, encoded.byteLength)) this.#out.set(encoded, at)
  }

  /** Makes room for `count` bytes at `at`; false if there is none. */
  #open(at: number, count: number): boolean {
    if (this.#length + count > this.#out.byteLength) return false
    this.#out.copyWithin(at + count, at, this.#length)
    this.#length += count
    return true
  }

  /** Removes at most `count` bytes at `at`. */
  #close(at: number, most: number): void {
    const count = Math.min(most, this.#length - at)
    this.#out.copyWithin(at, at + count, this.#length)
    this.#length -= count
  }

  #seed(): Uint8Array {
    return this.#seeds[this.#below(this.#seeds.length)] ?? new Uint8Array()
  }

  /** Xorshift32. */
  #below(bound: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % bound
  }
}
