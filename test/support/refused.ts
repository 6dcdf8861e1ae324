/** Asserts that a call fails with one of Quorum's codes: `assert.throws(() => …, refused('too-large'))`. */
import { QuorumError, type ErrorCode } from '../../protocol/base/errors.ts'

export function refused(code: ErrorCode): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof QuorumError && error.code === code) return true
    throw new Error(`refused, but not with ${code}`, { cause: error })
  }
}
