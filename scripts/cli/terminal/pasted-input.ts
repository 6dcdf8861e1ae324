/**
 * Tells pasted text from typed keys in the input of a terminal. A terminal that knows bracketed paste puts marks around
 * it. In others, lines that arrive within milliseconds of each other belong together: nobody types that fast. A paste
 * leaves here as one mark, at which the reader takes its text; everything else passes as it came. Without this, each
 * line of a paste would be carried out as if Enter had been pressed.
 */
import { StringDecoder } from 'node:string_decoder'
import { Transform, type TransformCallback } from 'node:stream'
import { lineBreaks } from '#foreign-text'
import { sequences } from './sanitize.ts'

/* oxlint-disable no-control-regex -- it reads the control sequences of terminals */

/** Ask the terminal to mark pasted text, and no longer: xterm's "Bracketed Paste Mode". */
export const markPastes = '\u001b[?2004h'
export const markNoPastes = '\u001b[?2004l'
const begin = '\u001b[200~'
const end = '\u001b[201~'
/** Longest pause within a paste that the terminal does not mark, or within a mark, in milliseconds. */
const pause = 25
/** After this long the end of a marked paste is lost, in milliseconds. */
const endLost = 2000
/** Characters of a paste: more than a message may have, so that the person is told that it is too long. */
const longest = 200_000

/** Keys other than letters, Tab and Enter: what contains them was typed. */
const keys = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/u
/** What a terminal could act on when the text is drawn. A tab and the line break remain. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu

export class PastedInput extends Transform {
  readonly #decoder = new StringDecoder('utf8')
  readonly #pastes: string[] = []
  /** Text of a paste that has begun, or keys that may belong to one. */
  #open: { marked: boolean; text: string } | undefined
  #timer: NodeJS.Timeout | undefined

  /**
   * The text of the next paste. Its lines end in `\n`, except the last. Call it once for each keypress `paste-start`.
   */
  nextPaste(): string {
    return this.#pastes.shift() ?? ''
  }

  override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#read(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk))
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#settle()
    done()
  }

  #read(text: string): void {
    clearTimeout(this.#timer)
    const { marked = false, text: before = '' } = this.#open ?? {}
    this.#open = undefined
    const all = before + text
    if (marked) this.#readMarked(all)
    else this.#readKeys(all)
  }

  #readKeys(all: string): void {
    const start = all.indexOf(begin)
    if (start >= 0) {
      this.#typed(all.slice(0, start))
      this.#readMarked(all.slice(start + begin.length))
    } else if (mayContinue(all)) this.#wait({ marked: false, text: all }, pause)
    else this.#typed(all)
  }

  #readMarked(all: string): void {
    const stop = all.indexOf(end)
    if (stop < 0) {
      // The end mark may be split.
      this.#wait(
        { marked: true, text: all.length > 2 * longest ? all.slice(0, longest) + all.slice(-end.length) : all },
        endLost,
      )
      return
    }
    this.#paste(all.slice(0, stop))
    if (stop + end.length < all.length) this.#readKeys(all.slice(stop + end.length))
  }

  #wait(open: { marked: boolean; text: string }, time: number): void {
    this.#open = open
    this.#timer = setTimeout(() => this.#settle(), time)
  }

  /** Nothing more has come. */
  #settle(): void {
    clearTimeout(this.#timer)
    const { marked, text } = this.#open ?? { marked: false, text: '' }
    this.#open = undefined
    if (marked || (isLines(text) && !keys.test(text))) this.#paste(text)
    else this.#typed(text)
  }

  #typed(text: string): void {
    if (text !== '') this.push(text)
  }

  #paste(text: string): void {
    const plain = text
      .replace(sequences, '')
      .replace(lineBreaks, '\n')
      .replace(controls, '')
      .slice(0, longest)
      .replace(/\n+$/u, '')
    if (plain === '') return
    this.#pastes.push(plain)
    this.push(begin)
  }
}

/** A line break that is not the only key: perhaps the beginning of a paste; or the beginning of a mark. */
function mayContinue(text: string): boolean {
  if (/\u001b(?:\[(?:2(?:0(?:0)?)?)?)?$/u.test(text)) return true
  return text.length > 1 && /[\r\n]/u.test(text) && !keys.test(text)
}

/** More than one line: something follows a line break. */
function isLines(text: string): boolean {
  return /(?:\r\n|\r|\n)[^\r\n]/u.test(text)
}
