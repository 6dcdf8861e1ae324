/** Times, sizes and durations are isolated, so that a text of the other direction does not tear them apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clock,
  dateOnly,
  dayName,
  delay,
  duration,
  fullWhen,
  shortWhen,
  size,
  speed,
} from '../../../desktop/renderer/model/format.ts'
import { de } from '../../../desktop/text/de.ts'
import { en } from '../../../desktop/text/en.ts'

const isolated = /^\u2068[^\u2068\u2069]*\d[^\u2068\u2069]*\u2069$/u

test('a number is isolated together with its unit', () => {
  const now = new Date(2026, 10, 27, 20, 16).getTime()
  const earlier = now - 300 * 24 * 3_600_000
  for (const text of [en, de]) {
    const all = [
      clock(now, text.tag),
      dateOnly(now, text.tag),
      fullWhen(now, text.tag),
      dayName(earlier, now, text),
      shortWhen(earlier, now, text),
      duration(90, text),
      size(1700, text.tag),
      speed(1700, text),
      delay(66, text),
      delay(6.61, text),
    ]
    for (const one of all) assert.match(one, isolated)
  }
  assert.equal(delay(6.61, de), '\u20686,6 ms\u2069')
})
