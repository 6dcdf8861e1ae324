/**
 * Other limits for the time of one test. A bound that is raised to an hour turns "in time" into "at all": what would
 * have waited for it hangs, however fast or slow the machine is.
 */
import type { TestContext } from 'node:test'
import type { Rate } from '../../protocol/base/rate-limit.ts'
import { undo } from './cleanup.ts'

/** Of any limit: far beyond what a test waits for. */
export const hour = 3_600_000

/** Sets some of `limits`, which are restored after the test. */
export function change<T extends object>(t: TestContext, limits: T, values: { [K in keyof T]?: unknown }): void {
  const before = { ...limits }
  undo(t).defer(() => void Object.assign(limits, before))
  Object.assign(limits, values)
}

/**
 * How much of `rate` there has been since this was called: a bucketful, and what the time until now put back into it.
 */
export function bucket({ tokens, per }: Rate): () => number {
  const begun = performance.now()
  return () => tokens + Math.ceil(((performance.now() - begun) / per) * tokens)
}
