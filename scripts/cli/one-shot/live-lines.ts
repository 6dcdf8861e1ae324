/**
 * The output of a one-shot command for a person, on standard error: permanent lines and, on a terminal, a few live
 * lines below them that are redrawn. Elsewhere there are only permanent lines, each printed once.
 */
import type { Writable } from 'node:stream'
import stringWidth from 'string-width'
import { paint, truncate, wrap } from '../terminal/view.ts'
import type { Look, Paint } from '../terminal/view.ts'

const defaultColumns = 80

export interface LiveOptions {
  output: Writable & { columns?: number }
  /** The output is a terminal that understands cursor movements. */
  terminal: boolean
  color: boolean
  unicode: boolean
}

export class LiveLines {
  readonly #options: LiveOptions
  /** The live lines that are on the screen. */
  #live: string[] = []
  #lastPlain = ''
  #paused = false

  constructor(options: LiveOptions) {
    this.#options = options
  }

  get look(): Look {
    const { color, terminal, unicode } = this.#options
    return { color: color && terminal, columns: terminal ? this.#columns : Infinity, unicode }
  }

  /** Prints a permanent line. It is wrapped with an indent, so that text of a peer never begins a line. */
  say(text: string, color?: Paint): void {
    const { look } = this
    const wrapped = wrap(text, look.columns, '  ')
    this.#write(`${color === undefined ? wrapped : paint(look, color, wrapped)}\n`, this.#live)
  }

  /**
   * Shows the state: on a terminal as the lines `live`, elsewhere as the line `plain`, if it differs from the last one.
   */
  show(live: readonly string[], plain: string): void {
    if (!this.#options.terminal) {
      if (plain === this.#lastPlain || plain === '') return
      this.#lastPlain = plain
      this.say(plain)
      return
    }
    const fitting = live.map((line) => (line.includes('\u001b') ? line : truncate(line, this.#columns - 1)))
    if (!this.#paused && fitting.join('\n') !== this.#live.join('\n')) this.#write('', fitting)
  }

  /** Removes the live lines while a question is on the screen, until `release`. */
  hold(): void {
    this.#write('', [])
    this.#paused = true
  }

  release(): void {
    this.#paused = false
  }

  /** Removes the live lines. */
  end(): void {
    this.#write('', [])
  }

  #write(text: string, live: readonly string[]): void {
    const rows = this.#live.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / this.#columns)), 0)
    const up = rows === 0 ? '' : `\u001b[${rows}A\r\u001b[J`
    const below = live.map((line) => `${line}\n`).join('')
    this.#live = [...live]
    if (up + text + below !== '') this.#options.output.write(up + text + below)
  }

  get #columns(): number {
    return this.#options.output.columns || defaultColumns
  }
}
