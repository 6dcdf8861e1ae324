/** Numbers of keys. Units are those of base/limits.ts. */
import { day } from '../base/units.ts'

export const identityLimits = {
  /** A sealing key is renewed after the first, and destroyed the second after that (docs/protocol.md). */
  sealingKeyRenewed: 7 * day,
  sealingKeyKept: 35 * day,
} as const
