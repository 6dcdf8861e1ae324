/**
 * Other limits for the time of one test. A bound that is raised to an hour turns "in time" into "at all": what would
 * have waited for it hangs, however fast or slow the machine is.
 */
import { undo } from './cleanup.ts'
import type { TestContext } from 'node:test'

/** Of any limit: far beyond what a test waits for. */
export const hour = 3_600_000

/** Sets some of `limits`, which are restored after the test. */
export function change<T extends object>(t: TestContext, limits: T, values: { [K in keyof T]?: unknown }): void {
  const before = { ...limits }
  undo(t).defer(() => void Object.assign(limits, before))
  Object.assign(limits, values)
}
