/** Types of sodium-native that @types/sodium-native 2.3.9 lacks or has of version 2: the IETF variant of
 * ChaCha20-Poly1305, and secretstream with its state in a buffer and numbers for tags. */
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
  export const crypto_secretstream_xchacha20poly1305_STATEBYTES: number
  export function crypto_secretstream_xchacha20poly1305_init_push(state: Buffer, header: Buffer, key: Buffer): void
  export function crypto_secretstream_xchacha20poly1305_init_pull(state: Buffer, header: Buffer, key: Buffer): void
  export function crypto_secretstream_xchacha20poly1305_push(
    state: Buffer,
    ciphertext: Buffer,
    message: Buffer,
    additional: Buffer | null,
    tag: number,
  ): number
  export function crypto_secretstream_xchacha20poly1305_pull(
    state: Buffer,
    message: Buffer,
    tag: Buffer,
    ciphertext: Buffer,
    additional: Buffer | null,
  ): number
}
