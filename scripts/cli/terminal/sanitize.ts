/**
 * Makes text of a peer safe to print: all of it passes here before it reaches the terminal. Removes escape sequences,
 * control characters, bidi controls and invisible characters, so that a name, a note or a message can neither move the
 * cursor, change colours, set the clipboard, nor look like another text.
 * `#foreign-text` defines the invisible characters; this file adds only what a terminal acts on.
 * It does not judge the content, and it does not wrap lines: view.ts does.
 */
import { lineBreaks, marksBeyond, unseenRemover } from '#foreign-text'

/* oxlint-disable no-control-regex -- this file removes control characters */

/**
 * Control strings (OSC, DCS, SOS, PM, APC), which end at BEL or ST. If the end is missing, only the introducer is
 * removed: a peer must not be able to hide the rest of its text.
 */
const controlString =
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)/u
const controlSequence = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/u
const otherEscape = /\u001b[ -/]*[0-~]/u
/** Whole sequences are removed before single characters, so that no "[31m" stays behind. */
export const sequences = new RegExp(
  [controlString, controlSequence, otherEscape].map(({ source }) => source).join('|'),
  'gu',
)

/** Direction marks are removed, too: each terminal orders text of two directions in its own way, or not at all. */
const withoutUnseen = unseenRemover('\n')
/** Combining marks beyond four on one letter: no living script stacks more. */
const stackedMarks = marksBeyond(4)

/** Cleans text of several lines. `\n` stays, a tab becomes two spaces. */
export function cleanText(text: string): string {
  const plain = text.toWellFormed().replace(sequences, '').replace(lineBreaks, '\n').replaceAll('\t', '  ')
  return withoutUnseen(plain).replace(stackedMarks, '')
}

/** Cleans text of one line: a name, a note, a warning. White space is collapsed and trimmed. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/gu, ' ').trim()
}
