/** The time by the nodes: a small difference is none, the middle node counts, and setting the own clock is noticed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorData } from '../../../protocol/base/errors.ts'
import { NetworkTime } from '../../../protocol/directory/network-time.ts'

const hour = 3_600_000
const today = Date.UTC(2026, 10, 28)

function setUp(own: number) {
  const clock = { now: own, steady: 500 }
  const warnings: ErrorData[] = []
  const options = { now: () => clock.now, onWarning: (warning: ErrorData) => void warnings.push(warning) }
  return { clock, warnings, time: new NetworkTime(options, () => clock.steady) }
}

test('network time: without a node, and while clocks agree about, the own clock counts', () => {
  const { time, warnings } = setUp(today)
  assert.equal(time.now(), today)
  time.observe('a', today + 60_000, 300)
  time.observe('b', 0, 300)
  assert.equal(time.now(), today)
  assert.deepEqual(warnings, [])
})

test('network time: a node whose clock starts anew with its board moves nobody’s', () => {
  const { time, warnings } = setUp(today)
  for (const wrong of [1, 10_000, Date.UTC(2000, 0, 1), Date.UTC(2025, 11, 31)]) time.observe('board', wrong, 0)
  assert.equal(time.now(), today)
  assert.deepEqual(warnings, [])
})

test('network time: a clock that is wrong is corrected and told once, by the middle of the nodes', () => {
  const { time, clock, warnings } = setUp(0)
  time.observe('a', today, 400)
  assert.equal(time.now(), today + 200)
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['wrong-clock'],
  )
  time.observe('liar', today + 1000 * hour, 0)
  time.observe('b', today + 2 * hour, 0)
  assert.equal(time.now(), today + 2 * hour, 'one of three cannot move it')
  time.forget('liar')
  assert.equal(time.now(), today + 200)
  assert.equal(warnings.length, 1)

  // The system sets the clock meanwhile.
  clock.now = today + hour
  clock.steady += hour
  assert.equal(time.now(), today + hour)
})
