/**
 * Which characters of a text that somebody else wrote may be shown: the one rule for the window, the terminal and the
 * names of files. It removes what nobody sees, because such characters hide text, reverse its direction or make two
 * names that look the same differ. It keeps those that a script or an emoji needs, where it needs them.
 *
 * Pure, without Node and without the library: the page imports it too, as `#foreign-text`. What only one place has to
 * remove or replace (escape sequences, reserved names) stands there.
 *
 * Source: Unicode Standard Annex #44 (Default_Ignorable_Code_Point), UTS #51 (emoji sequences), UTS #37 (variants of
 * ideographs).
 */

/** Line breaks besides `\n`: of Windows, of old Macs, and those that only Unicode and some terminals know. */
// oxlint-disable-next-line no-control-regex -- controls that break a line are what is looked for
export const lineBreaks = /\r\n?|[\u000b\u000c\u0085\u2028\u2029]/gu

/** LEFT-TO-RIGHT MARK and RIGHT-TO-LEFT MARK: unseen, but a sentence in two directions may need them. */
export const directionMarks = '\u200e\u200f'

/**
 * Characters that look like a blank, as the content of a character class (flags `u` or `v`): white space, the Braille
 * cell without a dot, the musical note without a head, the Egyptian and Khitan fillers.
 */
export const blank = String.raw`\s\u2800\u{1d159}\u{13441}\u{13442}\u{16fe4}`

/**
 * Characters that nobody sees, as the content of a character class: controls, line and paragraph separators, everything
 * default ignorable (all bidi controls, joiners, variation selectors and tags are among it), annotations and the
 * placeholder for an object.
 */
export const unseen = String.raw`\p{Cc}\p{Zl}\p{Zp}\p{DI}\ufff9-\ufffc`

/** Scripts in which a joiner between letters changes the word: those that join, and those of India and around it. */
const joined = (
  'Arab Syrc Mand Nkoo Adlm Rohg Mong Phag ' +
  'Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Newa Mtei Khmr Mymr Tibt Bali Java Sund'
).split(' ')
const joinedLetter = `[[${joined.map((script) => `\\p{scx=${script}}`).join('')}]&&\\p{L}]`

/**
 * Where something unseen is needed, and one of it only: elsewhere it tells texts apart that look the same. The first
 * looks behind only where a joiner stands, so that a long run of marks is not read once for each of them.
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
  // The flags of England, Scotland and Wales: tags in any other place can spell out a hidden text.
  String.raw`\p{RGI_Emoji_Tag_Sequence}`,
].join('|')

/**
 * A function that removes what nobody sees, unless a script or an emoji needs it where it stands. `kept`: characters
 * that stay in this place although they are unseen, such as a newline where a text may have several lines.
 */
export function unseenRemover(kept: string): (text: string) => string {
  const codes = [...kept].map((character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`).join('')
  const removed = codes === '' ? `[${unseen}]` : `[[${unseen}]--[${codes}]]`
  const some = new RegExp(removed, 'v')
  const unneeded = new RegExp(`(${needed})|${removed}`, 'gv')
  return (text) => (some.test(text) ? text.replace(unneeded, '$1') : text)
}

/** Matches marks in excess of `most` on one letter: beyond what a script stacks they paint over the lines around. */
export function marksBeyond(most: number): RegExp {
  return new RegExp(`(?<=\\p{M}{${most}})\\p{M}+`, 'gu')
}
