/**
 * Retries with exponential backoff: waits that double up to a maximum, with jitter so that many peers do not retry at
 * once.
 */

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
  /** Aborted by `now`: the last or current attempt began before something changed. */
  #woken = new AbortController()

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /** The next wait in milliseconds: half to all of the doubled one, `longest` at most. */
  next(longest = this.#options.longest): number {
    const { first, random = Math.random } = this.#options
    const whole = Math.min(longest, first * 2 ** Math.min(this.#attempt, 30))
    this.#attempt += 1
    return whole * (0.5 + random() / 2)
  }

  /** An attempt succeeded: the next wait is a first one. */
  reset(): void {
    this.#attempt = 0
    this.#woken = new AbortController()
  }

  /** Waits until the next attempt is due, `now()` is called or `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return this.rest(this.next(), signal)
  }

  /** As `wait`, for `ms` milliseconds that `next` returned. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, signal, this.#woken.signal)
    if (this.#woken.signal.aborted) this.#woken = new AbortController()
  }

  /**
   * Circumstances have changed: ends the current wait, and starts again with short ones. During an attempt, which may
   * have begun with outdated data, the wait after it is skipped.
   */
  now(): void {
    this.#attempt = 0
    this.wake()
  }

  /** As `now`, but the waits continue to grow: what happened may repeat often. */
  wake(): void {
    this.#woken.abort()
  }
}
