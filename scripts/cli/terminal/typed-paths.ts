/**
 * Paths as people type them: quoted as in a shell, with `~`, or as the file: link that some terminals insert for a
 * dropped file; and their completion. Pure: the caller passes a function that lists a folder.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { QuorumError } from '#protocol'
import { cleanLine, cleanText } from './sanitize.ts'

/** What typed paths are resolved against. */
export interface PathContext {
  home: string
  cwd: string
  platform: NodeJS.Platform
}

/** Lists a folder; empty if it cannot be read. */
export type ListFolder = (folder: string) => { name: string; folder: boolean }[]

/** The most completions. More would not help. */
const maxCompletions = 200

interface Word {
  /** As it was typed, with its quotes. */
  raw: string
  /** Without quotes and escapes. */
  text: string
  /** It begins with a `~` that stands for the home folder. */
  home: boolean
  /** The quote that is still open at its end; empty if none is. */
  quote: '' | '"' | "'"
}

/** The paths in `text`, absolute, in order. Errors: `bad-request` for a quote that is not closed. */
export function pathsIn(text: string, context: PathContext): string[] {
  return wordsIn(text, context).map((word) => {
    if (word.quote !== '') throw new QuorumError('bad-request', `A quote is not closed: ${cleanLine(word.raw)}`)
    return absolute(word, context)
  })
}

/** `text` as one path. Because it can only be one, spaces need no quotes. Errors: as `pathsIn`, and if it is empty. */
export function onePathIn(text: string, context: PathContext): string {
  const words = wordsIn(text, context)
  const [first] = words
  if (first === undefined) throw new QuorumError('bad-request', 'A folder is missing')
  if (words.length === 1) return pathsIn(text, context)[0] ?? ''
  return absolute({ raw: text, text: text.trim(), home: /^~(?=[/\\])/u.test(text.trim()), quote: '' }, context)
}

/** Whether a typed word is a path and not a name. */
export function looksLikePath(word: string): boolean {
  return /^(?:['"]?(?:~(?=[/\\]|$)|\.{0,2}[/\\]|[a-z]:[/\\])|file:)|^\.{1,2}$/iu.test(word)
}

/** Tab: the completions of the last path of `text`, and the part of `text` that they replace. */
export function completePath(
  text: string,
  context: PathContext,
  list: ListFolder,
): [matches: string[], completed: string] {
  const last: Word =
    /\s$/u.test(text) && wordsIn(text, context).at(-1)?.quote === '' ? nothing : lastWord(text, context)
  const separators = context.platform === 'win32' ? /[/\\]/u : /\//u
  const cut = last.text.length - (last.text.split(separators).at(-1) ?? '').length
  const prefix = last.text.slice(cut)
  const folder = absolute({ ...last, text: last.text.slice(0, cut) || (last.home ? '~' : '.') }, context)
  const matches = list(folder)
    .filter(({ name }) => name.startsWith(prefix) && (prefix !== '' || !name.startsWith('.')) && printable(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, maxCompletions)
    .map((entry) => completedWord(last, entry.name.slice(prefix.length), entry.folder, context))
  return [matches, last.raw]
}

/** readline prints completions without cleaning them, so names with control characters are left out. */
function printable(name: string): boolean {
  return cleanText(name) === name && !name.includes('\n')
}

const nothing: Word = { raw: '', text: '', home: false, quote: '' }

function lastWord(text: string, context: PathContext): Word {
  return wordsIn(text, context).at(-1) ?? nothing
}

/**
 * `word` followed by `rest`, with the quotes it began with. A file's quote is closed, a folder's stays open for more.
 */
function completedWord(word: Word, rest: string, folder: boolean, { platform }: PathContext): string {
  const end = folder ? '/' : `${word.quote} `
  if (word.quote === '"') return word.raw + (platform === 'win32' ? rest : rest.replaceAll(/["\\]/gu, '\\$&')) + end
  if (word.quote === "'") return word.raw + rest.replaceAll("'", String.raw`'\''`) + end
  if (!/[\s"'\\]/u.test(rest)) return word.raw + rest + end
  // On Windows a backslash separates folders and cannot escape.
  if (platform === 'win32') return `"${word.raw}${rest}${folder ? '/' : '" '}`
  return word.raw + rest.replaceAll(/[\s"'\\]/gu, '\\$&') + end
}

function absolute({ text, home: fromHome }: Word, { home, cwd, platform }: PathContext): string {
  const { resolve, join } = platform === 'win32' ? path.win32 : path.posix
  if (fromHome) return join(home, text.slice(1))
  if (/^file:\/\//iu.test(text)) return fileURLToPath(text, { windows: platform === 'win32' })
  return resolve(cwd, text)
}

/** Splits words as a shell does: `'…'`, `"…"`, and a backslash, which on Windows is an ordinary character. */
function wordsIn(text: string, { platform }: PathContext): Word[] {
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

/** Whether a backslash before `next` escapes it. */
function escapes(quote: Word['quote'], next: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || quote === "'") return false
  return quote === '' ? next !== '' : next === '"' || next === '\\'
}
