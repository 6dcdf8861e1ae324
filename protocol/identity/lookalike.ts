/**
 * Detects names that look the same. An identity is a key and never changes, so another key is another peer, also if it
 * uses the name or the handle of an existing one: this rule detects that. Pure functions: the window and the terminal
 * use the same rule, as `#lookalike`. It only warns and never refuses a peer.
 *
 * Source: Unicode Technical Standard #39, section 4, "Confusable Detection". Two names are confusable when their
 * skeletons are equal. A skeleton of this file ignores more: case, blanks, punctuation, and accents on letters of
 * alphabets, because people do not notice these in a name.
 */
import unhomoglyph from 'unhomoglyph'
import type { Friend } from '../api/model.ts'
import { blank, unseen } from '../base/foreign-text.ts'

type KnownPerson = Pick<Friend, 'peer' | 'state' | 'verified' | 'addedAt' | 'handle'>

/**
 * Similar letters that the Unicode table does not map to each other. The table compares letters of the same size, so
 * this map adds small capitals, and the Greek and Cyrillic letters that the table maps to small capitals. The table
 * also distinguishes accents, so this map adds letters that look like a letter with an accent (`ɲ` like `ņ`, `ة`
 * like `ö`). `i` and `l` are equal because the table maps `I` to `l`, and folding maps `I` to `i`.
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
 * Candidates for punctuation. One is removed if the Unicode table maps it to punctuation. Some look like a letter (`׀`
 * like `l`), and some modifier letters belong to the word (`ー`). After this step, any punctuation in a skeleton
 * originates from a letter.
 */
const punctuation = /[\p{P}\p{Sk}\p{Lm}]/gu
const drawnAsPunctuation = /^\p{P}+$/u
/** Marks that can follow any letter. The two voicing marks of kana are excluded, because they form another letter. */
const accents = /[[\p{M}&&\p{sc=Zinh}]--[\u3099\u309a]]/gv
/** All marks after a letter of an alphabet, because a word in an alphabet is readable without them. */
const marksOfAlphabets = /(?<=[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}])\p{M}+/gu
/** A letter that looks like punctuation is read as punctuation next to a digit or these letters: `Oיbrien`. */
const punctuationInAlphabets =
  /(?<=[0-9\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}])\p{P}+|(?<!\p{P})\p{P}+(?=[0-9\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}])/gu
/** Maximum number of rounds until a skeleton no longer changes: more than any letter needs. */
const mostRounds = 6

/**
 * The skeleton of a name in three forms. Some letters look alike in one case only (capital nu like `N`, small nu like
 * `v`), so comparing one case does not detect all.
 */
export interface Appearance {
  readonly asWritten: string
  readonly inSmallLetters: string
  readonly inCapitals: string
}

/**
 * Computes the appearance of a name.
 *
 * @example appearance('\u0405us\u0430n\u200d Mi11er') // the same as of 'susan  miller'
 */
export function appearance(name: string): Appearance {
  const seen = name.toWellFormed().normalize('NFD').replace(nothing, '')
  const words = seen.replace(punctuation, (one) => (drawnAsPunctuation.test(drawn(one)) ? '' : one))
  // A name of punctuation only keeps its punctuation, so that its skeleton is not empty.
  const letters = words === '' ? seen : words
  const small = fold(letters)
  return {
    asWritten: skeleton(letters),
    inSmallLetters: skeleton(small),
    inCapitals: skeleton(small.toUpperCase()),
  }
}

/** Whether the two names can be confused. */
export function looksLike(one: Appearance, other: Appearance): boolean {
  return (
    one.asWritten === other.asWritten ||
    one.inSmallLetters === other.inSmallLetters ||
    one.inCapitals === other.inCapitals
  )
}

/** Compares people by their displayed names. It caches the appearance of each. */
export class Lookalikes<Person extends KnownPerson> {
  readonly #shown: (person: Person) => string
  readonly #appearances = new WeakMap<Person, Appearance>()

  /** `shown`: returns the name as it is displayed, cleaned and shortened. */
  constructor(shown: (person: Person) => string) {
    this.#shown = shown
  }

  /**
   * The person that had a name of the same appearance, or the same handle, earlier. A candidate must be verified or
   * older than `person`. Of several candidates the result is the first verified one, otherwise the first one. A
   * verified `person` has no lookalike.
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

  /** Whether the name of another person looks the same. Then the identity is displayed with the name. */
  isAmbiguous(person: Person, people: Iterable<Person>): boolean {
    for (const other of people) if (other.peer !== person.peer && this.#alike(person, other)) return true
    return false
  }

  #alike(one: Person, other: Person): boolean {
    return looksLike(this.#appearance(one), this.#appearance(other))
  }

  #appearance(person: Person): Appearance {
    const cached = this.#appearances.get(person)
    if (cached !== undefined) return cached
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

/** Maps each letter to its prototype in the Unicode table of confusables. */
function drawn(text: string): string {
  return unhomoglyph(text)
}

/** Removes case. Lower to upper makes ß, ẞ and ss equal; a final sigma becomes an ordinary one. */
function fold(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}
