/**
 * Gives the event loop back within work that never waits by itself, thousands of small files or names for example, so
 * that the network and the window are served meanwhile.
 */

/**
 * Longest uninterrupted work, in milliseconds: shorter than a frame on a screen, long enough that yielding costs
 * little.
 */
const longestRun = 10

/** One for each piece of work. Asking `due` costs a look at the clock; only `yield()` is asynchronous. */
export class Yielder {
  #began = performance.now()

  /** The work has run long enough: call `yield()`. */
  get due(): boolean {
    return performance.now() - this.#began > longestRun
  }

  /** Resolves when everything that waited in the event loop has run once. */
  async yield(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#began = performance.now()
  }
}
