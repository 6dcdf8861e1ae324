/**
 * Whom or what a typed name means, of friends, groups or members of a group: by its id, its place in a list, its name,
 * the only beginning of a name, or the end of an id. It never guesses between two.
 */
import { QuorumError } from '#protocol'
import { cleanLine } from './sanitize.ts'

/** The marks around a name: of a handle, of the end of a PeerId, of a number, of a quotation, of a sentence. */
const around = /^[\s@#\u2026"'\u2018-\u201f\xab\xbb(]+|[\s.,;:!?"'\u2018-\u201f\xab\xbb)]+$/gu
/** The fewest last characters of an id that name its owner. */
const shortestEnd = 4

export interface Nameable<T> {
  value: T
  id: string
  /** How it is shown. */
  label: string
  names: readonly string[]
  /** Meant by a name only if nothing else is, and never by the end of the id. */
  gone?: boolean
}

export interface NameRules {
  /** Ids in the order of the last list: what numbers mean. */
  listed?: readonly string[]
  /** A sentence: how to say which of several is meant. */
  hint: string
}

/** Undefined if nothing is meant. Errors: `not-found` if more than one is meant. */
export function meantBy<T>(text: string, all: readonly Nameable<T>[], { listed = [], hint }: NameRules): T | undefined {
  for (const typed of new Set([text.trim(), text.replaceAll(around, '')])) {
    const number = /^\d{1,4}$/u.test(typed) ? listed[Number(typed) - 1] : undefined
    const exact = all.find(({ id }) => id === typed) ?? all.find(({ id }) => id === number)
    if (exact !== undefined) return exact.value
    const wanted = cleanLine(typed).toLowerCase()
    const named = (fits: (name: string) => boolean): Nameable<T>[] =>
      all.filter(({ names }) => names.some((name) => name !== '' && fits(name.toLowerCase())))
    const ways = [
      () => named((name) => name === wanted),
      () => (wanted === '' ? [] : named((name) => name.startsWith(wanted))),
      () => (typed.length < shortestEnd ? [] : all.filter(({ id, gone }) => gone !== true && id.endsWith(typed))),
    ]
    for (const way of ways) {
      const meant = onlyOne(way(), hint)
      if (meant !== undefined) return meant.value
    }
  }
  return undefined
}

function onlyOne<T>(found: readonly Nameable<T>[], hint: string): Nameable<T> | undefined {
  const present = found.filter(({ gone }) => gone !== true)
  const meant = present.length > 0 ? present : found
  if (meant.length > 1) {
    const labels = meant.slice(0, 5).map(({ label }) => label)
    throw new QuorumError('not-found', `That could be ${labels.join(' or ')}. ${hint}`)
  }
  return meant[0]
}
