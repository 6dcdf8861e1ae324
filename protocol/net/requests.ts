/** Requests over one stream to a node that wait for responses in any order; and what it answers where one fails. */
import { errorFromData, errorToData, QuorumError, toError, type ErrorData } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'

interface Waiting<R> {
  resolve(result: R): void
  reject(error: Error): void
}

type Result = { result: 'error'; error: ErrorData } | { result: string }

export class Requests<R extends Result> {
  readonly #waiting = new Map<number, Waiting<R>>()
  #nextId = 1
  #ended: Error | undefined

  /**
   * Sends a request with an id of its own by `write`, and resolves with its result. Errors: that of the result,
   * `node-unreachable` without one and after the end, `internal` for one of another kind than `expected`, those of
   * `write`.
   */
  async send<K extends R['result']>(
    write: (id: number) => Promise<void>,
    expected: K,
  ): Promise<Extract<R, { result: K }>> {
    if (this.#ended != null) throw this.#ended
    const id = this.#nextId
    this.#nextId += 1
    const answer = Promise.withResolvers<R>()
    this.#waiting.set(id, answer)
    const timer = setTimeout(
      () => answer.reject(new QuorumError('node-unreachable', 'The node did not answer in time')),
      limits.request,
    )
    try {
      await Promise.race([write(id), answer.promise])
      const result = await answer.promise
      if ('error' in result) throw errorFromData(result.error)
      if (result.result !== expected) throw new QuorumError('internal', 'The node answered another question')
      return result as Extract<R, { result: K }>
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** A response came; one that nothing waits for is ignored. */
  answered(id: number, result: R): void {
    this.#waiting.get(id)?.resolve(result)
  }

  /** The stream has ended: everything that waits, and that comes, fails with `reason`. */
  end(reason: Error): void {
    this.#ended = reason
    for (const waiting of this.#waiting.values()) waiting.reject(reason)
  }
}

/** What a node answers where `call` failed: details of an internal error go to its log, not to a stranger. */
export function errorToTell(error: unknown, call: string | undefined, log: Log): ErrorData {
  const { code, message } = errorToData(error)
  if (code !== 'internal') return { code, message }
  log('error', `${call} failed`, toError(error))
  return { code, message: 'The node could not do that' }
}
