/** Bounds of the calls. Units are those of base/limits.ts. */
import { day } from '../base/units.ts'

export const apiLimits = {
  /** `messages`, `search`, `transfers` and `transferFiles` at most return this many at once. */
  page: 1000,
  pageDefault: 50,
  /** Transfers that are over, in `transfers` without a range: the newest. */
  endedListed: 500,
  /** Characters of a passphrase. */
  passphrase: 1024,
  inviteLifetime: 7 * day,
  inviteLongest: 365 * day,
} as const
