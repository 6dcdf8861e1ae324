/**
 * Changes limits for the duration of one test. A timeout raised to an hour shows that nothing depends on it: code that
 * waits for it hangs, regardless of the speed of the machine.
 */
import type { TestContext } from 'node:test'
import type { Rate } from '../../protocol/base/rate-limit.ts'
import { undo } from './cleanup.ts'

/** A value for any limit: much longer than any test waits. */
export const hour = 3_600_000

/** Replaces some of `limits`; the test restores them at its end. */
export function change<T extends object>(t: TestContext, limits: T, values: { [K in keyof T]?: unknown }): void {
  const before = { ...limits }
  undo(t).defer(() => void Object.assign(limits, before))
  Object.assign(limits, values)
}

/**
 * How much `rate` has allowed since this call: a full bucket, plus the refill of the time since then.
 */
export function bucket({ tokens, per }: Rate): () => number {
  const begun = performance.now()
  return () => tokens + Math.ceil(((performance.now() - begun) / per) * tokens)
}
