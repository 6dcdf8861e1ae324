/**
 * The privacy choices of before they were the profile's: the window kept them in its own file, `window.json` in the
 * profile's folder. Whoever opens a profile first takes them over into its store; the window drops them from its file
 * when it next writes it. A file that cannot be read counts as choices that cannot be read, never as none.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { privacyNames } from '#protocol'
import type { Store } from '#protocol'

export const windowFile = 'window.json'

/** Of the same names as the choices of today, each as it was found; `text` undefined: there is no file. */
export function formerPrivacy(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  let kept: unknown
  try {
    kept = JSON.parse(text)
  } catch {
    return unreadable()
  }
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return unreadable()
  const entries = Object.entries(kept).filter(([name]) => privacyNames.some((known) => known === name))
  // `direct` was yes or no once.
  return Object.fromEntries(entries.map(([name, value]) => [name, name === 'direct' ? modeOf(value) : value]))
}

/** The text of a file of choices; undefined where there is none; empty, which is no JSON, where it cannot be read. */
export function textOfChoices(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? undefined : ''
  }
}

/** Does nothing where the profile has choices of its own. Errors: those of the store. */
export function takeOverPrivacy(store: Store, folder: string): void {
  if (store.setting('privacy') !== undefined) return
  const former = formerPrivacy(textOfChoices(path.join(folder, windowFile)))
  store.setSetting('privacy', Buffer.from(JSON.stringify(former)))
}

/** Values that no choice has: whoever reads them takes the most private ones, and says so. */
function unreadable(): Record<string, unknown> {
  return Object.fromEntries(privacyNames.map((name) => [name, 'unreadable']))
}

function modeOf(value: unknown): unknown {
  if (typeof value !== 'boolean') return value
  return value ? 'auto' : 'never'
}
