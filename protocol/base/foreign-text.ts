/**
 * Decides which characters of a text from another person may be displayed: the one rule for the window, the terminal
 * and the names of files. It removes invisible characters, because they hide text, reverse its direction or make two
 * names of the same appearance differ. It leaves them where a script or an emoji needs them.
 *
 * Pure, without Node and without the library: the page imports it too, as `#foreign-text`. Replacements for a single
 * use (escape sequences, reserved names) are in the file of that use.
 *
 * Source: Unicode Standard Annex #44 (Default_Ignorable_Code_Point), UTS #51 (emoji sequences), UTS #37 (variants of
 * ideographs).
 */

/** Line breaks other than `\n`: of Windows, of old Macs, of Unicode and of some terminals. */
// oxlint-disable-next-line no-control-regex -- the pattern matches controls that break a line
export const lineBreaks = /\r\n?|[\u000b\u000c\u0085\u2028\u2029]/gu

/** LEFT-TO-RIGHT MARK and RIGHT-TO-LEFT MARK: invisible, but text in two directions may need them. */
export const directionMarks = '\u200e\u200f'

/**
 * Characters that look like a blank, as the content of a character class (flags `u` or `v`): white space, the Braille
 * cell without a dot, the musical note without a head, the Egyptian and Khitan fillers.
 */
export const blank = String.raw`\s\u2800\u{1d159}\u{13441}\u{13442}\u{16fe4}`

/**
 * Invisible characters, as the content of a character class: controls, line and paragraph separators, all default
 * ignorable characters (among them bidi controls, joiners, variation selectors and tags), annotations and the
 * placeholder for an object.
 */
export const unseen = String.raw`\p{Cc}\p{Zl}\p{Zp}\p{DI}\ufff9-\ufffc`

const seen = new RegExp(`[^${blank}${unseen}]`, 'u')

/** Whether a text shows nothing: blanks and invisible characters. Nobody means to send that. */
export function isBlank(text: string): boolean {
  return !seen.test(text)
}

/** Scripts in which a joiner between letters changes the word: cursive ones, and those of South and South-East Asia. */
const joined = (
  'Arab Syrc Mand Nkoo Adlm Rohg Mong Phag ' +
  'Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Newa Mtei Khmr Mymr Tibt Bali Java Sund'
).split(' ')
const joinedLetter = `[[${joined.map((script) => `\\p{scx=${script}}`).join('')}]&&\\p{L}]`

/**
 * Positions in which exactly one invisible character is needed. In other positions it would make texts of the same
 * appearance differ. The first pattern uses its lookbehind only at a joiner, so that a long run of marks is not scanned
 * once for each mark.
 */
const needed = [
  // Persian, Urdu, Hindi, Bengali, Malayalam, Sinhala…: after a letter and its marks.
  String.raw`[\u200c\u200d](?<=${joinedLetter}\p{M}*.)`,
  // Families, professions, flags: between two emoji.
  String.raw`(?<=\p{ExtPict}(?:\ufe0f|\p{EMod})?)\u200d(?=\p{ExtPict})`,
  // An emoji as text or as a picture, and the keycaps.
  String.raw`(?<=\p{ExtPict})[\ufe0e\ufe0f]`,
  String.raw`(?<=[0-9#*])\ufe0f(?=\u20e3)`,
  // Variants of an ideograph, which Japanese names of people and places have.
  String.raw`(?<=\p{Unified_Ideograph})[\ufe00-\ufe02\u{e0100}-\u{e01ef}]`,
  // Variants of a Mongolian letter, and its vowel separator.
  String.raw`(?<=[\p{scx=Mong}&&\p{L}])[\u180b-\u180f]`,
  // The flags of England, Scotland and Wales: tags in any other position can contain a hidden text.
  String.raw`\p{RGI_Emoji_Tag_Sequence}`,
].join('|')

/**
 * Returns a function that removes invisible characters, except where a script or an emoji needs them. `allowed`:
 * invisible characters that are not removed, such as a newline in a text of several lines.
 */
export function unseenRemover(allowed: string): (text: string) => string {
  const codes = [...allowed].map((character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`).join('')
  const removed = codes === '' ? `[${unseen}]` : `[[${unseen}]--[${codes}]]`
  const some = new RegExp(removed, 'v')
  const unneeded = new RegExp(`(${needed})|${removed}`, 'gv')
  return (text) => (some.test(text) ? text.replace(unneeded, '$1') : text)
}

/** Matches the marks after the first `most` on one letter: more marks than a script uses cover the adjacent lines. */
export function marksBeyond(most: number): RegExp {
  return new RegExp(`(?<=\\p{M}{${most}})\\p{M}+`, 'gu')
}
