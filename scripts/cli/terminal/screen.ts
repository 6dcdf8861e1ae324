/**
 * Prints lines above a prompt, so that output never breaks the line that is being typed. On a terminal it remembers
 * which blocks are still visible, so that a printed block (a message with its mark) can be replaced in place. There a
 * paste is one line, however many lines it has: its line breaks are signs in the line until it is entered. Elsewhere it
 * prints and reads plain lines. It knows nothing of peers and does not clean text: view.ts does.
 */
import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import stringWidth from 'string-width'
import { markNoPastes, markPastes, PastedInput } from './pasted-input.ts'
import type { Look } from './view.ts'

export interface ScreenStreams {
  input: Readable & { isTTY?: boolean }
  output: Writable & { isTTY?: boolean; columns?: number; rows?: number }
}

export interface ScreenOptions extends ScreenStreams {
  /** The output is a terminal that understands cursor movements. Otherwise it gets plain lines without escape codes. */
  terminal: boolean
  color: boolean
  unicode: boolean
  complete: (line: string) => [matches: string[], completed: string]
  /** Called when the line that is being typed has changed. */
  typed: (line: string) => void
  /** Called on Ctrl-C on an empty line, and when the output breaks. */
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
  readonly #pasted: PastedInput | undefined
  /** How a line break is shown in the line that is being typed. */
  readonly #breakSign: string
  /** Line breaks were pasted into the line that is being typed; `first`: and they began it. */
  #breaks: 'none' | 'some' | 'first' = 'none'
  /** Lines of the history with such line breaks. */
  readonly #broken = new Map<string, 'some' | 'first'>()
  #waiting: ((line: string | undefined) => void) | undefined
  #closed = false
  #prompt = ''
  /** The blocks above the prompt that are certainly still visible, oldest first. */
  #blocks: Block[] = []

  constructor(options: ScreenOptions) {
    this.#options = options
    const { output, terminal } = options
    this.#breakSign = options.unicode ? '⏎' : '^J'
    this.#pasted = terminal ? readPastes(options.input) : undefined
    const input = this.#pasted ?? options.input
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
    this.#readline.on('SIGCONT', () => {
      this.#forget()
      output.write(markPastes)
    })
    output.on('error', () => options.interrupted())
    output.on('resize', () => this.#forget())
    if (terminal) {
      output.write(markPastes)
      input.on('keypress', (_text: unknown, key: { name?: string; ctrl?: boolean } | undefined) => {
        // readline itself draws completions and Ctrl-L, so the remembered blocks are no longer right above the prompt.
        if (key?.name === 'paste-start') this.#insert(this.#pasted?.nextPaste() ?? '')
        if (this.#readline.line === '') this.#breaks = 'none'
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

  /** Replaces the newest block with `key` in place. False if there is none, or if it has scrolled off the screen. */
  replace(key: string, text: string): boolean {
    if (!this.#options.terminal || this.#closed) return false
    const index = this.#blocks.findLastIndex((block) => block.key === key)
    const block = this.#blocks[index]
    if (block === undefined) return false
    if (block.text === text) return true
    const above = this.#blocks.slice(index).reduce((rows, { rows: own }) => rows + own, 0)
    // The whole block must be on the screen: rows that have scrolled off cannot be changed.
    if (above + this.#promptRows(this.#readline.line) > this.#rows) return false
    block.text = text
    block.rows = this.#rowsOf(text)
    this.#redraw(
      above,
      this.#blocks.slice(index).map((each) => each.text),
    )
    return true
  }

  /** Changes the prompt and keeps what is being typed. */
  prompt(text: string): void {
    if (this.#closed || !this.#options.terminal || text === this.#prompt) return
    this.#prompt = text
    this.#redraw(0, [])
  }

  /** The next typed line; undefined at the end of the input. */
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

  /**
   * Redraws in one write, so that nothing flickers: moves up over `above` rows and the prompt, clears, prints `texts`
   * and the prompt.
   */
  #redraw(above: number, texts: string[]): void {
    const { output } = this.#options
    const up = this.#up(above)
    // Before readline draws the prompt, it moves up by the rows that it remembers, so that many empty rows are added.
    // `prevRows` is not a documented property, but after a paste it differs from the rows of the cursor.
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

  /** Inserts pasted text at the cursor. */
  #insert(text: string): void {
    if (text.includes('\n')) {
      if (this.#breaks === 'none') this.#breaks = this.#readline.cursor === 0 ? 'first' : 'some'
    }
    this.#readline.write(text.replaceAll('\n', this.#breakSign))
  }

  /** What was entered, with its line breaks. If pasted lines began it, it is a message, whatever it looks like. */
  #entered(line: string): string {
    const breaks = this.#breaks === 'none' ? this.#broken.get(line) : this.#breaks
    this.#breaks = 'none'
    if (breaks === undefined) return line
    this.#broken.set(line, breaks)
    const text = line.replaceAll(this.#breakSign, '\n')
    return breaks === 'first' && /^\s*\//u.test(text) ? `/${text.trimStart()}` : text
  }

  #typed(line: string): void {
    const { output, terminal } = this.#options
    const text = this.#entered(line)
    if (terminal) {
      // readline leaves the typed line and its prompt on the screen. They are removed here, and the reader of the line
      // prints what should stay.
      output.cork()
      output.write(`\u001b[${this.#promptRows(line)}A\r\u001b[J`)
      this.#readline.prompt()
      output.uncork()
    }
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#lines.push(text)
    else waiting(text)
  }

  #interrupt(): void {
    if (this.#readline.line === '') {
      this.#options.interrupted()
      return
    }
    // As in a shell, Ctrl-C discards the line.
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    // The prompt is removed, so that the next output starts at the beginning of a line.
    if (this.#options.terminal) this.#options.output.write(`${this.#up(0)}\r\u001b[J${markNoPastes}`)
    if (this.#pasted !== undefined) {
      this.#options.input.unpipe(this.#pasted)
      this.#options.input.pause()
    }
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

  /** Rows of the prompt and the typed line. readline moves to the next row when a row is exactly full. */
  #promptRows(line: string): number {
    return Math.floor(stringWidth(this.#prompt + line) / this.#columns) + 1
  }
}

/** The input of readline: keys as they come, and pastes. It passes the modes that readline sets on to the terminal. */
function readPastes(input: ScreenStreams['input']): PastedInput {
  const setRawMode = 'setRawMode' in input && typeof input.setRawMode === 'function' ? input.setRawMode : () => input
  return Object.assign(input.pipe(new PastedInput()), {
    setRawMode: (raw: boolean): void => void setRawMode.call(input, raw),
  })
}
