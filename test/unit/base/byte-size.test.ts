/** Sizes as they are displayed: one unit convention for the terminal, the window and the node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byteDecimals, byteSize, byteUnit } from '../../../protocol/base/byte-size.ts'

test('sizes are decimal, with at most one digit after the point', () => {
  const shown = {
    0: '0 bytes',
    1: '1 byte',
    999: '999 bytes',
    1000: '1 kB',
    1234: '1.2 kB',
    99_949: '99.9 kB',
    99_950: '100 kB',
    999_499: '999 kB',
    999_960: '1 MB',
    5_000_000: '5 MB',
    1_940_000_000_000: '1.9 TB',
    [Number.MAX_SAFE_INTEGER]: '9 PB',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(shown).map((bytes) => [bytes, byteSize(Number(bytes))])), shown)
})

test('a size is written by the rules of its language', () => {
  assert.equal(byteSize(1_240_000_000, 'de').replaceAll(/\s/gu, ' '), '1,2 GB')
  assert.equal(byteSize(512, 'de').replaceAll(/\s/gu, ' '), '512 Byte')
  // A language with another name for the unit.
  assert.equal(byteSize(1_240_000_000, 'fr').replaceAll(/\s/gu, ' '), '1,2 Go')
})

test('the number shown is at least 1 and below 1000, with the symbol of its unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      const unit = byteUnit(bytes)
      const [number = '', symbol = ''] = byteSize(bytes).split(' ')
      assert.ok(Number(number) >= 1 && Number(number) < 1000, byteSize(bytes))
      assert.equal(symbol.replace(/^byte$/u, 'bytes'), unit.symbol)
      assert.equal(Number(number), Number((bytes / unit.bytes).toFixed(byteDecimals(bytes, unit))))
    }),
  )
})
