/**
 * A set of entries of a manifest as bits: bit n, which is bit n mod 8 of byte n div 8 from the lowest, is set if entry
 * n belongs to it. Of all entries that one manifest may have this is 31 KB, which fits a message.
 */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

/** Trailing zero bytes are not written. */
export function entriesToBits(entries: readonly number[]): Uint8Array {
  const count = entries.reduce((most, entry) => Math.max(most, entry + 1), 0)
  const bits = new Uint8Array(Math.ceil(count / 8))
  for (const entry of entries) bits[entry >>> 3] = (bits[entry >>> 3] ?? 0) | (1 << (entry & 7))
  return bits
}

/** The entries, ascending. Errors: `too-large` for more than one manifest may have. */
export function entriesFromBits(bits: Uint8Array): number[] {
  if (bits.byteLength > Math.ceil(limits.transferFiles / 8)) {
    throw new QuorumError('too-large', 'A set of files is larger than any transfer')
  }
  const entries: number[] = []
  for (const [index, byte] of bits.entries()) {
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) entries.push(index * 8 + bit)
  }
  return entries
}
