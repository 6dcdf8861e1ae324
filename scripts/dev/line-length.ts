/**
 * Finds lines that are too long. The formatter keeps code within 120 columns, but it breaks neither comments nor
 * strings, and it does not format Markdown. Lines that cannot be broken do not count.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The maximum length in characters. */
const longest = 120

/** The files that are checked: patterns relative to the root. */
const checked = [
  '*.md',
  'docs/**/*.md',
  '.github/**/*.{md,yml}',
  'scripts/**/*.{ts,mjs}',
  '{protocol,node,desktop,test}/**/*.{ts,tsx,mjs,cjs,css,proto}',
]

/** Generated files are not checked. */
const generated = ['**/*_pb.ts', 'test/fixtures/**']

/** Returns every line that is too long, as `file:line`. */
export function tooLong(root: string): string[] {
  return globSync(checked, { cwd: root, exclude: generated })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted((a, b) => a.localeCompare(b))
    .flatMap((file) => overlong(file, readFileSync(join(root, file), 'utf8')).map((line) => `${file}:${line}`))
}

/** Returns the numbers of the lines of `text` that are too long; the first line is 1. */
export function overlong(file: string, text: string): number[] {
  const markdown = file.endsWith('.md')
  // Strings in tests are data, for example a phrase of a page or a line of output, so only comments count there.
  const data = file.startsWith('test/')
  let fenced = false
  return text.split('\n').flatMap((line, index) => {
    if (markdown && line.trimStart().startsWith('```')) fenced = !fenced
    if (line.length <= longest || [...line].length <= longest) return []
    // These cannot be broken: a row of a table, an example, and a long word such as an address, a key or a digest.
    if (markdown && (fenced || line.startsWith('|'))) return []
    if (!/\s/u.test(line.trim().replace(/^(?:\*|\/\/|\/\*\*?|[-*]|\[[^\]]+\]:)\s+/u, ''))) return []
    if (data && !/^\s*(?:\*|\/\/|\/\*)|\s\/\/ /u.test(line)) return []
    return [index + 1]
  })
}
