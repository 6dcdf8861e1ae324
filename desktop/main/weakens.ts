/**
 * Which changes of the settings protect the person less than before. The main process asks about these, whoever makes
 * them; what protects more is done without a question. A new setting does not compile before it is decided here, and a
 * new privacy choice before it is in `lessPrivate`.
 */
import { lessPrivate, privacyNames } from '#protocol'
import type { Privacy } from '#protocol'
import type { Preferences } from '../ipc/contract.ts'

const shownInNotification = { off: 0, none: 1, name: 2, full: 3 } as const satisfies Record<
  Preferences['notifications'],
  number
>

/** How much a value of each setting exposes; only the order counts. `nothing`: others learn nothing by any value. */
const exposure = {
  theme: 'nothing',
  textSize: 'nothing',
  language: 'nothing',
  notifications: ({ notifications }) => shownInNotification[notifications],
  lockAfter: ({ lockAfter }) => (lockAfter === 0 ? Infinity : lockAfter),
  // Both keep Quorum running. The lock is the same, and the person sees the tray icon.
  startAtLogin: 'nothing',
  closeToTray: 'nothing',
} as const satisfies Record<keyof Preferences, ((all: Preferences) => number) | 'nothing'>

/** The settings by which others can learn something. */
export type Exposing = {
  [K in keyof Preferences]: (typeof exposure)[K] extends 'nothing' ? never : K
}[keyof Preferences]

/** The privacy choices that reveal more in `after` than in `before`. */
export function weakenedPrivacy(before: Privacy, after: Privacy): (keyof Privacy)[] {
  const together = lessPrivate(before, after)
  return privacyNames.filter((name) => together[name] !== before[name])
}

/** The settings of the window that expose more in `after` than in `before`. */
export function weakenedPreferences(before: Preferences, after: Preferences): Exposing[] {
  return Object.entries(exposure).flatMap(([name, measure]) =>
    measure !== 'nothing' && measure(after) > measure(before) ? [name as Exposing] : [],
  )
}

/** The choice keeps machines that are not the person's own from learning the address. */
export function hidesAddress({ direct }: Pick<Privacy, 'direct'>): boolean {
  return direct === 'never' || direct === 'verified'
}
