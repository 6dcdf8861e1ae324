/**
 * What a peer wrote, made safe to print: the one border between foreign text and the terminal. Removes escape
 * sequences, control characters, bidi controls and invisible characters, so that a name, a note or a message can
 * neither move the cursor, change colours, set the clipboard, nor look like something else.
 * It does not judge words, and it does not wrap: view.ts does.
 */

/* oxlint-disable no-control-regex -- control characters are what this file is about */

// Whole sequences go first, so that no "[31m" stays behind. Strings (OSC, DCS, SOS, PM, APC) end at BEL or ST; one
// without an end loses only its introducer below, because a peer must not be able to make the rest disappear.
const sequences =
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/gu

/** Line and paragraph separators, and what some terminals treat as a new line. */
const newlines = /\r\n?|[\u000b\u000c\u0085\u2028\u2029]/gu

// Kept: U+200C and U+200D (Persian and emoji need them), U+FE0F (emoji). Everything else that is not seen goes:
// controls, bidi marks, embeddings, overrides and isolates, zero-width space and joiners of words, soft hyphen,
// invisible operators, byte order mark, annotations, tag characters, fillers that look like nothing.
const unseen =
  // oxlint-disable-next-line no-misleading-character-class -- joined on purpose: each is meant alone
  /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/** More marks than any script stacks on one letter; beyond, they paint over the lines around. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu

/** Text of several lines: `\n` stays, a tab becomes two spaces. */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(sequences, '')
    .replace(newlines, '\n')
    .replaceAll('\t', '  ')
    .replace(unseen, '')
    .replace(stackedMarks, '$1')
}

/** Text of one line: names, notes, warnings. White space is collapsed and trimmed. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/gu, ' ').trim()
}
