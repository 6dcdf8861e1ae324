/** A report: what it contains, what it never contains, its maximum size, and which files it does not overwrite. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { openLog } from '../../../scripts/cli/program-log.ts'
import { buildReport, settingsOf, writeReport } from '../../../scripts/cli/report.ts'
import { folder } from '../../support/cleanup.ts'

const env = { QUORUM_LOG: 'debug' }

test('it contains versions, settings, counts and the lines of both logs, but no line in another format', (t) => {
  const profile = folder(t)
  const complain = (sentence: string): never => assert.fail(sentence)
  openLog({ folder: profile, file: 'peer', program: 'quorum', env, complain }).log('warn', 'peer line')
  openLog({ folder: profile, file: 'window', program: 'window', env, complain }).log(
    'error',
    'x',
    new Error('window line'),
  )
  const file = path.join(profile, 'logs', 'quorum.log')
  const old = { level: 'info', time: new Date(0).toISOString(), msg: 'from 203.0.113.7, as an older version wrote it' }
  writeFileSync(file, `${JSON.stringify(old)}\nAnnabelle wrote this herself\n{"level":"in`, { flag: 'a' })
  writeFileSync(path.join(profile, 'window.json'), JSON.stringify({ closeToTray: true, downloads: '/home/annabelle' }))
  const { text, lines } = buildReport({
    folder: profile,
    settings: settingsOf(profile),
    counts: { direct: 'never', nodes: 2 },
    now: 0,
  })
  for (const part of [
    '# Versions\nquorum: ',
    'closeToTray: true',
    'direct: never',
    'nodes: 2',
    'peer line',
    'window line',
    'Not in it:',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`)
  assert.match(text, /# quorum\.log: 3 lines, 2 other lines left out/u)
  assert.equal(lines, 5)
  for (const telling of ['nnabelle', '203.0.113.7', profile]) assert.ok(!text.includes(telling), telling)
})

test('a report holds the newest lines of all files of a log, and is bounded', (t) => {
  const profile = folder(t)
  const logs = path.join(profile, 'logs')
  mkdirSync(logs)
  const padding = 'x '.repeat(400)
  const line = (number: number): string =>
    `${JSON.stringify({ level: 'info', time: new Date(number).toISOString(), msg: `line ${number} ${padding}` })}\n`
  const write = (name: string, from: number, to: number): void => {
    const all = Array.from({ length: to - from }, (_, index) => line(from + index))
    writeFileSync(path.join(logs, name), all.join(''))
  }
  write('quorum.log.2', 0, 1000)
  write('quorum.log.1', 1000, 2000)
  write('quorum.log', 2000, 2500)
  const { text, lines } = buildReport({ folder: profile, settings: {}, counts: 'Nothing.', now: 0 })
  const numbers = [...text.matchAll(/ line (\d+) /gu)].map(([, number]) => Number(number))
  assert.equal(numbers.at(-1), 2499)
  assert.equal(numbers.length, lines)
  assert.ok((numbers[0] ?? 0) < 2000, 'older files are read too')
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => 2500 - numbers.length + index),
  )
  assert.ok(text.length < 1.2 * 1024 * 1024, String(text.length))
})

test('a report is readable for its owner only, and replaces no file that was not named', (t) => {
  const file = path.join(folder(t), 'report.txt')
  writeReport(file, 'one')
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.throws(() => writeReport(file, 'two'), { code: 'bad-request' })
  assert.equal(readFileSync(file, 'utf8'), 'one')
  writeReport(file, 'three', { replace: true })
  assert.equal(readFileSync(file, 'utf8'), 'three')
  assert.throws(() => writeReport(path.join(file, 'below.txt'), 'x'), { code: 'not-writable' })
})

test('a log that cannot be read is one line of the report, and errors of older versions are scrubbed too', (t) => {
  const profile = folder(t)
  mkdirSync(path.join(profile, 'logs', 'window.log'), { recursive: true })
  const error = { name: 'Error', message: 'connect ECONNREFUSED 10.1.2.3:4001', at: [] }
  const line = { level: 'warn', time: new Date(0).toISOString(), msg: 'x', error: { ...error, cause: error } }
  writeFileSync(path.join(profile, 'logs', 'quorum.log'), `${JSON.stringify(line)}\n`)
  const { text } = buildReport({ folder: profile, settings: {}, counts: 'Nothing.', now: 0 })
  assert.match(text, /cannot be read \((EISDIR|EINVAL)\)/u)
  assert.ok(!text.includes('10.1.2.3'), text)
})
