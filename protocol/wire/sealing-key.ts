/** The public half of a sealing key, as records, invites and hellos carry it. */
export interface SealingKeyInfo {
  /** X25519, 32 bytes. */
  publicKey: Uint8Array
  /** Milliseconds since the epoch, by its owner's clock. */
  expiresAt: number
}
