/**
 * Names that look the same. An identity is a key and never changes, so a person with another key is another peer: what
 * can be noticed is that the name or the handle of somebody known comes with one. Pure: the window and the terminal use
 * the same rule, as `#lookalike`; it warns, it never refuses.
 *
 * Source: Unicode Technical Standard #39, section 4, "Confusable Detection". Two names are confusable when their
 * skeletons are equal. Here a skeleton is coarser than there: it has no case, no blanks, no punctuation, and no accents
 * on letters of alphabets, because people do not remember a name by these.
 */
import unhomoglyph from 'unhomoglyph'
import type { Friend } from '../api/model.ts'
import { blank, unseen } from '../base/foreign-text.ts'

type Known = Pick<Friend, 'peer' | 'state' | 'verified' | 'addedAt' | 'handle'>

/**
 * Pairs that the table of Unicode keeps apart. It compares letters of one size: small capitals and the Greek and
 * Cyrillic letters that it takes for them are here. It compares accents: here are the letters that look like one with
 * an accent (`ɲ` like `ņ`, `ة` like `ö`). `i` and `l`: the table joins `I` and `l`, and case joins `I` and `i`.
 */
const alsoAlike = new Map(
  Object.entries({
    a: 'ᴀ',
    b: 'ʙ',
    c: 'ᴄ',
    d: 'ᴅ',
    e: 'ᴇꞓ',
    f: 'ꜰ',
    g: 'ɢ',
    h: 'ʜ',
    i: 'lɪ',
    j: 'ᴊ',
    k: 'ᴋĸ',
    l: 'ʟ',
    m: 'ᴍʍ',
    n: 'ɴɲ',
    o: 'ة',
    p: 'ᴘ',
    q: 'ꞯ',
    r: 'ʀ',
    rn: 'ꭑ',
    s: 'ꜱ',
    t: 'ᴛƫ',
    u: 'ᴜ',
    v: 'ᴠ',
    vv: 'wᴡ',
    x: 'χ',
    y: 'ʏ',
    z: 'ᴢ',
    ω: 'ꮿ',
    '': 'ٴ',
  }).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
)
const alsoAlikePattern = new RegExp([...alsoAlike.keys()].join('|'), 'gu')

const nothing = new RegExp(`[${unseen}${blank}]`, 'gu')
/**
 * What may be punctuation: it goes if the table of Unicode draws it as such. Some are drawn as a letter (`׀` as `l`),
 * and some modifier letters belong to the word (`ー`). After this step, punctuation in a skeleton comes from a letter.
 */
const punctuation = /[\p{P}\p{Sk}\p{Lm}]/gu
const drawnAsPunctuation = /^\p{P}+$/u
/** Accents that any letter can have. Not the two marks of kana, which make another letter. */
const accents = /[[\p{M}&&\p{sc=Zinh}]--[\u3099\u309a]]/gv
/** All marks where they follow a letter of an alphabet: there the word can be read without them. */
const marksOfAlphabets = /(?<=[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}])\p{M}+/gu
/** Next to a letter of these or a digit, a letter that looks like punctuation is read as such: `Oיbrien`. */
const punctuationInAlphabets =
  /(?<=[0-9\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}])\p{P}+|(?<!\p{P})\p{P}+(?=[0-9\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}])/gu
/** Rounds until a skeleton no longer changes: more than any letter needs. */
const mostRounds = 6

/**
 * What a name looks like, three times: some letters look alike in one case only (capital nu like `N`, small nu like
 * `v`), so neither case alone notices all.
 */
export interface Appearance {
  readonly asWritten: string
  readonly inSmallLetters: string
  readonly inCapitals: string
}

/**
 * What a name looks like at a glance.
 *
 * @example appearance('\u0405us\u0430n\u200d Mi11er') // the same as of 'susan  miller'
 */
export function appearance(name: string): Appearance {
  const seen = name.toWellFormed().normalize('NFD').replace(nothing, '')
  const words = seen.replace(punctuation, (one) => (drawnAsPunctuation.test(drawn(one)) ? '' : one))
  // Of a name that is nothing but punctuation this is what there is.
  const letters = words === '' ? seen : words
  const small = fold(letters)
  return {
    asWritten: skeleton(letters),
    inSmallLetters: skeleton(small),
    inCapitals: skeleton(small.toUpperCase()),
  }
}

/** Whether one name can be taken for the other. */
export function looksLike(one: Appearance, other: Appearance): boolean {
  return (
    one.asWritten === other.asWritten ||
    one.inSmallLetters === other.inSmallLetters ||
    one.inCapitals === other.inCapitals
  )
}

/** Compares people by the names that they are shown under. It remembers what each looks like. */
export class Lookalikes<Person extends Known> {
  readonly #shown: (person: Person) => string
  readonly #appearances = new WeakMap<Person, Appearance>()

  /** `shown`: the name on the screen, cleaned and shortened as it is there. */
  constructor(shown: (person: Person) => string) {
    this.#shown = shown
  }

  /**
   * The one who was known by that name or handle before. Of two it is the verified one, else the one who was there
   * first; who has been verified is nobody's double.
   */
  knownBefore(person: Person, people: Iterable<Person>): Person | undefined {
    if (person.verified) return undefined
    let found: Person | undefined
    for (const other of people) {
      if (other.peer === person.peer || other.state === 'incoming' || other.state === 'removed') continue
      const same = this.#alike(person, other) || (person.handle !== undefined && other.handle === person.handle)
      if (!same || !(other.verified || other.addedAt < person.addedAt)) continue
      if (found === undefined || (other.verified && !found.verified)) found = other
    }
    return found
  }

  /** Whether somebody else has a name that looks the same: then the identity is shown beside it. */
  isAmbiguous(person: Person, people: Iterable<Person>): boolean {
    for (const other of people) if (other.peer !== person.peer && this.#alike(person, other)) return true
    return false
  }

  #alike(one: Person, other: Person): boolean {
    return looksLike(this.#appearance(one), this.#appearance(other))
  }

  #appearance(person: Person): Appearance {
    const known = this.#appearances.get(person)
    if (known !== undefined) return known
    const made = appearance(this.#shown(person))
    this.#appearances.set(person, made)
    return made
  }
}

function skeleton(text: string): string {
  let shape = text.replace(accents, '')
  for (let round = 0; round < mostRounds; round += 1) {
    const next = fold(drawn(shape).normalize('NFKD').replace(marksOfAlphabets, ''))
      .replace(alsoAlikePattern, (one) => alsoAlike.get(one) ?? one)
      .normalize('NFKD')
      .replace(nothing, '')
    if (next === shape) break
    shape = next
  }
  const without = shape.replace(punctuationInAlphabets, '')
  return without === '' ? shape : without
}

/** By the table of Unicode. */
function drawn(text: string): string {
  return unhomoglyph(text)
}

/** Without case: lower to upper brings ß, ẞ and ss together; no sigma is final. */
function fold(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}
