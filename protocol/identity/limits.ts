/** Numbers of keys. Units are those of base/limits.ts. */
import { day } from '../base/units.ts'

export const identityLimits = {
  /** Sealing key: renewed after, destroyed this long after that (protocol.md). */
  sealingKeyRenewed: 7 * day,
  sealingKeyKept: 35 * day,
} as const
