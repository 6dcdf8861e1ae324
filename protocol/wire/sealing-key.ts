/** Bytes of the public key of X-Wing. */
export const hybridKeyBytes = 1216

/** The public half of a sealing key, as in records, envelopes, hellos and invites. */
export interface SealingKeyInfo {
  /** X25519, 32 bytes. */
  publicKey: Uint8Array
  /** X-Wing, `hybridKeyBytes`; none from earlier versions, and none in invites, which must be short. */
  hybridKey?: Uint8Array
  /** Milliseconds since the epoch, by its owner's clock. */
  expiresAt: number
}
