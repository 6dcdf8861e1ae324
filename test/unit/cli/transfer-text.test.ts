/** Speeds, times and bars as they are displayed, and the file names that cause a warning. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { v7 as uuid } from 'uuid'
import type { FileRisks } from '../../../protocol/api/model.ts'
import { leftCells, leftOf, partOf, speedCells, speedOf } from '../../../scripts/cli/terminal/amounts.ts'
import { progressLine } from '../../../scripts/cli/terminal/progress-bar.ts'
import { summaryOf } from '../../../protocol/file/summary.ts'
import { offerFromWire, offerToWire } from '../../../protocol/wire/offer.ts'
import { warningAbout } from '../../../scripts/cli/terminal/risk-warning.ts'
import type { Look } from '../../../scripts/cli/terminal/view.ts'

const plain: Look = { color: false, columns: 80, unicode: true }
const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

test('a percentage keeps its width, and is never 100 before all bytes are present', () => {
  assert.equal(partOf(1.24e9, 1.9e9), '1.2 of 1.9 GB')
  assert.equal(partOf(1.899_999e9, 1.9e9), '1.8 of 1.9 GB')
  assert.equal(partOf(1.24e9, 12.34e9), ' 1.2 of 12.3 GB')
  assert.equal(partOf(3, 512), '  3 of 512 bytes')
  assert.equal(partOf(0, 0), '0 of 0 bytes')
  fc.assert(
    fc.property(size, fc.double({ min: 0, max: 1, noNaN: true }), (whole, fraction) => {
      const done = Math.floor(whole * fraction)
      const said = partOf(done, whole)
      assert.equal(said.length, partOf(0, whole).length)
      assert.equal(said.length, partOf(whole, whole).length)
      const [part = '', total = ''] = said.split(' of ').map((text) => text.trim())
      if (done === whole) assert.equal(part, total.split(' ')[0])
      else assert.ok(Number(part) <= Number.parseFloat(total))
    }),
  )
})

test('speeds and times left never use more cells than are reserved for them', () => {
  assert.deepEqual([0, 12, 340_000, 9_949_999, 9_950_000, 34e6, 2.1e9].map(speedOf), [
    '0.0 kB/s',
    '0.0 kB/s',
    '340 kB/s',
    '9.9 MB/s',
    '10 MB/s',
    '34 MB/s',
    '2.1 GB/s',
  ])
  fc.assert(fc.property(size, (rate) => assert.ok(speedOf(rate).length <= speedCells, speedOf(rate))))
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), (seconds) =>
      assert.ok(leftOf(seconds).length <= leftCells, leftOf(seconds)),
    ),
  )
})

test('the time left is shown in coarse steps', () => {
  const said = [0, 4.9, 5, 12, 16, 54, 55, 89, 150, 3599, 5000, 20 * 3600, 86_400, 3 * 86_400, 1e9].map(leftOf)
  assert.deepEqual(said, [
    'a few seconds left',
    'a few seconds left',
    '5 s left',
    '15 s left',
    '20 s left',
    '55 s left',
    'about 1 minute left',
    'about 1 minute left',
    'about 3 minutes left',
    'about 1 hour left',
    'about 1 hour left',
    'about 20 hours left',
    'about 1 day left',
    'about 3 days left',
    'more than a week left',
  ])
})

test('a bar shows progress, size, speed and time, as far as there is space', () => {
  const at = (columns: number, look = plain): string =>
    progressLine(look, columns, { done: 1.24e9, total: 1.99e9, bytesPerSecond: 34e6, etaSeconds: 20 })
  assert.equal(at(68), '████████░░░░░   62 %  1.2 of 2.0 GB  34 MB/s   20 s left')
  assert.equal(at(80), '███████████████░░░░░░░░░░   62 %  1.2 of 2.0 GB  34 MB/s   20 s left')
  assert.equal(at(54), '█████░░░░   62 %  1.2 of 2.0 GB  20 s left')
  assert.equal(at(40), '███████████░░░░░░░   62 %  1.2 of 2.0 GB')
  assert.equal(at(20), '████████░░░░░   62 %')
  assert.equal(at(6), '62 %')
  assert.deepEqual(
    [5, 4, 3, 2, 1].map((columns) => at(columns)),
    ['62 %', '62 %', '62%', '…', '…'],
  )
  assert.equal(at(40, { ...plain, unicode: false }), '[#########-------]   62 %  1.2 of 2.0 GB')
})

test('a percentage is never truncated to another one, and is 100 when all bytes are present', () => {
  const at = (columns: number): string => progressLine(plain, columns, { done: 7, total: 7, bytesPerSecond: 0 })
  assert.deepEqual([6, 5, 4, 3, 2, 1].map(at), ['100 %', '100 %', '100%', '…', '…', '…'])
})

test('a bar fits any width, and none of its parts moves while it runs', () => {
  const total = 12_345_678_901
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 0, max: total }),
      fc.integer({ min: 0, max: 2_000_000_000 }),
      fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined }),
      fc.boolean(),
      (columns, done, bytesPerSecond, etaSeconds, unicode) => {
        const look = { ...plain, unicode }
        const line = progressLine(look, columns, { done, total, bytesPerSecond, etaSeconds })
        assert.ok(stringWidth(line) <= columns, line)
        if (!unicode) assert.match(line, /^[\x20-\x7e…]*$/u)
        const first = progressLine(look, columns, { done: 0, total, bytesPerSecond: 0 })
        // Too narrow for a bar: only the percentage is shown.
        if (columns >= 16) assert.equal(line.indexOf('%'), first.indexOf('%'))
        assert.equal(line.indexOf(' of '), first.indexOf(' of '))
        // Too narrow for its space or for itself, it may show less, but never a completed transfer too early.
        if (columns >= '100 %'.length) assert.equal(line.includes('100 %'), done === total)
        else if (done < total) assert.doesNotMatch(line, /100/u)
      },
    ),
  )
})

const offered = (...paths: string[]): FileRisks => {
  const { offer } = offerToWire(
    uuid(),
    '',
    paths.map((path) => ({ path, size: 0, modified: 0 })),
  )
  const decoded = offerFromWire(offer)
  return summaryOf(decoded, decoded.first, true).risks
}

test('the warning shows the worst name, cleaned, and the number of others', () => {
  assert.equal(warningAbout(offered('a.jpg', 'b/'), 'Bob'), undefined)
  assert.equal(
    warningAbout(offered('x.sh', 'in/photo.jpg.exe', 'y.lnk'), 'Bob'),
    '“photo.jpg.exe” (and 2 more like it) pretends to be a document: opening it runs it. ' +
      'Open it only if you know why Bob sends it.',
  )
  assert.match(warningAbout(offered('a\u001b[31m.sh'), 'Bob') ?? '', /^“a\.sh” pretends/u)
})
