/** Types of sodium-native that @types/sodium-native 2.3.9 lacks: the IETF variant of ChaCha20-Poly1305. */
import 'sodium-native'

declare module 'sodium-native' {
  export const crypto_aead_chacha20poly1305_ietf_ABYTES: number
  export function crypto_aead_chacha20poly1305_ietf_encrypt(
    ciphertext: Buffer,
    message: Buffer,
    additional: Buffer | null,
    secretNonce: null,
    nonce: Buffer,
    key: Buffer,
  ): number
  export function crypto_aead_chacha20poly1305_ietf_decrypt(
    message: Buffer,
    secretNonce: null,
    ciphertext: Buffer,
    additional: Buffer | null,
    nonce: Buffer,
    key: Buffer,
  ): number
}
