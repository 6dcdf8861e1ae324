/**
 * Privacy choices of older versions. The window stored them in its own file, `window.json` in the profile's folder,
 * before the profile's store contained them. The first program that opens a profile copies them into the store; the
 * window removes them from its file at its next write. An unreadable file counts as unreadable choices, never as no
 * choices.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { privacyNames } from '#protocol'
import type { Store } from '#protocol'

export const windowFile = 'window.json'

/**
 * The choices in the text of `window.json`, under their current names, without a check of the values. `text` is
 * undefined if there is no file.
 */
export function formerPrivacy(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch {
    return unreadable()
  }
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return unreadable()
  const entries = Object.entries(stored).filter(([name]) => privacyNames.some((known) => known === name))
  // In early versions, `direct` was true or false.
  return Object.fromEntries(entries.map(([name, value]) => [name, name === 'direct' ? modeOf(value) : value]))
}

/**
 * The text of a file of choices. Undefined if there is no file. Empty, which is not JSON, if the file cannot be read.
 */
export function textOfChoices(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? undefined : ''
  }
}

/** Copies the choices of `window.json` into a store that has none. Errors: those of the store. */
export function takeOverPrivacy(store: Store, folder: string): void {
  if (store.setting('privacy') !== undefined) return
  const former = formerPrivacy(textOfChoices(path.join(folder, windowFile)))
  store.setSetting('privacy', Buffer.from(JSON.stringify(former)))
}

/** Values that no choice can have. The peer replaces them by the most private ones and warns the person. */
function unreadable(): Record<string, unknown> {
  return Object.fromEntries(privacyNames.map((name) => [name, 'unreadable']))
}

function modeOf(value: unknown): unknown {
  if (typeof value !== 'boolean') return value
  return value ? 'auto' : 'never'
}
