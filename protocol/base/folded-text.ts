/**
 * Text as people search it: without case, accents and other differences that nobody types the same way twice. The one
 * rule for the index of the store, for names, and for marking what was found.
 *
 * Pure, without Node and without the library: the page imports it too, as `#folded-text`.
 *
 * Source: Unicode Standard Annex #15 (NFKD: full width, ligatures, composed letters), Unicode 3.13 (case folding). Of
 * marks only those are dropped that belong to no script (Inherited: accents, harakat). The vowels of Indic scripts are
 * letters of their words, and the two marks of kana make other syllables.
 */

/** Letters with a stroke and joined letters, which Unicode does not decompose. */
const plainLetters: Readonly<Record<string, string>> = {
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
}
const strokes = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'gu')
/** Accents, and characters that are not seen (soft hyphens, joiners, variants of a sign). */
const dropped = /[\p{Script=Inherited}--[\u3099\u309a]]|\p{Default_Ignorable_Code_Point}/gv
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
    .replace(strokes, (letter) => plainLetters[letter] ?? letter)
    .normalize('NFC')
}

/**
 * Pairs of quotation marks, as they are typed in different countries. No mark of a pair is within it: else each of many
 * without a counterpart would be compared with all the rest.
 */
const quoted = /"([^"]*)"|„([^„“”]*)[“”]|“([^“”]*)”|«([^«»]*)»|»([^«»]*)«|「([^「」]*)」/gu

/**
 * What is searched for: words in any order, and phrases in quotation marks; folded, each once. All of them must be
 * found, anywhere in a text, also within words. A mark without its counterpart is no letter of a word.
 */
export function searchTerms(query: string): string[] {
  const phrases: string[] = []
  const rest = query.replace(quoted, (_whole, ...parts: (string | undefined)[]) => {
    phrases.push(parts.slice(0, 6).find((part) => part !== undefined) ?? '')
    return ' '
  })
  const words = rest.split(/[\s\p{Cc}"„“”«»「」]+/u)
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

/** What belongs to the letter before it; also the two marks of kana of half width. */
const marks = String.raw`[\p{M}\p{Default_Ignorable_Code_Point}\uff9e\uff9f]`
/** What is folded together: a syllable of Hangul with its parts, blanks, or a letter with its marks. */
const cluster = new RegExp(
  [
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
