/** Waits between retries. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Retry } from '../../../protocol/base/backoff.ts'

const hour = 3_600_000
const waits = (retry: Retry, count: number) => Array.from({ length: count }, () => retry.next())

test('waits double up to the longest', () => {
  const retry = new Retry({ first: 100, longest: 1000, random: () => 1 })
  assert.deepEqual(waits(retry, 6), [100, 200, 400, 800, 1000, 1000])
})

test('one wait may have a shorter longest', () => {
  const retry = new Retry({ first: 100, longest: 10_000, random: () => 1 })
  assert.deepEqual([retry.next(), retry.next(150), retry.next(150), retry.next()], [100, 150, 150, 800])
})

test('wake() ends a wait, and the next one is longer all the same', async () => {
  const retry = new Retry({ first: 3_600_000, longest: 36_000_000, random: () => 1 })
  const over = retry.wait(new AbortController().signal)
  retry.wake()
  await over
  assert.equal(retry.next(), 7_200_000)
})

test('they are jittered between half and whole', () => {
  assert.deepEqual(waits(new Retry({ first: 100, longest: 1000, random: () => 0 }), 3), [50, 100, 200])
})

test('they stay finite after any number of failures', () => {
  const retry = new Retry({ first: 1, longest: hour, random: () => 1 })
  assert.equal(waits(retry, 5000).at(-1), hour)
})

test('after a success the next wait starts again with the first', () => {
  const retry = new Retry({ first: 100, longest: 1000, random: () => 1 })
  waits(retry, 4)
  retry.reset()
  assert.equal(retry.next(), 100)
})

test('now() ends a wait and starts over', async () => {
  const retry = new Retry({ first: hour, longest: 8 * hour, random: () => 1 })
  retry.next()
  const waited = retry.wait(new AbortController().signal)
  retry.now()
  await waited
  assert.equal(retry.next(), hour)
})

test('now() during an attempt leaves out the wait after it, and only that', async () => {
  const retry = new Retry({ first: hour, longest: 8 * hour, random: () => 1 })
  const stopped = new AbortController()
  retry.now()
  await retry.wait(stopped.signal)
  let waited = false
  const second = retry.wait(stopped.signal).then(() => void (waited = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(waited, false)
  stopped.abort()
  await second
})

test('a success cancels an earlier now()', () => {
  const retry = new Retry({ first: hour, longest: hour })
  const stopped = new AbortController()
  retry.now()
  retry.reset()
  let waited = false
  const wait = retry.wait(stopped.signal).then(() => void (waited = true))
  setImmediate(() => {
    assert.equal(waited, false)
    stopped.abort()
  })
  return wait
})

test('an abort ends a wait, and none begins after it', async () => {
  const retry = new Retry({ first: hour, longest: hour })
  const stopped = new AbortController()
  const waited = retry.wait(stopped.signal)
  stopped.abort()
  await waited
  await retry.wait(stopped.signal)
})

test('a wait ends after its time', async () => {
  await new Retry({ first: 1, longest: 1 }).wait(new AbortController().signal)
})
