/**
 * What a peer wrote, made fit to be shown: text nodes keep markup out, and this keeps out what would still deceive in
 * plain text: controls, bidi controls, invisible characters and towers of marks. It finds the links in a message, and says
 * which of them may be opened at all.
 */

/* oxlint-disable no-control-regex -- control characters are what this file is about */

// Kept: U+200C and U+200D (Persian and emoji need them), U+200E and U+200F (harmless marks), U+FE0F (emoji).
const unseen =
  // oxlint-disable-next-line no-misleading-character-class -- joined on purpose: each is meant alone
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu
const newlines = /\r\n?|[\u000b\u000c\u0085\u2028\u2029]/gu
/** More marks than any script stacks on one letter; beyond, they paint over the lines around. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu
const segmenter = new Intl.Segmenter()

/** Text of several lines. */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(newlines, '\n').replace(unseen, '').replace(stackedMarks, '$1')
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
