/**
 * libsodium's ChaCha20-Poly1305 for Noise: as fast in Electron, whose crypto module lacks the cipher and would fall
 * back to WASM, as in Node. Everything else of the handshake stays the package's own code. Retires when Electron's
 * node:crypto offers chacha20-poly1305.
 */
import { pureJsCrypto, type ICryptoInterface } from '@libp2p/noise'
import sodium from 'sodium-native'

const tagLength = sodium.crypto_aead_chacha20poly1305_ietf_ABYTES

export const sodiumCipher: ICryptoInterface = {
  ...pureJsCrypto,
  chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
    const input = plaintext.subarray()
    const output = Buffer.allocUnsafe(input.byteLength + tagLength)
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(output, view(input), additional(ad), null, view(nonce), view(key))
    return output
  },
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key) {
    const input = ciphertext.subarray()
    if (input.byteLength < tagLength) throw new Error('The ciphertext is shorter than its tag')
    const output = Buffer.allocUnsafe(input.byteLength - tagLength)
    sodium.crypto_aead_chacha20poly1305_ietf_decrypt(output, null, view(input), additional(ad), view(nonce), view(key))
    return output
  },
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function additional(bytes: Uint8Array): Buffer | null {
  return bytes.byteLength > 0 ? view(bytes) : null
}
