/**
 * What fuzzing runs: a decoder of bytes of others, with valid inputs. It accepts within bounds or it refuses, and to
 * refuse is to throw a QuorumError, or the error that the module documents.
 */
import assert from 'node:assert/strict'
import { QuorumError } from '../../protocol/base/errors.ts'
import { limits } from '../../protocol/base/limits.ts'

export interface Target {
  name: string
  /** Executions for one of another target: below 1 where one takes long. */
  share?: number
  /** Valid inputs, which are then damaged. */
  seeds(): Uint8Array[]
  /** Throws for what is not allowed; a promise rejects for it. */
  run(bytes: Uint8Array): unknown
}

/**
 * What `work` returns; undefined when it refuses. Errors: everything else that it throws. `refuses`: the error of a
 * module that throws none of ours.
 */
export function orRefuses<T>(
  work: () => T,
  refuses: (error: unknown) => boolean = (error) => error instanceof QuorumError,
): T | undefined {
  try {
    return work()
  } catch (error) {
    if (refuses(error)) return undefined
    throw error
  }
}

/** No decoded value is larger than its input (an address as text is), and no list is longer than its limit. */
export function assertBounded(value: unknown, size: number): void {
  if (typeof value === 'string') assert.ok(value.length <= Math.max(size + 64, limits.address))
  else if (typeof value === 'number') assert.ok(Number.isSafeInteger(value))
  else if (value instanceof Uint8Array) assert.ok(value.byteLength <= size)
  else if (Array.isArray(value)) {
    assert.ok(value.length <= limits.transferFiles)
    for (const item of value) assertBounded(item, size)
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) assertBounded(item, size)
  }
}
