/**
 * Sealing of envelopes, which nodes store and must not be able to read: libsodium sealed boxes to the recipient's
 * X25519 sealing key, which is renewed weekly and destroyed 35 days later, so that a stolen identity does not open old
 * envelopes. Only for a first contact without such a key the box is sealed to the key derived from the PeerId.
 */
import sodium from 'sodium-native'
import { QuorumError } from '../base/errors.ts'
import { digest, publicKeyOf, type Identity } from './identity.ts'
import { identityLimits } from './limits.ts'
import type { SealingKeyRow, Store } from '../store/store.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'
import type { SealedBytes } from '../wire/contact.ts'

const keyIdLength = 8

/** Seals `bytes` to a sealing key, or, without one, to the key derived from PeerId `to`. */
export function seal(bytes: Uint8Array, to: string, key: SealingKeyInfo | undefined): SealedBytes {
  const publicKey = Buffer.from(key?.publicKey ?? identitySealingKey(to))
  const sealed = Buffer.alloc(bytes.byteLength + sodium.crypto_box_SEALBYTES)
  sodium.crypto_box_seal(sealed, Buffer.from(bytes), publicKey)
  return { keyId: key == null ? new Uint8Array() : keyIdOf(key.publicKey), sealed }
}

/** The own sealing keys: renews and destroys them on time. */
export class SealingKeys {
  readonly #identity: Identity
  readonly #store: Store
  readonly #now: () => number

  constructor(identity: Identity, store: Store, now: () => number) {
    this.#identity = identity
    this.#store = store
    this.#now = now
  }

  /** The key to announce, renewed when the last is a week old. */
  current(): SealingKeyInfo {
    const now = this.#now()
    this.#store.destroySealingKeys(now - identityLimits.sealingKeyRenewed - identityLimits.sealingKeyKept)
    // Not simply the newest: one from the future (the clock was set back) would be used for years, or renewed each
    // time.
    const fresh = this.#store
      .sealingKeys()
      .find((key) => Math.abs(now - key.createdAt) < identityLimits.sealingKeyRenewed)
    const row = fresh ?? this.#renew(now)
    return {
      publicKey: row.publicKey,
      expiresAt: row.createdAt + identityLimits.sealingKeyRenewed + identityLimits.sealingKeyKept,
    }
  }

  /** Errors: `verification-failed` when it is not sealed for this peer, or for a key that is destroyed. */
  open(envelope: SealedBytes): Uint8Array {
    const pair = this.#pairFor(envelope.keyId)
    if (pair != null && envelope.sealed.byteLength > sodium.crypto_box_SEALBYTES) {
      const bytes = Buffer.alloc(envelope.sealed.byteLength - sodium.crypto_box_SEALBYTES)
      const { publicKey, secretKey } = pair
      if (
        sodium.crypto_box_seal_open(bytes, Buffer.from(envelope.sealed), Buffer.from(publicKey), Buffer.from(secretKey))
      ) {
        return bytes
      }
    }
    throw new QuorumError('verification-failed', 'An envelope is not sealed for this peer')
  }

  #pairFor(keyId: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array } | undefined {
    if (keyId.byteLength > 0) {
      return this.#store.sealingKeys().find((row) => Buffer.from(keyIdOf(row.publicKey)).equals(keyId))
    }
    const secretKey = Buffer.alloc(sodium.crypto_box_SECRETKEYBYTES)
    sodium.crypto_sign_ed25519_sk_to_curve25519(secretKey, Buffer.from(this.#identity.secretKey))
    return { publicKey: identitySealingKey(this.#identity.peer), secretKey }
  }

  #renew(now: number): SealingKeyRow {
    const publicKey = Buffer.alloc(sodium.crypto_box_PUBLICKEYBYTES)
    const secretKey = Buffer.alloc(sodium.crypto_box_SECRETKEYBYTES)
    sodium.crypto_box_keypair(publicKey, secretKey)
    const row = { publicKey, secretKey, createdAt: now }
    this.#store.putSealingKey(row)
    return row
  }
}

function identitySealingKey(peer: string): Uint8Array {
  const out = Buffer.alloc(sodium.crypto_box_PUBLICKEYBYTES)
  try {
    sodium.crypto_sign_ed25519_pk_to_curve25519(out, Buffer.from(publicKeyOf(peer)))
  } catch (cause) {
    // A point of small order: it was not generated, and no peer has its private key.
    throw new QuorumError('bad-request', 'Nothing can be sealed for that PeerId', { cause })
  }
  return out
}

function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return digest(publicKey).subarray(0, keyIdLength)
}
