/** Parses a typed line: a message, a command or an invite link; and the words of a command. */
import { isBlank } from '#foreign-text'
import { QuorumError } from '#protocol'

export type Typed =
  | { kind: 'nothing' }
  | { kind: 'message'; text: string }
  | { kind: 'command'; name: string; rest: string }

/** A line of a wrapped link: one word, behind the marks of a quotation. */
const wrappedLink = /^\s*[>|\s]*quorum:\/\/[\w/-]+=?\s*(?:\n[>|\s]*[\w-]+=?\s*)*$/iu

/** What a typed or pasted text means. `//x` is the message `/x`. */
export function parseLine(line: string): Typed {
  const text = line.trim()
  if (isBlank(text)) return { kind: 'nothing' }
  if (/^quorum:\/\/\S+$/u.test(text) || wrappedLink.test(text)) return { kind: 'command', name: 'add', rest: text }
  if (text.startsWith('//')) return { kind: 'message', text: text.slice(1) }
  if (!text.startsWith('/')) return { kind: 'message', text: line.trimEnd() }
  const [name, rest] = splitWord(text.slice(1))
  return { kind: 'command', name: name.toLowerCase(), rest }
}

/** The first word, and the rest. */
export function splitWord(text: string): [word: string, rest: string] {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/u.exec(text) ?? []
  return [word, rest.trimEnd()]
}

/** The required argument of a command. Errors: `bad-request` if it is empty. */
export function needed(rest: string, usage: string): string {
  if (rest === '') throw new QuorumError('bad-request', `Usage: ${usage}`)
  return rest
}

/** The Levenshtein distance of two short words. 3 stands for any distance above 2 that the lengths imply. */
export function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
