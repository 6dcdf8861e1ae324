/** The version is the same in the code and in package.json. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { errorCodes, errorFromData, errorToData, isErrorCode, QuorumError } from '../../../protocol/base/errors.ts'
import { version } from '../../../protocol/base/version.ts'

const read = (file: string): string => fs.readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

test('the version is that of package.json', () => {
  assert.equal(version, (JSON.parse(read('package.json')) as { version: string }).version)
})

test('every error code is explained in docs/errors.md, as a heading or a row', () => {
  const explained = [...read('docs/errors.md').matchAll(/^(?:#+ +|\| *)`([a-z-]+)`/gm)].map(([, code]) => code)
  assert.deepEqual(new Set(explained), new Set(errorCodes))
})

test('an error is converted to data and back', () => {
  for (const code of errorCodes) {
    const back = errorFromData(errorToData(new QuorumError(code, 'Why', { cause: new Error('below') })))
    assert.deepEqual([back.code, back.message, back.cause], [code, 'Why', undefined])
  }
})

test('an error without a code becomes internal', () => {
  assert.deepEqual(errorToData(new TypeError('Oops')), { code: 'internal', message: 'Oops' })
  assert.deepEqual(errorToData('just text'), { code: 'internal', message: 'just text' })
  assert.equal(errorFromData({ code: 'constructor', message: '' }).code, 'internal')
  assert.ok(!isErrorCode('toString'))
})
