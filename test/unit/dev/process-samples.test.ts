/** What a long run concludes from its samples: growth from the least of each minute, and descriptors by quarters. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import {
  inUse,
  measured,
  memoryOf,
  minima,
  quarters,
  sample,
  slope,
  type Sample,
} from '../../support/process-samples.ts'

/** Six samples a minute for an hour: garbage comes and goes, and `leak` MB an hour stays. */
const hour = (leak: number): Sample[] =>
  Array.from({ length: 360 }, (_, at) => ({
    minute: at / 6,
    memory: 100 + (leak * Math.floor(at / 6)) / 60 + (at % 6) * 5 + (at < 120 ? 30 : 0),
    descriptors: 30 + (at % 7),
  }))

test('the growth of a process is what stays of its memory, without the beginning', () => {
  assert.ok(Math.abs(slope(minima(memoryOf(hour(0)), 20, 1)) * 60) < 1e-9)
  assert.ok(Math.abs(slope(minima(memoryOf(hour(3)), 20, 1)) * 60 - 3) < 1e-9)
  assert.ok(slope(minima(memoryOf(hour(0)), 0, 1)) < 0)
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

test('a program tells what it has in use without its garbage', { skip: process.platform === 'win32' }, (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-in-use-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'in-use')
  const program = `
    import fs from 'node:fs'
    import { setTimeout as pause } from 'node:timers/promises'
    const file = process.env.IN_USE_FILE
    const kept = []
    const lines = () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\\n').length - 1 : 0)
    async function told() {
      // Buffers are freed beside the program, after a collection.
      for (const before = lines(); lines() < before + 5;) {
        gc()
        await pause(10)
      }
      process.stdout.write(lines() + '\\n')
    }
    await told()
    for (let at = 0; at < 100; at += 1) Buffer.alloc(1e6, at)
    await told()
    kept.push(Buffer.alloc(20e6), Array.from({ length: 100_000 }, (_, at) => ({ at })))
    await told()
    if (kept.length === 0) throw new Error('not kept')
  `
  const before = Date.now()
  const told = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program], {
    env: { ...process.env, ...measured(file) },
    encoding: 'utf8',
  })
  const used = inUse(file, before)
  const [first, garbage, more] = told.split('\n').map((line) => used[Number(line) - 1])
  assert.ok(first && garbage && more && first[0] >= 0 && more[0] >= garbage[0])
  assert.ok(Math.abs(garbage[1] - first[1]) < 5, `${garbage[1]} MB after garbage, not ${first[1]}`)
  assert.ok(more[1] - garbage[1] > 22, `${more[1]} MB with 22 MB more, ${garbage[1]} before`)
})
