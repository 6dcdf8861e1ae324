/** Waiting for a child process, which may end instead of doing what is awaited. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once, type EventEmitter } from 'node:events'

/**
 * The arguments of the next `event` of `emitter`, the child itself or one of its streams. Errors: one with the exit
 * code when the child ends first; a bare `once` would wait for ever, and nothing would say for what.
 */
export async function nextOf(
  child: ChildProcess,
  event: string,
  emitter: EventEmitter | null = child,
): Promise<unknown[]> {
  assert.ok(emitter, 'the stream is piped')
  const over = new AbortController()
  // Not 'exit', after which its last words may still arrive.
  const ended = once(child, 'close', { signal: over.signal }).then(([code, signal]) =>
    assert.fail(`the process ended with ${String(code ?? signal)} before its ${event}`),
  )
  // Its rejection by `over` interests nobody.
  ended.catch(() => undefined)
  try {
    return (await Promise.race([once(emitter, event, { signal: over.signal }), ended])) as unknown[]
  } finally {
    over.abort()
  }
}
