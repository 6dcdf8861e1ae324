/** Numbers of keys. Units are those of base/limits.ts. */
import { day, hour } from '../base/units.ts'

export const identityLimits = {
  /** A sealing key is renewed after the first, and destroyed the second after that (docs/protocol.md). */
  sealingKeyRenewed: 7 * day,
  sealingKeyKept: 35 * day,
  /** No key is older, even if what waits at nodes was not collected since: by then no node holds it any more. */
  sealingKeyLast: 90 * day,
  /** How often a running peer destroys the keys that are past their time: an hour is little against six weeks. */
  sealingKeyCheck: 1 * hour,
} as const
