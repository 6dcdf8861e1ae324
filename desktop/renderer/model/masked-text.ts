/** The text of a field that shows a filler in place of each character (view/passphrase-field.tsx). */

/** A code point that is no character, so that nobody types or pastes it. */
const filler = '\u{FDD0}'

export function masked(text: string): string {
  return filler.repeat(Array.from(text).length)
}

/**
 * The text after one edit of a field that showed `masked(before)`: it shows `shown` now, with the caret after
 * `beforeCaret`. What was typed, pasted or dropped is in one piece among the fillers.
 */
export function unmasked(before: string, shown: string, beforeCaret: string): string {
  const old = Array.from(before)
  const now = Array.from(shown)
  const typed = now.filter((one) => one !== filler)
  const kept = now.length - typed.length
  // Text that was only removed was removed at the caret.
  const at = typed.length > 0 ? now.findIndex((one) => one !== filler) : Array.from(beforeCaret).length
  const head = Math.min(at, kept)
  return [...old.slice(0, head), ...typed, ...old.slice(old.length - (kept - head))].join('')
}
