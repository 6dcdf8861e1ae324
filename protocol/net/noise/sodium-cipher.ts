/**
 * libsodium's ChaCha20-Poly1305 for Noise: as fast in Electron, whose crypto module lacks the cipher and would fall
 * back to WASM, as in Node. Everything else of the handshake stays the package's own code. Retires when Electron's
 * node:crypto offers chacha20-poly1305.
 */
import { pureJsCrypto, type ICryptoInterface } from '@libp2p/noise'
import sodium from 'sodium-native'
import { Uint8ArrayList } from 'uint8arraylist'

/** Bytes that a ciphertext is longer than what is in it. */
export const tagLength = sodium.crypto_aead_chacha20poly1305_ietf_ABYTES

/** Plaintext that says where its ciphertext goes: Noise itself knows only of places for plaintext. */
export class Destined extends Uint8ArrayList {
  readonly #plaintext: Uint8Array
  readonly ciphertext: Uint8Array

  /** `ciphertext` is `tagLength` longer. The two begin at the same byte or do not overlap. */
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
  chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
    const input = plaintext.subarray()
    const output =
      plaintext instanceof Destined ? plaintext.ciphertext : Buffer.allocUnsafe(input.byteLength + tagLength)
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
    // It throws for a wrong tag; should it ever return instead, nothing unverified gets past here.
    if (length !== output.byteLength) throw new Error('The ciphertext is not what was encrypted')
    return output
  },
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function additional(bytes: Uint8Array): Buffer | null {
  return bytes.byteLength > 0 ? view(bytes) : null
}
