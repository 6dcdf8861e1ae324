/**
 * Sealing to a public key so that a recording opens neither with quantum computers nor with keys that come later: HPKE
 * (RFC 9180) in base mode with X-Wing (ML-KEM-768 and X25519), HKDF-SHA256 and ChaCha20-Poly1305. HPKE says nothing of
 * who sealed: what is sealed is signed inside.
 */
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { QuorumError } from '../base/errors.ts'
import { digest, randomBytes } from './identity.ts'

export interface KeyPair {
  /** 32 bytes, from which both halves of the key follow. */
  seed: Uint8Array
  /** 1,216 bytes. */
  publicKey: Uint8Array
}

/** What is done with such keys: the functions of this file, unless a simulation has others, which take no time. */
export interface Hpke {
  createKeyPair(): Promise<KeyPair>
  seal(bytes: Uint8Array, publicKey: Uint8Array, purpose: Purpose, bound: Uint8Array): Promise<Uint8Array>
  open(sealed: Uint8Array, seed: Uint8Array, purpose: Purpose, bound: Uint8Array): Promise<Uint8Array>
}

/** What sealed bytes are for: bytes that were sealed for one purpose do not open for another. */
export type Purpose = 'quorum-envelope' | 'quorum-parcel' | 'quorum-group-parcel'

const seedBytes = 32
/** Of the digest by which a sealed message names its key. */
const keyIdBytes = 8
/** Bytes of the encapsulated key, which come first. */
const encapsulatedBytes = 1120
const tagBytes = 16
/** Bytes that sealing adds. */
export const sealingBytes = encapsulatedBytes + tagBytes

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Chacha20Poly1305() })

export function createKeyPair(): Promise<KeyPair> {
  return keyPairOf(randomBytes(seedBytes))
}

/** The key pair of a seed of 32 bytes. */
export async function keyPairOf(seed: Uint8Array): Promise<KeyPair> {
  // The library takes the whole buffer behind the bytes, which here may be a pool of Node's.
  const { publicKey } = await kem.generateKeyPairDerand(Uint8Array.from(seed))
  return { seed, publicKey: new Uint8Array(await kem.serializePublicKey(publicKey)) }
}

/** The first 8 bytes of the digest of a public key: which key to open with, told outside. */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return digest(publicKey).subarray(0, keyIdBytes)
}

/**
 * Seals `bytes` to `publicKey`. `bound` is authenticated and not contained: it opens only with the same. Errors:
 * `verification-failed` for a key that is none.
 */
export async function seal(
  bytes: Uint8Array,
  publicKey: Uint8Array,
  purpose: Purpose,
  bound: Uint8Array,
): Promise<Uint8Array> {
  try {
    const recipientPublicKey = await kem.deserializePublicKey(publicKey)
    const { enc, ct } = await suite.seal({ recipientPublicKey, info: infoOf(purpose) }, bytes, bound)
    return new Uint8Array(Buffer.concat([new Uint8Array(enc), new Uint8Array(ct)]))
  } catch (cause) {
    throw new QuorumError('verification-failed', 'Nothing can be sealed to that key', { cause })
  }
}

/** Errors: `verification-failed` where it was not sealed to this key, for this purpose, with this `bound`. */
export async function open(
  sealed: Uint8Array,
  seed: Uint8Array,
  purpose: Purpose,
  bound: Uint8Array,
): Promise<Uint8Array> {
  try {
    const recipientKey = await kem.deserializePrivateKey(seed)
    const enc = sealed.subarray(0, encapsulatedBytes)
    const params = { recipientKey, enc, info: infoOf(purpose) }
    return new Uint8Array(await suite.open(params, sealed.subarray(encapsulatedBytes), bound))
  } catch (cause) {
    throw new QuorumError('verification-failed', 'It is not sealed to this key', { cause })
  }
}

function infoOf(purpose: Purpose): Uint8Array {
  return Buffer.from(purpose, 'ascii')
}
