/**
 * Text as people search it: without case, accents and other differences that nobody types the same way twice. The one
 * rule for the index of the store, for names, and for marking what was found.
 *
 * Pure, without Node and without the library: the page imports it too, as `#folded-text`.
 *
 * Source: Unicode Standard Annex #15 (NFKD: full width, ligatures, composed letters), Unicode 3.13 (case folding),
 * Lucene's ArabicNormalizer and PersianNormalizer. Of marks only those are dropped that belong to no script (Inherited:
 * accents, harakat) or that few people write (Hebrew, Arabic). The vowels of Indic scripts are letters of their words,
 * and the two marks of kana make other syllables.
 */

/**
 * Letters with a stroke and joined letters, which Unicode does not decompose; letters that keyboards of one script have
 * in place of each other; apostrophes, of which a telephone writes one and a keyboard another.
 */
const plainCharacters: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ħ: 'h',
  ŧ: 't',
  ð: 'd',
  þ: 'th',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
  ß: 'ss',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
  '‘': "'",
  '’': "'",
  '‛': "'",
  '′': "'",
  ʹ: "'",
  ʻ: "'",
  ʼ: "'",
  '⁄': '/',
}
const unusual = new RegExp(`[${Object.keys(plainCharacters).join('')}]`, 'gu')
const dashes = /[\p{Pd}\u2212]/gu
const foreignDigits = /[\p{Nd}--[0-9]]/gv
/** Accents, the line that stretches Arabic, and characters that are not seen (soft hyphens, joiners). */
const dropped = new RegExp(
  [
    String.raw`[\p{Script=Inherited}--[\u3099\u309a]]`,
    String.raw`[\p{Mn}&&[\p{Script=Hebrew}\p{Script=Arabic}]]`,
    String.raw`\u0640|\p{Default_Ignorable_Code_Point}`,
  ].join('|'),
  'gv',
)
/** Together one blank: a search knows no lines, and SQLite ends a text at a NUL. */
const blanks = /[\s\p{Cc}]+/gu
/** Printable ASCII with single blanks: most messages of many people. */
const plain = /^(?:[!-~]| (?! ))*$/u

/** `text` for comparison with other folded text. It may be longer or shorter than `text`. */
export function fold(text: string): string {
  if (plain.test(text)) return text.toLowerCase()
  // First to upper case: only that makes `ss` of `ß`, and of both letters i of Turkish the same.
  return text
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .replace(dropped, '')
    .replace(blanks, ' ')
    .replace(unusual, (character) => plainCharacters[character] ?? character)
    .replace(dashes, '-')
    .replace(foreignDigits, asciiDigit)
    .normalize('NFC')
}

/** A digit of any script as one of ASCII: those of a script are ten in a row that begins at 0 or 6 of sixteen. */
export function asciiDigit(digit: string): string {
  const point = digit.codePointAt(0) ?? 0
  const row = point & ~0xf
  return String((point - row + (/\p{Nd}/u.test(String.fromCodePoint(row)) ? 0 : 10)) % 16)
}

/**
 * Pairs of quotation marks, as they are typed in different countries. No mark of a pair is within it: else each of many
 * without a counterpart would be compared with all the rest.
 */
const quoted = new RegExp(
  [
    '["＂]([^"＂]*)["＂]',
    '„([^„“”]*)[“”]',
    '“([^“”]*)”',
    '”([^“”]*)”',
    '«([^«»]*)»',
    '»([^«»]*)«',
    '‹([^‹›]*)›',
    '「([^「」]*)」',
    '『([^『』]*)』',
  ].join('|'),
  'gu',
)

/**
 * What is searched for: words in any order, and phrases in quotation marks; folded, each once. All of them must be
 * found, anywhere in a text, also within words. A mark without its counterpart is no letter of a word.
 */
export function searchTerms(query: string): string[] {
  const phrases: string[] = []
  const rest = query.replace(quoted, (_whole, ...parts: (string | undefined)[]) => {
    phrases.push(parts.slice(0, 9).find((part) => part !== undefined) ?? '')
    return ' '
  })
  const words = rest.split(/[\s\p{Cc}"＂„“”«»‹›「」『』]+/u)
  const folded = [...phrases, ...words].map((term) => fold(term).trim())
  return [...new Set(folded.filter((term) => term !== ''))]
}

/** Whether all of `terms` are in one of `texts`, or some in each. */
export function matches(texts: readonly string[], terms: readonly string[]): boolean {
  const folded = texts.map(fold)
  return terms.every((term) => folded.some((text) => text.includes(term)))
}

/** From `start` up to `end`, in UTF-16 units. */
export interface Hit {
  start: number
  end: number
}

/** What belongs to the letter before it: all that is dropped, and the two marks of kana of half width. */
const marks = String.raw`[\p{M}\p{Default_Ignorable_Code_Point}\u0640\uff9e\uff9f]`
/** What is folded and shown as one: an emoji, a syllable of Hangul with its parts, blanks, a letter with its marks. */
const cluster = new RegExp(
  [
    String.raw`\p{RGI_Emoji}${marks}*`,
    String.raw`\p{Script=Hangul}(?:${marks}|[\p{Script=Hangul}--[\uac00-\ud7a3]])*`,
    String.raw`[\s\p{Cc}]+`,
    String.raw`[[\p{Any}]--${marks}]${marks}*`,
    `${marks}+`,
  ].join('|'),
  'gsv',
)

/** Where `terms` are in `text`, from left to right; hits that touch are one. */
export function hitsIn(text: string, terms: readonly string[]): Hit[] {
  let folded = ''
  /** For each unit of `folded`: the cluster of `text` that it comes from. */
  const from: Hit[] = []
  for (const { 0: piece, index } of text.matchAll(cluster)) {
    const whole = fold(piece)
    const part = whole.startsWith(' ') && folded.endsWith(' ') ? whole.slice(1) : whole
    folded += part
    for (let unit = 0; unit < part.length; unit += 1) from.push({ start: index, end: index + piece.length })
  }
  const hits: Hit[] = []
  for (const term of terms) {
    for (let at = folded.indexOf(term); at >= 0 && term !== ''; at = folded.indexOf(term, at + term.length)) {
      hits.push({ start: from[at]?.start ?? 0, end: from[at + term.length - 1]?.end ?? 0 })
    }
  }
  const joined: Hit[] = []
  for (const hit of hits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const last = joined.at(-1)
    if (last !== undefined && hit.start <= last.end) last.end = Math.max(last.end, hit.end)
    else joined.push({ ...hit })
  }
  return joined
}
