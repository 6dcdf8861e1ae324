/**
 * Lines that are too long. The formatter keeps code within its columns, but it breaks neither comments nor strings, and
 * it leaves Markdown alone. Only lines that somebody can break count.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Columns, counted in characters. */
const longest = 120

/** What is checked: patterns relative to the root. */
const checked = ['*.md', 'docs/**/*.md', '.github/**/*.{md,yml}']

/**
 * To be checked as soon as they are within the columns: `node scripts/dev/check.ts` then holds them to it. Move a pattern up
 * when its files are.
 */
const notYet = [
  'ARCHITECTURE.md',
  'docs/threats.md',
  '{protocol,node,scripts,desktop,test}/**/*.{ts,tsx,mjs,cjs,css,proto}',
]

/** Nobody writes them by hand. */
const generated = ['**/*_pb.ts', 'test/fixtures/**']

/** Every line that is too long, as `file:line`. `all`: also where it is not required yet. */
export function tooLong(root: string, { all = false } = {}): string[] {
  const patterns = all ? [...checked, ...notYet] : checked
  const exclude = all ? generated : [...generated, ...notYet]
  return globSync(patterns, { cwd: root, exclude })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted((a, b) => a.localeCompare(b))
    .flatMap((file) => overlong(file, readFileSync(join(root, file), 'utf8')).map((line) => `${file}:${line}`))
}

/** The numbers of the lines of `text` that are too long, from 1. */
export function overlong(file: string, text: string): number[] {
  const markdown = file.endsWith('.md')
  // What a test expects is data: a phrase of a page, a pasted line.
  const data = file.startsWith('test/')
  let fenced = false
  return text.split('\n').flatMap((line, index) => {
    if (markdown && line.trimStart().startsWith('```')) fenced = !fenced
    if (line.length <= longest || [...line].length <= longest) return []
    // A row of a table cannot be broken, nor can an example, nor a word: the address in a link, a key, a digest.
    if (markdown && (fenced || line.startsWith('|'))) return []
    if (!/\s/u.test(line.trim().replace(/^(?:\*|\/\/|\/\*\*?|[-*]|\[[^\]]+\]:)\s+/u, ''))) return []
    if (data && !/^\s*(?:\*|\/\/|\/\*)|\s\/\/ /u.test(line)) return []
    return [index + 1]
  })
}
