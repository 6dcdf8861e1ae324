/**
 * Paths as people type them: quoted as in a shell, with `~`, or dropped on the window as a link; and their completion.
 * Pure: what lies in a folder is told by the caller.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { QuorumError } from '#protocol'
import { cleanLine, cleanText } from './sanitize.ts'

/** Where paths are typed. */
export interface Place {
  home: string
  cwd: string
  platform: NodeJS.Platform
}

/** What lies in a folder; empty where it cannot be read. */
export type ListFolder = (folder: string) => { name: string; folder: boolean }[]

/** Shown at once: more are no help. */
const completed = 200

interface Word {
  /** As it was typed, quotes and all. */
  raw: string
  /** What it means. */
  text: string
  /** It begins with a `~` that stands for the home. */
  home: boolean
  /** Inside of which quotes it ends; empty: of none. */
  quote: '' | '"' | "'"
}

/** The paths in `text`, absolute, in order. Errors: `bad-request` for a quote that is not closed. */
export function pathsIn(text: string, place: Place): string[] {
  return wordsIn(text, place).map((word) => {
    if (word.quote !== '') throw new QuorumError('bad-request', `A quote is not closed: ${cleanLine(word.raw)}`)
    return absolute(word, place)
  })
}

/** `text` as one path, quoted or not: where only one can be meant, its spaces need no quotes. */
export function onePathIn(text: string, place: Place): string {
  const words = wordsIn(text, place)
  const [first] = words
  if (first === undefined) throw new QuorumError('bad-request', 'A folder is missing')
  if (words.length === 1) return pathsIn(text, place)[0] ?? ''
  return absolute({ raw: text, text: text.trim(), home: /^~(?=[/\\])/u.test(text.trim()), quote: '' }, place)
}

/** Whether a typed word is a path rather than a name. */
export function looksLikePath(word: string): boolean {
  return /^(?:['"]?(?:~(?=[/\\]|$)|\.{0,2}[/\\]|[a-z]:[/\\])|file:)|^\.{1,2}$/iu.test(word)
}

/** Tab: the ways to end the last path of `text`, and the part of `text` that they replace. */
export function completePath(text: string, place: Place, list: ListFolder): [matches: string[], completed: string] {
  const last: Word = /\s$/u.test(text) && wordsIn(text, place).at(-1)?.quote === '' ? nothing : lastWord(text, place)
  const separators = place.platform === 'win32' ? /[/\\]/u : /\//u
  const cut = last.text.length - (last.text.split(separators).at(-1) ?? '').length
  const begun = last.text.slice(cut)
  const folder = absolute({ ...last, text: last.text.slice(0, cut) || (last.home ? '~' : '.') }, place)
  const matches = list(folder)
    .filter(({ name }) => name.startsWith(begun) && (begun !== '' || !name.startsWith('.')) && printable(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, completed)
    .map((entry) => ended(last, entry.name.slice(begun.length), entry.folder, place))
  return [matches, last.raw]
}

/** readline prints completions as they are. */
function printable(name: string): boolean {
  return cleanText(name) === name && !name.includes('\n')
}

const nothing: Word = { raw: '', text: '', home: false, quote: '' }

function lastWord(text: string, place: Place): Word {
  return wordsIn(text, place).at(-1) ?? nothing
}

/** `word` with `rest` behind it, quoted as it began; a file's end is closed, a folder's is left open for more. */
function ended(word: Word, rest: string, folder: boolean, { platform }: Place): string {
  const end = folder ? '/' : `${word.quote} `
  if (word.quote === '"') return word.raw + (platform === 'win32' ? rest : rest.replaceAll(/["\\]/gu, '\\$&')) + end
  if (word.quote === "'") return word.raw + rest.replaceAll("'", String.raw`'\''`) + end
  if (!/[\s"'\\]/u.test(rest)) return word.raw + rest + end
  // A backslash separates folders there.
  if (platform === 'win32') return `"${word.raw}${rest}${folder ? '/' : '" '}`
  return word.raw + rest.replaceAll(/[\s"'\\]/gu, '\\$&') + end
}

function absolute({ text, home: fromHome }: Word, { home, cwd, platform }: Place): string {
  const { resolve, join } = platform === 'win32' ? path.win32 : path.posix
  if (fromHome) return join(home, text.slice(1))
  if (/^file:\/\//iu.test(text)) return fileURLToPath(text, { windows: platform === 'win32' })
  return resolve(cwd, text)
}

/** Words as a shell splits them: `'…'`, `"…"`, and a backslash, which on Windows is a letter like any other. */
function wordsIn(text: string, { platform }: Place): Word[] {
  const words: Word[] = []
  let word: Word | undefined
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? ''
    if (/\s/u.test(letter) && (word?.quote ?? '') === '') {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= { raw: '', text: '', home: /^~(?:$|[/\\\s])/u.test(text.slice(at)), quote: '' }
    word.raw += letter
    const next = text[at + 1] ?? ''
    if (letter === '\\' && escapes(word.quote, next, platform)) {
      word.raw += next
      word.text += next
      at += 1
    } else if (word.quote === '' && (letter === '"' || letter === "'")) word.quote = letter
    else if (letter === word.quote) word.quote = ''
    else word.text += letter
  }
  if (word !== undefined) words.push(word)
  return words
}

/** Whether a backslash before `next` takes away what it means. */
function escapes(quote: Word['quote'], next: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || quote === "'") return false
  return quote === '' ? next !== '' : next === '"' || next === '\\'
}
