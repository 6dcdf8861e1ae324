/** The signal of one dial: follows another and a deadline while the dial runs, and nothing afterwards. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mock, test, type TestContext } from 'node:test'
import { onAbort } from '../../../protocol/base/abort-listener.ts'
import { dialSignal } from '../../../protocol/net/dial-signal.ts'

function fakeTimers(t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
}

test('it aborts with the signal that it follows, with the same reason', () => {
  const outer = new AbortController()
  using dial = dialSignal(outer.signal)
  assert.equal(dial.signal.aborted, false)
  outer.abort(new Error('The peer stops'))
  assert.equal(dial.signal.reason, outer.signal.reason)
})

test('it is aborted from the beginning if the followed signal is', () => {
  using dial = dialSignal(AbortSignal.abort(new Error('Too late')))
  assert.match(String(dial.signal.reason), /Too late/)
})

test('it aborts at its deadline', (t) => {
  fakeTimers(t)
  using dial = dialSignal(new AbortController().signal, 1000)
  mock.timers.tick(999)
  assert.equal(dial.signal.aborted, false)
  mock.timers.tick(1)
  assert.match(String(dial.signal.reason), /in time/)
})

test('an extended deadline counts from then on', (t) => {
  fakeTimers(t)
  using dial = dialSignal(new AbortController().signal, 1000)
  mock.timers.tick(900)
  dial.extend(5000)
  mock.timers.tick(4999)
  assert.equal(dial.signal.aborted, false)
  mock.timers.tick(1)
  assert.match(String(dial.signal.reason), /in time/)
})

test('a dial that has ended is never aborted, and leaves no listener', (t) => {
  fakeTimers(t)
  const outer = new AbortController()
  const connect = (): AbortSignal => {
    using dial = dialSignal(outer.signal, 1000)
    assert.equal(getEventListeners(outer.signal, 'abort').length, 1)
    return dial.signal
  }
  const ended = connect()
  assert.equal(getEventListeners(outer.signal, 'abort').length, 0)
  mock.timers.tick(2000)
  outer.abort()
  assert.equal(ended.aborted, false)
})

test('a listener that is added after the abort is called at once, and once', () => {
  let calls = 0
  onAbort(AbortSignal.abort(), () => {
    calls += 1
  })[Symbol.dispose]()
  assert.equal(calls, 1)
})
