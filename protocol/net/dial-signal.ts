/**
 * The signal of one dial. libp2p closes a connection whose dial signal aborts later and leaves its listeners on that
 * signal, so a dial gets a signal of its own, which follows another only until the dial has ended. `AbortSignal.any`
 * and `AbortSignal.timeout` cannot be detached in that way.
 */
import { onAbort } from '../base/abort-listener.ts'

export interface DialSignal extends Disposable {
  readonly signal: AbortSignal
  /** Replaces the timeout: this many milliseconds from now. */
  extend(timeout: number): void
}

/** Aborts with `outer`, and after `timeout` milliseconds where given; never once it is disposed: `using dial = …`. */
export function dialSignal(outer: AbortSignal, timeout?: number): DialSignal {
  const own = new AbortController()
  const following = onAbort(outer, () => own.abort(outer.reason))
  const abort = (): void => own.abort(new Error('It did not answer in time'))
  let timer = timeout === undefined ? undefined : setTimeout(abort, timeout)
  return {
    signal: own.signal,
    extend(longer) {
      clearTimeout(timer)
      timer = setTimeout(abort, longer)
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      following[Symbol.dispose]()
    },
  }
}
