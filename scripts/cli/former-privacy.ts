/**
 * Privacy choices of older versions. The window stored them in its own file, `window.json` in the profile's folder,
 * before the profile's store contained them. The first program that opens a profile copies them into the store; the
 * window removes them from its file at its next write. An unreadable file counts as unreadable choices, never as no
 * choices.
 */
import { closeSync, fstatSync, lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { privacyNames } from '#protocol'
import type { Store } from '#protocol'
import { openRegular } from './regular-file.ts'

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

/** Bytes: far above what the window writes. */
const longestChoices = 1024 * 1024

/**
 * The text of a file of choices. Undefined if there is no file. Empty, which is not JSON, if the file cannot be read: a
 * link that leads nowhere is not the absence of choices, and neither is a pipe or a file that is too large.
 */
export function textOfChoices(file: string): string | undefined {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined
  try {
    const descriptor = openRegular(file, 'read-follow')
    try {
      return fstatSync(descriptor).size > longestChoices ? '' : readFileSync(descriptor, 'utf8')
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Unreadable, for whatever reason: the caller treats it as choices that cannot be read.
    return ''
  }
}

/**
 * Copies those choices of `window.json` into the store that the store does not have: a program that embeds the library
 * may have stored others first. Does it once: a file that appears later does not apply. Errors: those of the store.
 */
export function takeOverPrivacy(store: Store, folder: string): void {
  if (store.setting('former-privacy') !== undefined) return
  const stored = store.setting('privacy')
  const own = stored === undefined ? {} : parsed(stored)
  const former = formerPrivacy(textOfChoices(path.join(folder, windowFile)))
  store.transaction(() => {
    // Unreadable choices stay as they are: they mean the most private ones.
    if (own !== undefined) store.setSetting('privacy', Buffer.from(JSON.stringify({ ...former, ...own })))
    store.setSetting('former-privacy', Buffer.from('taken over'))
  })
}

/** Undefined if it is not a JSON object. */
function parsed(stored: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(stored).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Values that no choice can have. The peer replaces them by the most private ones and warns the person. */
function unreadable(): Record<string, unknown> {
  return Object.fromEntries(privacyNames.map((name) => [name, 'unreadable']))
}

function modeOf(value: unknown): unknown {
  if (typeof value !== 'boolean') return value
  return value ? 'auto' : 'never'
}
