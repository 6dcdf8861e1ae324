/**
 * libsodium's ChaCha20-Poly1305 and X25519 for Noise. Electron's crypto module lacks this cipher, and the package would
 * fall back to WASM there; libsodium is as fast as Node's module. The package's X25519 in JavaScript takes 2.75 ms of
 * each side of a handshake, more than all the rest of it; libsodium takes 0.1 ms, Node's module 0.3 ms. Hashes are the
 * package's own code. Retires when Electron's node:crypto has chacha20-poly1305.
 */
import { pureJsCrypto, type ICryptoInterface } from '@libp2p/noise'
import sodium from 'sodium-native'
import { Uint8ArrayList } from 'uint8arraylist'

/** Bytes by which a ciphertext is longer than its plaintext. */
export const tagLength = sodium.crypto_aead_chacha20poly1305_ietf_ABYTES

/**
 * Plaintext with the buffer for its ciphertext: the cipher interface of Noise takes a destination for plaintext only.
 */
export class TargetedPlaintext extends Uint8ArrayList {
  readonly #plaintext: Uint8Array
  readonly ciphertext: Uint8Array

  /** `ciphertext` is `tagLength` longer. Both start at the same byte, or they do not overlap. */
  constructor(plaintext: Uint8Array, ciphertext: Uint8Array) {
    super()
    this.#plaintext = plaintext
    this.ciphertext = ciphertext
  }

  override subarray(): Uint8Array<ArrayBuffer> {
    return this.#plaintext as Uint8Array<ArrayBuffer>
  }
}

export const sodiumCipher: ICryptoInterface = {
  ...pureJsCrypto,
  generateX25519KeyPair() {
    const seed = Buffer.alloc(sodium.crypto_scalarmult_SCALARBYTES)
    sodium.randombytes_buf(seed)
    return sodiumCipher.generateX25519KeyPairFromSeed(seed)
  },
  generateX25519KeyPairFromSeed(seed) {
    const publicKey = Buffer.alloc(sodium.crypto_scalarmult_BYTES)
    sodium.crypto_scalarmult_base(publicKey, view(seed))
    return { publicKey, privateKey: seed }
  },
  /** Throws for keys of another length, and for points of low order, with which anybody knows the result. */
  generateX25519SharedKey(privateKey, publicKey) {
    const shared = Buffer.alloc(sodium.crypto_scalarmult_BYTES)
    sodium.crypto_scalarmult(shared, view(privateKey.subarray()), view(publicKey.subarray()))
    return shared
  },
  chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
    const input = plaintext.subarray()
    const output =
      plaintext instanceof TargetedPlaintext ? plaintext.ciphertext : Buffer.allocUnsafe(input.byteLength + tagLength)
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      view(output),
      view(input),
      additional(ad),
      null,
      view(nonce),
      view(key),
    )
    return output
  },
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, destination) {
    const input = ciphertext.subarray()
    if (input.byteLength < tagLength) throw new Error('The ciphertext is shorter than its tag')
    const output = destination ?? Buffer.allocUnsafe(input.byteLength - tagLength)
    const length = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
      view(output),
      null,
      view(input),
      additional(ad),
      view(nonce),
      view(key),
    )
    // libsodium throws for a wrong tag; if it ever returns instead, unverified data stops here.
    if (length !== output.byteLength) throw new Error('The ciphertext does not match its tag')
    return output
  },
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function additional(bytes: Uint8Array): Buffer | null {
  return bytes.byteLength > 0 ? view(bytes) : null
}
