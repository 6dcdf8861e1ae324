/**
 * Nothing that a test provokes may end in the air: a rejection nobody handles or an exception nobody caught fails the
 * file.
 */
import assert from 'node:assert/strict'
import { after } from 'node:test'

/** Call once at the top of a test file. */
export function guardProcess(): void {
  const uncaught: unknown[] = []
  process.on('unhandledRejection', (reason) => uncaught.push(reason))
  process.on('uncaughtException', (error) => uncaught.push(error))
  after(() => assert.deepEqual(uncaught, [], 'something failed where nobody looked'))
}
