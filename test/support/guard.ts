/** An unhandled rejection or an uncaught exception fails the test file. */
import assert from 'node:assert/strict'
import { after } from 'node:test'

/** Call once at the top of a test file. */
export function guardProcess(): void {
  const uncaught: unknown[] = []
  process.on('unhandledRejection', (reason) => uncaught.push(reason))
  process.on('uncaughtException', (error) => uncaught.push(error))
  after(() => assert.deepEqual(uncaught, [], 'there were unhandled errors'))
}
