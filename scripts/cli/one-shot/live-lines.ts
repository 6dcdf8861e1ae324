/**
 * What a one-shot command tells a person while it works, on standard error: lines that stay, and below them, on a
 * terminal, a few lines that are drawn over and over. Anywhere else only lines that stay, each once.
 */
import type { Writable } from 'node:stream'
import stringWidth from 'string-width'
import { paint, truncate, wrap } from '../terminal/view.ts'
import type { Look, Paint } from '../terminal/view.ts'

const defaultColumns = 80

export interface LiveOptions {
  output: Writable & { columns?: number }
  /** A terminal that moves its cursor. */
  terminal: boolean
  color: boolean
  unicode: boolean
}

export class LiveLines {
  readonly #options: LiveOptions
  /** On the screen right now, below what stays. */
  #live: string[] = []
  #told = ''
  #held = false

  constructor(options: LiveOptions) {
    this.#options = options
  }

  get terminal(): boolean {
    return this.#options.terminal
  }

  get look(): Look {
    const { color, terminal, unicode } = this.#options
    return { color: color && terminal, columns: terminal ? this.#columns : Infinity, unicode }
  }

  /** Prints what is to stay, wrapped: foreign text in it never begins a line. */
  say(text: string, color?: Paint): void {
    const { look } = this
    const wrapped = wrap(text, look.columns, '  ')
    this.#write(`${color === undefined ? wrapped : paint(look, color, wrapped)}\n`, this.#live)
  }

  /** How it stands: on a terminal drawn as `live`; elsewhere `plain` is printed when it is another than before. */
  show(live: readonly string[], plain: string): void {
    if (!this.#options.terminal) {
      if (plain === this.#told || plain === '') return
      this.#told = plain
      this.say(plain)
      return
    }
    const fitting = live.map((line) => (line.includes('\u001b') ? line : truncate(line, this.#columns - 1)))
    if (!this.#held && fitting.join('\n') !== this.#live.join('\n')) this.#write('', fitting)
  }

  /** Takes the live lines away while a question stands there, until `release`. */
  hold(): void {
    this.#write('', [])
    this.#held = true
  }

  release(): void {
    this.#held = false
  }

  /** Nothing live any more. */
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
