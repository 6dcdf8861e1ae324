/**
 * What a peer wrote, made safe to print: the one border between foreign text and the terminal. Removes escape
 * sequences, control characters, bidi controls and invisible characters, so that a name, a note or a message can
 * neither move the cursor, change colours, set the clipboard, nor look like something else.
 * What nobody sees is said by `#foreign-text`; here stands only what a terminal acts on.
 * It does not judge words, and it does not wrap: view.ts does.
 */
import { lineBreaks, marksBeyond, unseenRemover } from '#foreign-text'

/* oxlint-disable no-control-regex -- control characters are what this file is about */

// Whole sequences go first, so that no "[31m" stays behind. Strings (OSC, DCS, SOS, PM, APC) end at BEL or ST; one
// without an end loses only its introducer below, because a peer must not be able to make the rest disappear.
const sequences =
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/gu

/** A terminal orders text in two directions in its own way, if at all: direction marks go too. */
const withoutUnseen = unseenRemover('\n')
/** More marks than any living script stacks on one letter. */
const stackedMarks = marksBeyond(4)

/** Text of several lines: `\n` stays, a tab becomes two spaces. */
export function cleanText(text: string): string {
  const plain = text.toWellFormed().replace(sequences, '').replace(lineBreaks, '\n').replaceAll('\t', '  ')
  return withoutUnseen(plain).replace(stackedMarks, '')
}

/** Text of one line: names, notes, warnings. White space is collapsed and trimmed. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/gu, ' ').trim()
}
