/**
 * Lines above, a prompt below: output never tears the line that is being typed. On a terminal it remembers what is
 * still on the screen, so that a printed block (a message and its mark) can be replaced in place; anywhere else it
 * prints plain lines and reads plain lines. It knows nothing of peers, and it prints what it is given: cleaning
 * foreign text is view.ts's part.
 */
import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import stringWidth from 'string-width'
import type { Look } from './view.ts'

export interface ScreenStreams {
  input: Readable & { isTTY?: boolean }
  output: Writable & { isTTY?: boolean; columns?: number; rows?: number }
}

export interface ScreenOptions extends ScreenStreams {
  /** A terminal that moves its cursor; otherwise plain lines without a single escape code. */
  terminal: boolean
  color: boolean
  unicode: boolean
  complete: (line: string) => [matches: string[], completed: string]
  /** The line being typed has changed. */
  typed: (line: string) => void
  /** Ctrl-C on an empty line, or nobody reads the output any more. */
  interrupted: () => void
}

interface Block {
  key: string | undefined
  text: string
  rows: number
}

const defaultColumns = 80
const defaultRows = 24

export class Screen {
  readonly #options: ScreenOptions
  readonly #readline: Interface
  readonly #lines: string[] = []
  #waiting: ((line: string | undefined) => void) | undefined
  #closed = false
  #prompt = ''
  /** The blocks right above the prompt, oldest first, as far as they are certainly still visible. */
  #blocks: Block[] = []

  constructor(options: ScreenOptions) {
    this.#options = options
    const { input, output, terminal } = options
    this.#readline = createInterface({
      input,
      output,
      terminal,
      prompt: '',
      historySize: terminal ? 200 : 0,
      completer: (line: string) => options.complete(line),
    })
    this.#readline.on('line', (line) => this.#typed(line))
    this.#readline.on('close', () => this.#end())
    this.#readline.on('SIGINT', () => this.#interrupt())
    this.#readline.on('SIGCONT', () => this.#forget())
    output.on('error', () => options.interrupted())
    output.on('resize', () => this.#forget())
    if (terminal) {
      input.on('keypress', (_text: unknown, key: { name?: string; ctrl?: boolean } | undefined) => {
        // Completions and Ctrl-L are drawn by readline: what is above the prompt is no longer what we remember.
        if (key?.name === 'tab' || (key?.ctrl === true && key.name === 'l')) this.#forget()
        options.typed(this.#readline.line)
      })
    }
  }

  get look(): Look {
    const { color, terminal, unicode } = this.#options
    return { color: color && terminal, columns: terminal ? this.#columns : Infinity, unicode }
  }

  get rows(): number {
    return this.#rows
  }

  get terminal(): boolean {
    return this.#options.terminal
  }

  /** Prints a block of lines above the prompt. With a `key` it can be replaced later. */
  print(text: string, key?: string): void {
    const { output, terminal } = this.#options
    if (!terminal || this.#closed) {
      output.write(`${text}\n`)
      return
    }
    this.#redraw(0, [text])
    this.#blocks.push({ key, text, rows: this.#rowsOf(text) })
    let rows = 0
    const visible = this.#blocks.findLastIndex((block) => (rows += block.rows) > this.#rows)
    if (visible >= 0) this.#blocks.splice(0, visible + 1)
  }

  /** Replaces the newest block with `key` in place. False if that is not possible: it has scrolled away, or never was. */
  replace(key: string, text: string): boolean {
    if (!this.#options.terminal || this.#closed) return false
    const index = this.#blocks.findLastIndex((block) => block.key === key)
    const block = this.#blocks[index]
    if (block === undefined) return false
    if (block.text === text) return true
    const above = this.#blocks.slice(index).reduce((rows, { rows: own }) => rows + own, 0)
    // The newest row we reach must still be on the screen: what has scrolled off cannot be written.
    if (above + this.#promptRows(this.#readline.line) > this.#rows) return false
    block.text = text
    block.rows = this.#rowsOf(text)
    this.#redraw(
      above,
      this.#blocks.slice(index).map((each) => each.text),
    )
    return true
  }

  /** Changes the prompt, keeping what is being typed. */
  prompt(text: string): void {
    if (this.#closed || !this.#options.terminal || text === this.#prompt) return
    this.#prompt = text
    this.#redraw(0, [])
  }

  /** The next typed line; undefined when there will be no more. */
  next(): Promise<string | undefined> {
    const line = this.#lines.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  close(): void {
    this.#readline.close()
  }

  // ---- private

  /** In one write, so that nothing flickers: up over `above` rows and the prompt, clear, print, prompt again. */
  #redraw(above: number, texts: string[]): void {
    const { output } = this.#options
    const up = this.#up(above)
    // readline goes up by the rows it remembers before it draws the prompt: leave room for that. After a paste they
    // are not the rows of the cursor, so its memory is what counts.
    const { prevRows = 0 } = this.#readline as Interface & { prevRows?: number }
    const room = '\n'.repeat(prevRows)
    output.cork()
    output.write(`${up}\r\u001b[J${texts.map((text) => `${text}\n`).join('')}${room}`)
    this.#readline.setPrompt(this.#prompt)
    this.#readline.prompt(true)
    output.uncork()
  }

  #up(above: number): string {
    const rows = above + this.#readline.getCursorPos().rows
    return rows === 0 ? '' : `\u001b[${rows}A`
  }

  #typed(line: string): void {
    const { output, terminal } = this.#options
    if (terminal) {
      // readline has left the typed line and its prompt behind: take them away. Whoever reads the line prints what
      // is to stay of it, when its turn comes.
      output.cork()
      output.write(`\u001b[${this.#promptRows(line)}A\r\u001b[J`)
      this.#readline.prompt()
      output.uncork()
    }
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#lines.push(line)
    else waiting(line)
  }

  #interrupt(): void {
    if (this.#readline.line === '') {
      this.#options.interrupted()
      return
    }
    // As shells do: Ctrl-C gives up the line.
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    // The prompt goes, so that whatever comes next begins on a line of its own.
    if (this.#options.terminal) this.#options.output.write(`${this.#up(0)}\r\u001b[J`)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(undefined)
  }

  #forget(): void {
    this.#blocks = []
  }

  get #columns(): number {
    return this.#options.output.columns || defaultColumns
  }

  get #rows(): number {
    return this.#options.output.rows || defaultRows
  }

  #rowsOf(text: string): number {
    let rows = 0
    for (const line of text.split('\n')) rows += Math.max(1, Math.ceil(stringWidth(line) / this.#columns))
    return rows
  }

  /** Rows of the prompt with a line typed after it; readline goes to the next row when one is exactly full. */
  #promptRows(line: string): number {
    return Math.floor(stringWidth(this.#prompt + line) / this.#columns) + 1
  }
}
