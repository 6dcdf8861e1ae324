/**
 * Sealing of envelopes, which nodes store and must not be able to read: libsodium sealed boxes to the recipient's
 * X25519 sealing key, which is renewed weekly and destroyed 35 days later, so that a stolen identity does not open old
 * envelopes. Only for a first contact without such a key the box is sealed to the key derived from the PeerId.
 */
import sodium from 'sodium-native'
import { QuorumError, toError } from '../base/errors.ts'
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

/** Runs `work` every `ms` milliseconds until the returned function is called. */
type Every = (work: () => void, ms: number) => () => void

/** From the creation of a sealing key to its destruction. */
const sealingKeyLife = identityLimits.sealingKeyRenewed + identityLimits.sealingKeyKept

/** The own sealing keys: renews and destroys them on time. */
export class SealingKeys {
  readonly #identity: Identity
  readonly #store: Store
  readonly #now: () => number
  #end: (() => void) | undefined

  constructor(identity: Identity, store: Store, now: () => number) {
    this.#identity = identity
    this.#store = store
    this.#now = now
  }

  /** The key to announce, renewed when the last is a week old. */
  current(): SealingKeyInfo {
    this.destroyExpired()
    const now = this.#now()
    const fresh = this.#store
      .sealingKeys()
      .find(({ createdAt }) => Math.abs(now - createdAt) < identityLimits.sealingKeyRenewed)
    const row = fresh ?? this.#renew(now)
    return { publicKey: row.publicKey, expiresAt: row.createdAt + sealingKeyLife }
  }

  /**
   * Destroys the keys that are past their time. Errors: those of the store.
   */
  destroyExpired(): void {
    const now = this.#now()
    // A key from the future (the clock was set back) would live for years: it is dated as one that was just replaced.
    for (const row of this.#store.sealingKeys()) {
      const createdAt = now - identityLimits.sealingKeyRenewed
      if (row.createdAt > now + identityLimits.sealingKeyRenewed) this.#store.putSealingKey({ ...row, createdAt })
    }
    this.#store.destroySealingKeys(now - sealingKeyLife)
  }

  /** Destroys expired keys now, and regularly until `stop`: also while nothing is announced or opened. */
  start({ failed, every = repeat }: { failed: (error: Error) => void; every?: Every }): void {
    const destroy = (): void => {
      try {
        this.destroyExpired()
      } catch (error) {
        failed(toError(error))
      }
    }
    this.stop()
    destroy()
    this.#end = every(destroy, identityLimits.sealingKeyCheck)
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  /** Errors: `verification-failed` when it is not sealed for this peer, or for a key that is past its time. */
  open(envelope: SealedBytes): Uint8Array {
    this.destroyExpired()
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
    sodium.crypto_sign_ed25519_sk_to_curve25519(secretKey, this.#identity.secretKey)
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

function repeat(work: () => void, ms: number): () => void {
  const timer = setInterval(work, ms)
  return () => clearInterval(timer)
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
