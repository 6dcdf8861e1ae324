/**
 * Sealing of envelopes, which nodes store and must not be able to read, to the recipient's sealing key. It is renewed
 * weekly and destroyed 35 days later, so that a stolen identity does not open old envelopes. By HPKE to its X-Wing
 * half, which withstands quantum computers; for versions without one in libsodium's sealed boxes to its X25519 half.
 * Only for a first contact without such a key, the box is sealed to the key derived from the PeerId.
 */
import sodium from 'sodium-native'
import { QuorumError, toError } from '../base/errors.ts'
import * as hpke from './hpke.ts'
import { publicKeyOf, type Identity } from './identity.ts'
import { identityLimits } from './limits.ts'
import type { SealingKeyRow, Store } from '../store/store.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'
import type { SealedBytes } from '../wire/contact.ts'

/**
 * Seals `bytes` for PeerId `to`: to its X-Wing key, else to its X25519 key, and without any to the key derived from the
 * PeerId. Errors: `bad-request` for a PeerId that nobody can have.
 */
export async function seal(bytes: Uint8Array, to: string, key: SealingKeyInfo | undefined): Promise<SealedBytes> {
  if (key?.hybridKey != null) {
    try {
      const sealed = await hpke.seal(bytes, key.hybridKey, 'quorum-envelope', publicKeyOf(to))
      return { keyId: hpke.keyIdOf(key.hybridKey), sealed }
    } catch (error) {
      // They announced a key that is none: what they get is as safe as with the version before.
      if (!(error instanceof QuorumError && error.code === 'verification-failed')) throw error
    }
  }
  return sealBox(bytes, to, key)
}

/** As `seal`, for what knows no X-Wing key. */
export function sealBox(bytes: Uint8Array, to: string, key: SealingKeyInfo | undefined): SealedBytes {
  const publicKey = Buffer.from(key?.publicKey ?? identitySealingKey(to))
  const sealed = Buffer.alloc(bytes.byteLength + sodium.crypto_box_SEALBYTES)
  sodium.crypto_box_seal(sealed, Buffer.from(bytes), publicKey)
  return { keyId: key == null ? new Uint8Array() : hpke.keyIdOf(key.publicKey), sealed }
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
  readonly #collected: () => boolean
  #end: (() => void) | undefined
  /** Never rejects. */
  #working: Promise<void> | undefined

  /**
   * `collected`: what waits at nodes has come. Before that, a key that is past its time may still be needed: who was
   * away for long first opens what waits.
   */
  constructor(identity: Identity, store: Store, now: () => number, collected = (): boolean => true) {
    this.#identity = identity
    this.#store = store
    this.#now = now
    this.#collected = collected
  }

  /** The key to announce, renewed when the last is a week old. */
  current(): SealingKeyInfo {
    this.destroyExpired()
    const now = this.#now()
    const fresh = this.#store
      .sealingKeys()
      .find(({ createdAt }) => Math.abs(now - createdAt) < identityLimits.sealingKeyRenewed)
    const { publicKey, hybrid, createdAt } = fresh ?? this.#renew(now)
    const hybridKey = hybrid?.publicKey
    return { publicKey, ...(hybridKey == null ? {} : { hybridKey }), expiresAt: createdAt + sealingKeyLife }
  }

  /** Makes the X-Wing half of the key to announce, which takes a millisecond or two, beside the event loop. */
  async prepare(): Promise<void> {
    const { publicKey } = this.current()
    const hybrid = await hpke.createKeyPair()
    const row = this.#store.sealingKeys().find((one) => Buffer.from(one.publicKey).equals(publicKey))
    if (row != null && row.hybrid == null) this.#store.putSealingKey({ ...row, hybrid })
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
    this.#store.destroySealingKeys(now - (this.#collected() ? sealingKeyLife : identityLimits.sealingKeyLast))
  }

  /**
   * Destroys expired keys and makes the key to announce: now, and regularly until `stop`, also while nothing is
   * announced or opened. Resolves when it is done the first time.
   */
  async start({ failed, every = repeat }: { failed: (error: Error) => void; every?: Every }): Promise<void> {
    const work = async (): Promise<void> => {
      try {
        this.destroyExpired()
        await this.prepare()
      } catch (error) {
        failed(toError(error))
      }
    }
    await this.stop()
    this.#end = every(() => {
      this.#working = work()
    }, identityLimits.sealingKeyCheck)
    this.#working = work()
    await this.#working
  }

  /** Resolves when the store is not used any more. */
  async stop(): Promise<void> {
    this.#end?.()
    this.#end = undefined
    await this.#working
  }

  /** The private half of the X-Wing key that `keyId` names, as long as it was not destroyed. */
  hybridSeed(keyId: Uint8Array): Uint8Array | undefined {
    this.destroyExpired()
    return this.#store.sealingKeys().find((row) => isNamed(row.hybrid?.publicKey, keyId))?.hybrid?.seed
  }

  /** Errors: `verification-failed` when it is not sealed for this peer, or for a key that is past its time. */
  async open(envelope: SealedBytes): Promise<Uint8Array> {
    this.destroyExpired()
    const { keyId, sealed } = envelope
    // An envelope is no older than its key.
    const rows = this.#store.sealingKeys().filter(({ createdAt }) => createdAt >= this.#now() - sealingKeyLife)
    const hybrid = rows.find((row) => isNamed(row.hybrid?.publicKey, keyId))?.hybrid
    if (hybrid != null) return hpke.open(sealed, hybrid.seed, 'quorum-envelope', this.#identity.publicKey)
    const pair = keyId.byteLength > 0 ? rows.find((row) => isNamed(row.publicKey, keyId)) : this.#identityPair()
    const opened = pair == null ? undefined : openBox(sealed, pair)
    if (opened == null) throw new QuorumError('verification-failed', 'An envelope is not sealed for this peer')
    return opened
  }

  #identityPair(): BoxPair {
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

function isNamed(publicKey: Uint8Array | undefined, keyId: Uint8Array): boolean {
  return publicKey != null && Buffer.from(hpke.keyIdOf(publicKey)).equals(keyId)
}

type BoxPair = Pick<SealingKeyRow, 'publicKey' | 'secretKey'>

function openBox(sealed: Uint8Array, { publicKey, secretKey }: BoxPair): Uint8Array | undefined {
  if (sealed.byteLength <= sodium.crypto_box_SEALBYTES) return undefined
  const bytes = Buffer.alloc(sealed.byteLength - sodium.crypto_box_SEALBYTES)
  const [key, secret] = [Buffer.from(publicKey), Buffer.from(secretKey)]
  return sodium.crypto_box_seal_open(bytes, Buffer.from(sealed), key, secret) ? bytes : undefined
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
