/**
 * Splits a stream of bytes into lines of UTF-8 text, with a bound: a line that is too long is reported once, as soon
 * as that is known, and the rest of it is thrown away without being kept. It does not interpret the lines.
 */

export type Line = { text: string } | { refused: string }

const newline = 0x0a

export class LineSplitter {
  readonly #longest: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #parts: Uint8Array[] = []
  #length = 0
  #skipping = false

  /** `longest`: bytes of a line without its newline. */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** The lines that `chunk` completes, in order. A line's `\r` before the newline is not part of it. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(newline, start)
      this.#keep(chunk.subarray(start, end < 0 ? chunk.length : end), lines)
      if (end < 0) return lines
      this.#finish(lines)
      start = end + 1
    }
  }

  /** The line that was not ended by a newline, if there is one. */
  end(): Line[] {
    const lines: Line[] = []
    if (this.#length > 0 || this.#skipping) this.#finish(lines)
    return lines
  }

  #keep(part: Uint8Array, lines: Line[]): void {
    if (this.#skipping || part.length === 0) return
    if (this.#length + part.length > this.#longest) {
      this.#skipping = true
      this.#parts = []
      this.#length = 0
      lines.push({ refused: `A line is longer than ${this.#longest} bytes` })
      return
    }
    // A copy: the chunk may be a small view of a large pool, and it may be reused.
    this.#parts.push(part.slice())
    this.#length += part.length
  }

  #finish(lines: Line[]): void {
    const skipped = this.#skipping
    const bytes = Buffer.concat(this.#parts, this.#length)
    this.#parts = []
    this.#length = 0
    this.#skipping = false
    if (skipped) return
    try {
      lines.push({ text: this.#decoder.decode(bytes).replace(/\r$/u, '') })
    } catch {
      lines.push({ refused: 'A line is not UTF-8' })
    }
  }
}
