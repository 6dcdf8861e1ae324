/**
 * Decides whether a person scrolled up, or the list moved by itself. Rows that turn out smaller than estimated move
 * everything below them up, and the list corrects its position after that. Only a person may leave the end of a
 * conversation.
 */

/** Milliseconds after an input (wheel, touch, key, press) within which a movement is caused by it. */
const inputWindow = 500
/**
 * Milliseconds after the last change of size within which the list may still move by itself, on a slow computer too.
 */
const settleTime = 1000

export class ScrollIntent {
  readonly #now: () => number
  #top = 0
  #size = 0
  #inputAt = -Infinity
  #resizedAt = -Infinity

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A person made an input that may scroll up. */
  input(): void {
    this.#inputAt = this.#now()
  }

  /** The list is at `top` of `size` pixels. Returns whether a person scrolled up. */
  scrolled(top: number, size: number): boolean {
    const now = this.#now()
    const up = top < this.#top
    if (size !== this.#size) this.#resizedAt = now
    this.#top = top
    this.#size = size
    // Assistive technology scrolls without an input event, so a movement counts when the list itself is at rest.
    return up && (now - this.#inputAt < inputWindow || now - this.#resizedAt > settleTime)
  }
}
