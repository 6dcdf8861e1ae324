/**
 * A listener for the abort of a signal that ends with the block it is for, so that a long-lived signal collects none.
 */

/** Calls `callback` once when `signal` aborts, at once if it has; not after the result is disposed: `using _ = …`. */
export function onAbort(signal: AbortSignal, callback: () => void): Disposable {
  if (signal.aborted) callback()
  else signal.addEventListener('abort', callback, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', callback) }
}
