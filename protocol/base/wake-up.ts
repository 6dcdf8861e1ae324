/** Waits that one event ends together, or each its own time limit. */
export class WakeUp {
  #waiting: (() => void)[] = []

  /** Resolves at the next `wake`, or after `longest` milliseconds. */
  async wait(longest: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, longest)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
