/**
 * Makes text of a peer safe to show. React's text nodes keep markup out. This file removes what can deceive in plain
 * text: the invisible characters of `#foreign-text`, and stacks of combining marks. It also finds the links in a
 * message, and decides which of them may be opened.
 */
import { directionMarks, lineBreaks, marksBeyond, unseenRemover } from '#foreign-text'

/** Tabs and direction marks stay, because text nodes show both as intended. */
const withoutUnseen = unseenRemover(`\n\t${directionMarks}`)
/** More marks than any living script puts on one letter. */
const stackedMarks = marksBeyond(4)
const segmenter = new Intl.Segmenter()

/** Cleans text of several lines. */
export function cleanText(text: string): string {
  return withoutUnseen(text.toWellFormed().replace(lineBreaks, '\n')).replace(stackedMarks, '')
}

/** Cleans text and joins it to one line, for names, notes and previews. At most `longest` grapheme clusters. */
export function cleanLine(text: string, longest = 200): string {
  const line = cleanText(text.slice(0, longest * 32))
    .replace(/\s+/gu, ' ')
    .trim()
  if (line.length <= longest) return line
  let start = ''
  let count = 0
  for (const { segment } of segmenter.segment(line)) {
    count += 1
    if (count > longest) return `${start.trimEnd()}…`
    start += segment
  }
  return start
}

/** Wraps foreign text in isolates (U+2068, U+2069), so that its direction does not change the sentence around it. */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`
}

/** Characters of a line, and lines, of a dialog of the system that still fits a small screen. */
const dialogLine = 64
const dialogLines = 10

/**
 * Breaks an address, which has no blanks, into lines: a dialog of the system would become as wide as it. Of a very long
 * one, the middle is left out.
 */
export function inLines(address: string): string {
  const lines = Array.from({ length: Math.ceil(address.length / dialogLine) }, (_, n) =>
    address.slice(n * dialogLine, (n + 1) * dialogLine),
  )
  if (lines.length <= dialogLines) return lines.join('\n')
  return [...lines.slice(0, dialogLines - 2), '…', ...lines.slice(-1)].join('\n')
}

export type Piece = { text: string } | { link: string; text: string } | { invite: string; text: string }

const invitePattern = /\bquorum:\/\/add\/[\w-]+/iu
const webPattern = /\b(?:https?:\/\/|www\.)[^\s<>"'`\u2018-\u201f\u00ab\u00bb]+/iu
const linkPattern = new RegExp(`${invitePattern.source}|${webPattern.source}`, 'giu')

/** The first link of an invite in a text; undefined if there is none. */
export function inviteIn(text: string): string | undefined {
  return invitePattern.exec(text)?.[0]
}

/** Splits a message into text, links and invites. Together the pieces are the whole message. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let end = 0
  for (const match of text.matchAll(linkPattern)) {
    const piece = pieceOf(match[0])
    if (piece === undefined) continue
    if (match.index > end) found.push({ text: text.slice(end, match.index) })
    found.push(piece)
    end = match.index + piece.text.length
  }
  if (end < text.length) found.push({ text: text.slice(end) })
  return found
}

function pieceOf(matched: string): Piece | undefined {
  if (/^quorum:/iu.test(matched)) return { invite: matched, text: matched }
  const text = withoutTail(matched)
  const link = openable(/^www\./iu.test(text) ? `https://${text}` : text)
  return link === undefined ? undefined : { link, text }
}

/**
 * The address that a click may open, in the form in which the browser reads it: http or https, without a user name and
 * a password. The host is in ASCII, so that a lookalike of another alphabet is visible. Undefined for everything else.
 */
export function openable(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined
  const url = new URL(link)
  const plain = url.username === '' && url.password === ''
  return plain && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined
}

/** Removes punctuation at the end, which belongs to the sentence; a closing bracket stays if the link opens it. */
function withoutTail(link: string): string {
  let rest = link
  for (;;) {
    const shorter = rest.replace(/[.,;:!?…*_~]+$/u, '')
    const open = shorter.split('(').length
    const closed = shorter.split(')').length
    const next = shorter.endsWith(')') && closed > open ? shorter.slice(0, -1) : shorter
    if (next === rest) return rest
    rest = next
  }
}
