/** Deadlines end work that is late, and leave nothing behind when the work finishes in time. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { onAbort } from '../../../protocol/base/abort-listener.ts'
import { abortAfter, abortOn } from '../../../protocol/net/deadline.ts'

const late = new Error('It took too long')

test('a target is aborted when its time is over, once and with the reason', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const target = new AbortController()
  using _ = abortAfter(target, 1000, late)
  t.mock.timers.tick(999)
  assert.equal(target.signal.aborted, false)
  t.mock.timers.tick(1)
  assert.equal(target.signal.reason, late)
})

test('work that ends in time leaves no timer, however the block ends', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const target = new AbortController()
  assert.throws(() => {
    using deadline = abortAfter(target, 1000, late)
    assert.ok(deadline)
    throw new Error('The work failed')
  }, /The work failed/)
  t.mock.timers.tick(5000)
  assert.equal(target.signal.aborted, false)
})

test('a deadline may be ended before its block, and a second time by it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const target = new AbortController()
  {
    using deadline = abortAfter(target, 1000, late)
    deadline[Symbol.dispose]()
    t.mock.timers.tick(5000)
  }
  assert.equal(target.signal.aborted, false)
})

test('a signal aborts the target with its own reason', () => {
  const owner = new AbortController()
  const target = new AbortController()
  using _ = abortOn(target, owner.signal)
  owner.abort(late)
  assert.equal(target.signal.reason, late)
})

test('a reason that is not an error becomes one', () => {
  const owner = new AbortController()
  const target = new AbortController()
  using _ = abortOn(target, owner.signal)
  owner.abort('stopped')
  assert.ok(target.signal.reason instanceof Error)
})

test('a signal that was aborted before takes effect at once', () => {
  const target = new AbortController()
  using _ = abortOn(target, AbortSignal.abort(late))
  assert.equal(target.signal.reason, late)
})

test('a long-lived signal holds no listener of finished work', () => {
  const owner = new AbortController()
  let calls = 0
  for (let round = 0; round < 20; round += 1) {
    using _ = onAbort(owner.signal, () => (calls += 1))
  }
  assert.equal(getEventListeners(owner.signal, 'abort').length, 0)
  owner.abort(late)
  assert.equal(calls, 0)
})
