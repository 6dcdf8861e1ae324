/** What a typed line means: a message, a command, an invite; and the small questions about its words. */
import { QuorumError } from '#protocol'

export type Typed =
  | { kind: 'nothing' }
  | { kind: 'message'; text: string }
  | { kind: 'command'; name: string; rest: string }

/** What a typed line means. `//x` is the message `/x`. */
export function parseLine(line: string): Typed {
  const text = line.trim()
  if (text === '') return { kind: 'nothing' }
  if (/^quorum:\/\/\S+$/u.test(text)) return { kind: 'command', name: 'add', rest: text }
  if (text.startsWith('//')) return { kind: 'message', text: text.slice(1) }
  if (!text.startsWith('/')) return { kind: 'message', text: line.trimEnd() }
  const [name, rest] = splitWord(text.slice(1))
  return { kind: 'command', name: name.toLowerCase(), rest }
}

/** The first word, and what follows it. */
export function splitWord(text: string): [word: string, rest: string] {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/u.exec(text) ?? []
  return [word, rest.trimEnd()]
}

/** What a command cannot do without. Errors: `bad-request`. */
export function needed(rest: string, usage: string): string {
  if (rest === '') throw new QuorumError('bad-request', `Usage: ${usage}`)
  return rest
}

/** Levenshtein, for two short words. */
export function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
