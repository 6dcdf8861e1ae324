/** The reporter for logs repeats what failed before the totals: a run of real tests, in a folder of its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { folder } from '../../support/cleanup.ts'

const reporter = new URL('../../../scripts/dev/log-reporter.ts', import.meta.url).href

function endOfRun(t: TestContext, source: string): string[] {
  const file = join(folder(t), 'some.test.mjs')
  writeFileSync(file, `import test from 'node:test'\n${source}`)
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env
  const options = ['--test', `--test-reporter=${reporter}`, file]
  const { stdout } = spawnSync(process.execPath, options, { env, encoding: 'utf8' })
  const lines = stdout.split('\n')
  return lines.slice(lines.findLastIndex((line) => /^1\.\.\d/.test(line)) + 1)
}

test('what failed is repeated with its reason before the totals, each failure once', (t) => {
  const end = endOfRun(
    t,
    `test('fine', () => {})
    test('outer', (t) => t.test('inner', () => { throw new Error('the reason') }))
    test('slow', { timeout: 1 }, () => new Promise((resolve) => setTimeout(resolve, 500)))`,
  )
  const totals = end.findIndex((line) => line.startsWith('# tests '))
  const told = end.slice(0, totals)
  assert.match(told[0] ?? '', /^# failed: inner \(.*some\.test\.mjs:3, after \d+ ms\)$/)
  assert.equal(told[1], '#   Error: the reason')
  assert.equal(told.filter((line) => line.includes('failed: ')).length, 2)
  assert.match(told.at(-2) ?? '', /^# failed: slow /)
  assert.match(told.at(-1) ?? '', /timed out/)
  assert.ok(!told.some((line) => line.includes('node:internal')))
})

test('a run without a failure ends with the totals alone', (t) => {
  const end = endOfRun(t, `test('fine', () => {})`)
  assert.equal(end[0], '# tests 1')
})
