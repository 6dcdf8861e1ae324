/** The files of a log: bounded, readable for their owner only, complete up to a kill; errors never stop the program. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { LogFile, logNames } from '../../../scripts/cli/log-file.ts'
import { logFolder, openLog } from '../../../scripts/cli/program-log.ts'
import { folder } from '../../support/cleanup.ts'

const never = (code: string): never => assert.fail(`the log has trouble: ${code}`)

test('a log stays within its bounds, and has its newest lines in order', (t) => {
  const logs = path.join(folder(t), 'logs')
  const [bytes, files] = [1000, 3]
  const log = new LogFile({ folder: logs, name: 'a.log', trouble: never, bytes, files })
  for (let line = 0; line < 500; line++) log.write(`line ${line}\n`)
  log.close()
  assert.deepEqual(readdirSync(logs).toSorted(), ['a.log', 'a.log.1', 'a.log.2'])
  for (const name of readdirSync(logs)) assert.ok(statSync(path.join(logs, name)).size <= bytes, name)
  const text = logNames(path.join(logs, 'a.log'), files)
    .toReversed()
    .map((name) => readFileSync(name, 'utf8'))
    .join('')
  const lines = text.trimEnd().split('\n')
  assert.equal(lines.at(-1), 'line 499')
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, index) => `line ${500 - lines.length + index}`),
  )
  // Another process continues the log.
  const next = new LogFile({ folder: logs, name: 'a.log', trouble: never, bytes, files })
  next.write('line 500\n')
  assert.match(readFileSync(path.join(logs, 'a.log'), 'utf8'), /line 499\nline 500\n$/u)
  next.close()
})

test('files and folder are readable for their owner only, whatever their mode was before', (t) => {
  if (process.platform === 'win32') return t.skip('Windows has no modes')
  const logs = path.join(folder(t), 'logs')
  mkdirSync(logs, { mode: 0o755 })
  writeFileSync(path.join(logs, 'a.log'), 'old\n', { mode: 0o644 })
  new LogFile({ folder: logs, name: 'a.log', trouble: never }).write('new\n')
  assert.equal(statSync(logs).mode & 0o777, 0o700)
  assert.equal(statSync(path.join(logs, 'a.log')).mode & 0o777, 0o600)
})

test('without a profile there is no log, and no folder is created', (t) => {
  const profile = path.join(folder(t), 'profile')
  const log = new LogFile({ folder: logFolder(profile), name: 'a.log', trouble: never })
  log.write('one\n')
  assert.ok(!existsSync(profile))
  mkdirSync(profile)
  log.write('two\n')
  assert.equal(readFileSync(path.join(profile, 'logs', 'a.log'), 'utf8'), 'two\n')
})

test('a folder that cannot be created is reported once; nothing is thrown, and the log continues when it can', (t) => {
  const logs = path.join(folder(t), 'logs')
  mkdirSync(path.join(logs, 'a.log'), { recursive: true })
  const reports: string[] = []
  const log = new LogFile({ folder: logs, name: 'a.log', trouble: (code) => reports.push(code) })
  log.write('one\n')
  log.write('two\n')
  assert.deepEqual(reports, ['EISDIR'])
})

test('no link is followed, no pipe is waited for, and nothing that is not the log changes its mode', (t) => {
  const place = folder(t)
  const other = path.join(place, 'other')
  mkdirSync(other, { mode: 0o755 })
  writeFileSync(path.join(other, 'file'), 'important', { mode: 0o644 })
  for (const [name, make, code] of [
    ['a link as the file', (logs: string) => symlinkSync(path.join(other, 'file'), path.join(logs, 'a.log')), 'ELOOP'],
    ['a pipe', (logs: string) => execFileSync('mkfifo', [path.join(logs, 'a.log')]), 'ENXIO'],
    ['a link as the folder', (logs: string) => (rmdirSync(logs), symlinkSync(other, logs)), 'ENOTDIR'],
  ] as const) {
    const logs = path.join(folder(t), 'logs')
    mkdirSync(logs)
    make(logs)
    const reports: string[] = []
    const log = new LogFile({ folder: logs, name: 'a.log', trouble: (why) => reports.push(why) })
    log.write('one\n')
    assert.deepEqual(reports, [code], name)
  }
  assert.equal(readFileSync(path.join(other, 'file'), 'utf8'), 'important')
  assert.deepEqual(readdirSync(other), ['file'])
  const modes = [other, path.join(other, 'file')].map((file) => statSync(file).mode & 0o777)
  assert.deepEqual(modes, [0o755, 0o644])
})

test('QUORUM_LOG raises and lowers the level; an unknown value is reported and has no other effect', (t) => {
  const levels = { debug: 4, info: 3, warn: 2, error: 1, off: 0, '': 3, loud: 3 }
  for (const [value, count] of Object.entries(levels)) {
    const profile = folder(t)
    const reports: string[] = []
    const env = { QUORUM_LOG: value }
    const { log } = openLog({
      folder: profile,
      file: 'peer',
      program: 'test',
      env,
      complain: (one) => reports.push(one),
    })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, `said at ${level}`)
    const file = path.join(profile, 'logs', 'quorum.log')
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    assert.equal(text.split('\n').filter((line) => line.includes('said at')).length, count, value)
    assert.equal(reports.length, value === 'loud' ? 1 : 0, reports.join())
  }
})
