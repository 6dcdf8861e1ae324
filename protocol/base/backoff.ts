/** When to try again: waits that double up to a longest one, jittered so that many peers do not come back in step. */

export interface RetryOptions {
  /** Milliseconds. */
  first: number
  longest: number
  /** 0 to 1. */
  random?: () => number
}

/** Waits `ms` milliseconds, or until one of the signals aborts. */
export async function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (ms <= 0 || signals.some(({ aborted }) => aborted)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    for (const signal of signals) signal.addEventListener('abort', done)
  })
}

/** Runs `work` after `ms` milliseconds, unless `signal` aborts before that. */
export function later(ms: number, signal: AbortSignal, work: () => void): void {
  if (signal.aborted) return
  const cancel = (): void => clearTimeout(timer)
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', cancel)
    work()
  }, ms)
  signal.addEventListener('abort', cancel)
}

export class Retry {
  readonly #options: RetryOptions
  #attempt = 0
  /** Aborted: what was tried last, or is being tried, began before something changed. */
  #woken = new AbortController()

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /** The next wait in milliseconds: between half of and the whole of the doubled one. */
  next(): number {
    const { first, longest, random = Math.random } = this.#options
    const whole = Math.min(longest, first * 2 ** Math.min(this.#attempt, 30))
    this.#attempt += 1
    return whole * (0.5 + random() / 2)
  }

  /** It worked: the next wait is a whole one, and a first one. */
  reset(): void {
    this.#attempt = 0
    this.#woken = new AbortController()
  }

  /** Waits for the next time, or until `now()` or `signal`. */
  async wait(signal: AbortSignal): Promise<void> {
    await pause(this.next(), signal, this.#woken.signal)
    if (this.#woken.signal.aborted) this.#woken = new AbortController()
  }

  /**
   * The world changed: ends the wait that is going on and starts over with short ones. During an attempt, which may
   * have begun with what was known before, the wait after it is left out.
   */
  now(): void {
    this.#attempt = 0
    this.#woken.abort()
  }
}
