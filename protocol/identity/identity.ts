/**
 * The identity of a peer: one Ed25519 key, its libp2p PeerId. It signs; it decrypts only first contacts (sealing.ts). A
 * signature is bound to a domain that its reader chooses, so bytes signed for one purpose are invalid for any other.
 */
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, Ed25519PublicKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import sodium from 'sodium-native'
import { parsePeerId } from '../address/peer-id.ts'
import { QuorumError } from '../base/errors.ts'
import type { SignedBytes } from '../wire/codec.ts'

export type Domain =
  | 'quorum-invite'
  | 'quorum-record'
  | 'quorum-envelope'
  | 'quorum-parcel'
  | 'quorum-decision'
  | 'quorum-consent'
  | 'quorum-talk'
  | 'quorum-card'
  | 'quorum-group-parcel'

export interface Identity {
  /** PeerId in its usual text form. */
  readonly peer: string
  /** Raw Ed25519 key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** For libp2p. */
  readonly privateKey: Ed25519PrivateKey
  /** libsodium's 64-byte secret key: seed and public key. The same memory as `privateKey.raw`. */
  readonly secretKey: Buffer
}

/** A new 32-byte seed from the system's random generator. */
export function createSeed(): Uint8Array {
  return randomBytes(sodium.crypto_sign_SEEDBYTES)
}

/** The identity that belongs to a 32-byte seed. The seed is copied once; the caller may erase its own. */
export async function identityFromSeed(seed: Uint8Array): Promise<Identity> {
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES)
  const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, inPlace(seed))
  const privateKey = new SecretKey(secretKey, publicKeyFromRaw(publicKey) as Ed25519PublicKey)
  return { peer: peerFromPublicKey(publicKey), publicKey, privateKey, secretKey }
}

/**
 * The key as libp2p uses it. libp2p's own class signs with a new object of OpenSSL each time, which it makes from the
 * seed as text: at every handshake, two more copies of the seed stay in memory.
 */
class SecretKey implements Ed25519PrivateKey {
  readonly type = 'Ed25519'
  readonly raw: Buffer
  readonly publicKey: Ed25519PublicKey

  constructor(raw: Buffer, publicKey: Ed25519PublicKey) {
    this.raw = raw
    this.publicKey = publicKey
  }

  equals(other: unknown): boolean {
    return other instanceof SecretKey && this.raw.equals(other.raw)
  }

  sign(data: Uint8Array | { subarray(): Uint8Array }): Uint8Array {
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES)
    sodium.crypto_sign_detached(signature, inPlace(data.subarray()), this.raw)
    return signature
  }
}

/** Signs `payload` for `domain`. */
export function sign(identity: Identity, domain: Domain, payload: Uint8Array): SignedBytes {
  const signature = Buffer.alloc(sodium.crypto_sign_BYTES)
  sodium.crypto_sign_detached(signature, bound(domain, payload), identity.secretKey)
  return { payload, publicKey: identity.publicKey, signature }
}

/** The author's PeerId, if the signature is valid. Errors: `verification-failed`. */
export function verify(signed: SignedBytes, domain: Domain): string {
  const { payload, publicKey, signature } = signed
  if (
    publicKey.byteLength !== sodium.crypto_sign_PUBLICKEYBYTES ||
    signature.byteLength !== sodium.crypto_sign_BYTES ||
    !sodium.crypto_sign_verify_detached(Buffer.from(signature), bound(domain, payload), Buffer.from(publicKey))
  ) {
    throw new QuorumError('verification-failed', 'A signature is not valid')
  }
  return peerFromPublicKey(publicKey)
}

/** PeerId of a raw Ed25519 key. Errors: `bad-request`. */
export function peerFromPublicKey(publicKey: Uint8Array): string {
  try {
    return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString()
  } catch (cause) {
    throw new QuorumError('bad-request', 'That is not an Ed25519 public key', { cause })
  }
}

/** Raw Ed25519 key of a PeerId. Errors: `bad-request` for anything that is not the PeerId of an Ed25519 key. */
export function publicKeyOf(peer: string): Uint8Array {
  const id = parsePeerId(peer)
  if (id == null) throw new QuorumError('bad-request', 'That is not a PeerId')
  return id.publicKey.raw
}

/** The last six characters of a PeerId, which names a peer in logs. */
export function shortId(peer: string): string {
  return peer.slice(-6)
}

/** BLAKE2b-256. */
export function digest(...parts: readonly Uint8Array[]): Uint8Array {
  const out = Buffer.alloc(32)
  sodium.crypto_generichash_batch(
    out,
    parts.map((part) => Buffer.from(part)),
  )
  return out
}

/** The first `length` bytes of keyed BLAKE2b; `key` of 16 to 64 bytes. */
export function mac(key: Uint8Array, length: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const out = Buffer.alloc(length)
  sodium.crypto_generichash(out, Buffer.concat(parts), Buffer.from(key))
  return out
}

export function randomBytes(length: number): Uint8Array {
  const bytes = Buffer.alloc(length)
  sodium.randombytes_buf(bytes)
  return bytes
}

/** The same memory as a Buffer. */
function inPlace(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bound(domain: Domain, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${domain}\0`, 'ascii'), payload])
}
