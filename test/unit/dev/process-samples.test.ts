/** What a long run concludes from its samples: growth from the least of each minute, and descriptors by quarters. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minima, quarters, sample, slope, type Sample } from '../../support/process-samples.ts'

/** Six samples a minute for an hour: garbage comes and goes, and `leak` MB an hour stays. */
const hour = (leak: number): Sample[] =>
  Array.from({ length: 360 }, (_, at) => ({
    minute: at / 6,
    memory: 100 + (leak * Math.floor(at / 6)) / 60 + (at % 6) * 5 + (at < 120 ? 30 : 0),
    descriptors: 30 + (at % 7),
  }))

test('the growth of a process is what stays of its memory, without the beginning', () => {
  assert.ok(Math.abs(slope(minima(hour(0), 20)) * 60) < 1e-9)
  assert.ok(Math.abs(slope(minima(hour(3), 20)) * 60 - 3) < 1e-9)
  assert.ok(slope(minima(hour(0), 0)) < 0)
})

test('descriptors that come and go are level, and those that stay are not', () => {
  assert.deepEqual(quarters(hour(0)), [33, 33])
  const leaking = hour(0).map((one) => ({ ...one, descriptors: one.descriptors + Math.floor(one.minute) }))
  const [first, last] = quarters(leaking)
  assert.ok(last - first > 40)
})

test('a process is measured', { skip: process.platform === 'linux' ? false : '/proc is of Linux' }, () => {
  const { memory, descriptors } = sample(process.pid, 0)
  assert.ok(memory > 10 && descriptors > 2)
})
