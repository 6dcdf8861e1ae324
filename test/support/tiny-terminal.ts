/**
 * The part of a terminal that Quorum's programs use: text that wraps and scrolls, and the cursor sequences of readline
 * and of Quorum's screens. An unknown sequence is an error, so that no test passes because a sequence was ignored.
 */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import stringWidth from 'string-width'

// oxlint-disable-next-line no-control-regex -- it interprets control sequences
const pieces = /\u001b\[([0-9;?]*)([A-Za-z])|\r|\n|[^\u001b\r\n]/gu

export class TinyTerminal extends Writable {
  readonly isTTY = true
  readonly columns: number
  readonly rows: number
  #lines: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(columns = 80, rows = 24) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
  }

  /** The visible screen: the last rows, without trailing spaces. */
  get screen(): string {
    return this.#lines
      .slice(-this.rows)
      .map((line) =>
        Array.from(line, (cell) => cell ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd()
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    for (const [piece, parameters = '', command] of String(chunk).matchAll(pieces)) {
      if (command !== undefined) this.#move(command, parameters)
      else if (piece === '\r') this.#column = 0
      else if (piece === '\n') this.#go(this.#row + 1, 0)
      else this.#print(piece)
    }
    done()
  }

  #print(letter: string): void {
    const cells = stringWidth(letter)
    if (this.#column + cells > this.columns) this.#go(this.#row + 1, 0)
    const line = this.#lines[this.#row] ?? []
    line[this.#column] = letter
    this.#column += cells
  }

  #move(command: string, parameters: string): void {
    const count = Number(parameters || '1')
    // The cursor cannot reach rows that have scrolled off the screen.
    const top = Math.max(0, this.#lines.length - this.rows)
    if (command === 'A') this.#row = Math.max(top, this.#row - count)
    else if (command === 'B') this.#row = Math.min(this.#lines.length - 1, this.#row + count)
    else if (command === 'G') this.#column = count - 1
    else if (command === 'C') this.#column += count
    else if (command === 'D') this.#column = Math.max(0, this.#column - count)
    else if (command === 'J' || command === 'K') this.#erase(command, parameters)
    else assert.ok(command === 'm' || command === 'h' || command === 'l', `unknown sequence ${parameters}${command}`)
  }

  /** From the cursor to the end. */
  #erase(command: string, parameters: string): void {
    assert.ok(parameters === '' || parameters === '0', `unknown sequence ${parameters}${command}`)
    const line = this.#lines[this.#row] ?? []
    line.length = Math.min(line.length, this.#column)
    if (command === 'J') this.#lines.length = this.#row + 1
  }

  #go(row: number, column: number): void {
    this.#row = row
    this.#column = column
    while (this.#lines.length <= row) this.#lines.push([])
  }
}
