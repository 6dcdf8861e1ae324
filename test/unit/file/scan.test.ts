/** Which files of a folder are offered: a member that cannot be costs itself only, and is named. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { scan, scanAgain } from '../../../protocol/file/send/scan.ts'
import { folder } from '../../support/cleanup.ts'
import { becomeNobody } from '../../support/nobody.ts'

const linux = process.platform === 'linux'

test('members that cannot be read are named, and the others are offered', async (t) => {
  const top = path.join(folder(t), 'Project')
  fs.mkdirSync(path.join(top, 'private', 'deep'), { recursive: true })
  for (const name of ['a', 'secret', 'z', path.join('private', 'deep', 'x')])
    fs.writeFileSync(path.join(top, name), 'text')
  fs.symlinkSync('a', path.join(top, 'link'))
  becomeNobody(t, path.dirname(top))
  fs.chmodSync(path.join(top, 'secret'), 0o000)
  fs.chmodSync(path.join(top, 'private'), 0o000)

  const { entries, leftOut, links, sources } = await scan([top])
  const names = ['Project/a', 'Project/z']
  assert.deepEqual([entries.map((entry) => entry.path), links, sources], [names, 1, [fs.realpathSync(top)]])
  assert.deepEqual(leftOut, [
    { path: 'Project/secret', why: 'unreadable' },
    { path: 'Project/private/', why: 'unreadable' },
  ])
  await assert.rejects(scan([path.join(top, 'secret')]), { code: 'not-found', message: /cannot be read/ })

  fs.chmodSync(path.join(top, 'private'), 0o700)
  const members = leftOut.map((one) => ({ path: one.path, at: path.join(top, '..', one.path), source: top }))
  const again = await scanAgain(members)
  assert.deepEqual(
    again.entries.map((entry) => entry.path),
    ['Project/private/deep/x'],
  )
  assert.deepEqual([again.sources, again.leftOut], [[top], [{ path: 'Project/secret', why: 'unreadable' }]])
  await assert.rejects(scanAgain(members.slice(0, 1)), { code: 'not-found' })
})

test(
  'names that are no text are named as far as they are, and the others are offered',
  { skip: !linux && 'names are text here' },
  async (t) => {
    const top = path.join(folder(t), 'Old')
    fs.mkdirSync(top)
    fs.writeFileSync(path.join(top, 'good'), 'text')
    const odd = (name: string): Buffer => Buffer.concat([Buffer.from(`${top}/`), Buffer.from(name, 'latin1')])
    fs.writeFileSync(odd('Gr\xfc\xdfe.txt'), 'text')
    fs.mkdirSync(odd('B\xfccher'))
    fs.writeFileSync(Buffer.concat([odd('B\xfccher'), Buffer.from('/inside')]), 'text')
    const { entries, leftOut } = await scan([top])
    assert.deepEqual(
      entries.map((entry) => entry.path),
      ['Old/good'],
    )
    assert.deepEqual(leftOut, [
      { path: 'Old/B\ufffdcher/', why: 'name' },
      { path: 'Old/Gr\ufffd\ufffde.txt', why: 'name' },
    ])
  },
)

test(
  'a file that does not tell its size is refused, alone or in a folder; an empty one and one of holes are not',
  { skip: !linux && 'no procfs' },
  async (t) => {
    await assert.rejects(scan(['/proc/cpuinfo']), { code: 'bad-request', message: /does not tell its size/ })
    // 4,096 by its size, and a few characters.
    const page = '/sys/devices/system/cpu/online'
    if (fs.existsSync(page)) await assert.rejects(scan([page]), { code: 'bad-request' })
    else t.diagnostic('no file of sysfs is here to be refused')

    const top = path.join(folder(t), 'Mixed')
    fs.mkdirSync(top)
    fs.writeFileSync(path.join(top, 'empty'), '')
    fs.writeFileSync(path.join(top, 'holes'), '')
    fs.truncateSync(path.join(top, 'holes'), 5_000_000)
    const { entries, leftOut } = await scan([top])
    assert.deepEqual(
      entries.map(({ path, size }) => [path, size]),
      [
        ['Mixed/empty', 0],
        ['Mixed/holes', 5_000_000],
      ],
    )
    assert.deepEqual(leftOut, [])
    await assert.rejects(scan(['/proc/sys/kernel/random']), { code: 'not-found', message: /random\/boot_id/ })
  },
)
