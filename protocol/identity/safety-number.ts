/**
 * Safety numbers: 60 digits that two friends compare, equal on both sides if and only if each has the other's true key.
 * The construction is Signal's numeric fingerprint: each key is hashed 5,200 times with SHA-512 and gives 30 digits;
 * the smaller half comes first.
 */
import { createHash } from 'node:crypto'
import { publicKeyOf } from './identity.ts'

const iterations = 5200
const version = Buffer.from('quorum-safety-number-1\0', 'ascii')

/** 12 groups of 5 digits, separated by spaces. Errors: `bad-request` for text that is not a PeerId. */
export function safetyNumber(peer: string, other: string): string {
  const halves = [half(publicKeyOf(peer)), half(publicKeyOf(other))].sort()
  return (halves.join('').match(/\d{5}/g) ?? []).join(' ')
}

/** 30 digits of one key: six groups of five bytes, each modulo 100,000. */
function half(publicKey: Uint8Array): string {
  let hash = createHash('sha512').update(version).update(publicKey).digest()
  for (let round = 1; round < iterations; round += 1) {
    hash = createHash('sha512').update(hash).update(publicKey).digest()
  }
  let digits = ''
  for (let at = 0; at < 30; at += 5) digits += String(hash.readUIntBE(at, 5) % 100_000).padStart(5, '0')
  return digits
}
