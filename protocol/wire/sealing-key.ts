/** The public half of a sealing key, as in records, invites and hellos. */
export interface SealingKeyInfo {
  /** X25519, 32 bytes. */
  publicKey: Uint8Array
  /** Milliseconds since the epoch, by its owner's clock. */
  expiresAt: number
}
