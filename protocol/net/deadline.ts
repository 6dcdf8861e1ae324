/**
 * Deadlines for streams, dials and whole exchanges. Each function starts one and returns a `Disposable`: declared with
 * `using`, the deadline ends with its block, so no timer keeps the process awake and no listener stays on a long-lived
 * signal. A signal that has aborted already takes effect at once.
 */
import { onAbort } from '../base/abort-listener.ts'
import { toError } from '../base/errors.ts'

/** A libp2p stream or connection, or the AbortController of a dial. */
export interface Abortable {
  abort(reason: Error): void
}

/** Aborts `target` with `reason` after `ms` milliseconds. */
export function abortAfter(target: Abortable, ms: number, reason: Error): Disposable {
  const timer = setTimeout(() => target.abort(reason), ms)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

/** Aborts `target` when `signal` aborts, with the signal's reason. */
export function abortOn(target: Abortable, signal: AbortSignal): Disposable {
  return onAbort(signal, () => target.abort(toError(signal.reason)))
}
