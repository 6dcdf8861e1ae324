/**
 * Tells a person who scrolls up from what moves by itself: rows that turn out smaller than was thought move everything
 * below them up, and so does a list that corrects its place. Only the person leaves the end of a conversation by it.
 */

/** Milliseconds after a wheel, a finger, a key or a press within which what moves is moved by that. */
const byHand = 500
/** Milliseconds after the last change of size within which what moves may move by itself, on a slow machine too. */
const settles = 1000

export class Leaving {
  readonly #now: () => number
  #top = 0
  #size = 0
  #acted = -Infinity
  #changed = -Infinity

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A person does something that scrolls, other than down. */
  act(): void {
    this.#acted = this.#now()
  }

  /** The list is at `top` of `size` pixels now. Returns whether a person scrolled up. */
  scrolled(top: number, size: number): boolean {
    const now = this.#now()
    const up = top < this.#top
    if (size !== this.#size) this.#changed = now
    this.#top = top
    this.#size = size
    // What assistive technology scrolls comes without an event of its own: when nothing else moves, it is believed.
    return up && (now - this.#acted < byHand || now - this.#changed > settles)
  }
}
