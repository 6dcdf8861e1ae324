/** The log of a program on a full disk: the failure is reported once, and the log continues when there is space. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { LogFile } from '../../scripts/cli/log-file.ts'
import { fillDisk, needsMount, smallDisk } from '../support/small-disk.ts'

test('a full disk is reported once; the log continues after space was freed', needsMount, (t) => {
  const disk = smallDisk(t, '1m')
  const logs = path.join(disk, 'logs')
  mkdirSync(logs)
  const free = fillDisk(disk)
  const reports: string[] = []
  const log = new LogFile({ folder: logs, name: 'a.log', trouble: (code) => reports.push(code) })
  for (let line = 0; line < 100; line += 1) log.write(`line ${line} ${'x'.repeat(100)}\n`)
  assert.deepEqual(reports, ['ENOSPC'])
  free()
  log.write('the last line\n')
  log.close()
  assert.match(readFileSync(path.join(logs, 'a.log'), 'utf8'), /the last line\n$/u)
  assert.deepEqual(reports, ['ENOSPC'])
})
