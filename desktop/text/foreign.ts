/**
 * What a peer wrote, made fit to be shown: text nodes keep markup out, and this keeps out what would still deceive in
 * plain text: what `#foreign-text` says nobody sees, and towers of marks. It finds the links in a message, and says which
 * of them may be opened at all.
 */
import { directionMarks, lineBreaks, marksBeyond, unseenRemover } from '#foreign-text'

/** In the window a tab and the direction marks stay: text nodes draw both as they are meant. */
const withoutUnseen = unseenRemover(`\n\t${directionMarks}`)
/** More marks than any living script stacks on one letter. */
const stackedMarks = marksBeyond(4)
const segmenter = new Intl.Segmenter()

/** Text of several lines. */
export function cleanText(text: string): string {
  return withoutUnseen(text.toWellFormed().replace(lineBreaks, '\n')).replace(stackedMarks, '')
}

/** Text of one line: names, notes, previews. At most `longest` characters as people count them. */
export function cleanLine(text: string, longest = 200): string {
  const line = cleanText(text.slice(0, longest * 32))
    .replace(/\s+/gu, ' ')
    .trim()
  if (line.length <= longest) return line
  let kept = ''
  let count = 0
  for (const { segment } of segmenter.segment(line)) {
    if (++count > longest) return `${kept.trimEnd()}…`
    kept += segment
  }
  return kept
}

/** Keeps the direction of foreign text to itself within a sentence of ours. */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`
}

export type Piece = { text: string } | { link: string; text: string }

const linkPattern = /\bhttps?:\/\/[^\s<>"'`\u2018-\u201f\u00ab\u00bb]+/giu

/** A message as text and links. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let end = 0
  for (const match of text.matchAll(linkPattern)) {
    const shown = withoutTail(match[0])
    const link = openable(shown)
    if (link === undefined) continue
    if (match.index > end) found.push({ text: text.slice(end, match.index) })
    found.push({ link, text: shown })
    end = match.index + shown.length
  }
  if (end < text.length) found.push({ text: text.slice(end) })
  return found
}

/**
 * The address that a click may open, as the browser will read it: http and https without a password, the host in ASCII, so
 * that letters that look like others show. Undefined for everything else.
 */
export function openable(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined
  const url = new URL(link)
  const plain = url.username === '' && url.password === ''
  return plain && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined
}

/** Marks at the end belong to the sentence, a bracket to the link only if it opens there. */
function withoutTail(link: string): string {
  let kept = link
  for (;;) {
    const shorter = kept.replace(/[.,;:!?…*_~]+$/u, '')
    const open = shorter.split('(').length
    const closed = shorter.split(')').length
    const next = shorter.endsWith(')') && closed > open ? shorter.slice(0, -1) : shorter
    if (next === kept) return kept
    kept = next
  }
}
