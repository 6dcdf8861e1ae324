/**
 * How tests wait: for a condition, never for time. The bound only ends a test that hangs, so that no verdict depends on
 * how loaded the machine is.
 */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Milliseconds without progress after which a wait counts as hung: many times what anything needs on a busy machine.
 */
export const patience = 180_000
/** Milliseconds between two looks at a condition. */
const look = 20

/**
 * Resolves when `condition` is true.
 *
 * @param what - the awaited event, for the error message; a function is called when the wait fails.
 * @param progress - for work that may take longer than `patience`: each change of its value restarts the wait.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  progress: () => unknown = () => undefined,
): Promise<void> {
  let state = progress()
  let since = performance.now()
  while (!(await condition())) {
    const now = performance.now()
    const reached = progress()
    if (!Object.is(reached, state)) [state, since] = [reached, now]
    if (now - since > patience)
      assert.fail(`no progress for ${patience / 1000} s: ${typeof what === 'string' ? what : what()}`)
    await pause(look)
  }
}

/** The result of `work`. Errors: after `patience`, one that says `what` did not happen; and those of `work`. */
export async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const timeout = new AbortController()
  const tooLong = pause(patience, undefined, { signal: timeout.signal }).then(
    () => assert.fail(`not within ${patience / 1000} s: ${what}`),
    () => work,
  )
  return Promise.race([work, tooLong]).finally(() => timeout.abort())
}
