/**
 * Splits a stream of bytes into lines of UTF-8 text. A line over the limit is reported once, as soon as the limit is
 * passed, and the rest of it is dropped without being stored. It does not interpret the lines.
 */

export type Line = { text: string } | { refused: string }

const newline = 0x0a

export class LineSplitter {
  readonly #longest: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #parts: Uint8Array[] = []
  #length = 0
  #skipping = false

  /** `longest`: the most bytes of a line, without its newline. */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** The lines that `chunk` completes, in order. A `\r` before the newline is not part of the line. */
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

  /** The last line, if it has no newline. */
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
    // Copied: the chunk may be a small view of a large pool, and its memory may be reused.
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
