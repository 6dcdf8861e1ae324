/** Speed and time left as they are displayed: no jumps, and no guess before there is data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Speed } from '../../../protocol/file/speed.ts'

function watch(bytes = 0) {
  const clock = { now: 0 }
  return { clock, speed: new Speed(bytes, () => clock.now) }
}

test('no speed is shown before a second has passed', () => {
  const { clock, speed } = watch()
  clock.now = 600
  speed.update(600_000)
  assert.equal(speed.secondsFor(1_000_000), undefined)
})

test('a steady transfer has its speed, and bytes that were done before do not count', () => {
  const { clock, speed } = watch(5_000_000)
  for (let at = 1; at <= 20; at += 1) {
    clock.now = at * 500
    speed.update(5_000_000 + at * 500_000)
  }
  assert.ok(Math.abs(speed.bytesPerSecond / 1_000_000 - 1) < 0.01, String(speed.bytesPerSecond))
  assert.equal(speed.secondsFor(10_000_000), 10)
})

test('one silent second causes no jump, a silent minute is shown', () => {
  const { clock, speed } = watch()
  for (let at = 1; at <= 20; at += 1) {
    clock.now = at * 500
    speed.update(at * 500_000)
  }
  clock.now += 1000
  speed.update(20 * 500_000)
  assert.ok(speed.bytesPerSecond > 700_000, String(speed.bytesPerSecond))
  clock.now += 60_000
  speed.update(20 * 500_000)
  assert.ok(speed.bytesPerSecond < 1000, String(speed.bytesPerSecond))
  assert.equal(speed.secondsFor(10 ** 12) === undefined || speed.bytesPerSecond > 0, true)
})

test('long times are shown in coarse steps', () => {
  const { clock, speed } = watch()
  for (let at = 1; at <= 20; at += 1) {
    clock.now = at * 500
    speed.update(at * 500_000)
  }
  assert.equal((speed.secondsFor(47_300_000) ?? 0) % 5, 0)
  assert.equal((speed.secondsFor(333_000_000) ?? 0) % 10, 0)
  assert.equal((speed.secondsFor(3_333_000_000) ?? 0) % 60, 0)
})
