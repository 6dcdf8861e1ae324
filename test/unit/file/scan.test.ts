/** Which files of a folder are offered: a member that cannot be costs itself only, and is named. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { scan, scanAgain } from '../../../protocol/file/send/scan.ts'
import { folder, undo } from '../../support/cleanup.ts'
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

  const { entries, leftOut, sources } = await scan([top])
  const names = ['Project/a', 'Project/z']
  assert.deepEqual([entries.map((entry) => entry.path), sources], [names, [fs.realpathSync(top)]])
  assert.deepEqual(leftOut, [
    { path: 'Project/secret', why: 'unreadable' },
    { path: 'Project/private/', why: 'unreadable' },
    { path: 'Project/link', why: 'link' },
  ])
  await assert.rejects(scan([path.join(top, 'secret')]), { code: 'not-found', message: /cannot be read/ })

  fs.chmodSync(path.join(top, 'private'), 0o700)
  const members = leftOut
    .slice(0, 2)
    .map((one) => ({ path: one.path, at: path.join(top, '..', one.path), source: top }))
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

test('links within a folder are named and never followed, wherever they lead; a link that a person names is', async (t) => {
  const home = folder(t)
  const [top, outside] = [path.join(home, 'Project'), path.join(home, 'Outside')]
  for (const one of [path.join(top, 'sub', 'deep'), outside]) fs.mkdirSync(one, { recursive: true })
  for (const one of [path.join(top, 'sub', 'file'), path.join(outside, 'secret')]) fs.writeFileSync(one, 'text')
  const links = {
    absolute: path.join(outside, 'secret'),
    chain: 'outside-file',
    dangling: 'nothing',
    itself: 'itself',
    'outside-file': '../Outside/secret',
    'outside-folder': '../Outside',
    'sub/deep/up': '../..',
    'sub/down': 'deep',
    'sub/file-link': 'file',
    'sub/system': '/etc/passwd',
    whole: '.',
  }
  for (const [name, to] of Object.entries(links)) fs.symlinkSync(to, path.join(top, name))
  const { entries, leftOut, sources } = await scan([top])
  assert.deepEqual(
    entries.map((entry) => entry.path),
    ['Project/sub/file', 'Project/sub/deep/'],
  )
  assert.deepEqual(
    leftOut.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    Object.keys(links).map((name) => ({ path: `Project/${name}`, why: 'link' })),
  )
  assert.deepEqual(sources, [fs.realpathSync(top)])

  const named = path.join(home, 'named')
  fs.symlinkSync('Project/sub', named)
  assert.deepEqual(
    (await scan([named])).entries.map((entry) => entry.path),
    ['named/file', 'named/deep/'],
  )
  await assert.rejects(scan([path.join(top, 'dangling')]), { code: 'not-found', message: /does not exist/ })
  await assert.rejects(scan([path.join(top, 'itself')]), { code: 'not-found' })
  fs.rmSync(path.join(top, 'sub', 'file'))
  await assert.rejects(scan([top]), { code: 'not-found', message: /is a link, which is not followed/ })
})

test('a folder or file in whose place there is a link by now is not followed', async (t) => {
  const home = folder(t)
  const [top, outside] = [path.join(home, 'Project'), path.join(home, 'Outside')]
  for (const one of [top, path.join(outside, 'deep')]) fs.mkdirSync(one, { recursive: true })
  for (const one of ['kept', 'file']) fs.writeFileSync(path.join(top, one), 'text')
  fs.writeFileSync(path.join(outside, 'secret'), 'text')
  fs.symlinkSync('../Outside', path.join(top, 'folder'))
  fs.rmSync(path.join(top, 'file'))
  fs.symlinkSync('../Outside/secret', path.join(top, 'file'))
  const member = (name: string) => ({ path: `Project/${name}`, at: path.join(top, name), source: top })
  const names = ['kept', 'folder/', 'file', 'folder/secret', 'folder/deep/']
  const { entries, leftOut } = await scanAgain(names.map(member))
  assert.deepEqual(
    entries.map((entry) => entry.path),
    ['Project/kept'],
  )
  assert.deepEqual(leftOut, [
    { path: 'Project/folder', why: 'link' },
    { path: 'Project/file', why: 'link' },
    { path: 'Project/folder/secret', why: 'link' },
    { path: 'Project/folder/deep', why: 'link' },
  ])
})

test('pipes and sockets within a folder are named, behind what is lost', { skip: !linux && 'no pipes' }, async (t) => {
  const top = path.join(folder(t), 'Run')
  fs.mkdirSync(top)
  fs.writeFileSync(path.join(top, 'file'), 'text')
  fs.writeFileSync(path.join(top, 'locked'), 'text')
  execFileSync('mkfifo', [path.join(top, 'a pipe')])
  const server = createServer().listen(path.join(top, 'socket'))
  t.after(() => server.close())
  await once(server, 'listening')
  becomeNobody(t, path.dirname(top))
  fs.chmodSync(path.join(top, 'locked'), 0o000)
  assert.deepEqual((await scan([top])).leftOut, [
    { path: 'Run/locked', why: 'unreadable' },
    { path: 'Run/a pipe', why: 'special' },
    { path: 'Run/socket', why: 'special' },
  ])
})

test(
  'a folder whose path is longer than the system allows costs itself only',
  { skip: !linux && 'other limits' },
  async (t) => {
    const top = path.join(folder(t), 'Deep')
    const half = path.join(...Array.from({ length: 12 }, () => 'd'.repeat(200)))
    const other = path.join(folder(t), 'other')
    fs.mkdirSync(path.join(top, half), { recursive: true })
    fs.mkdirSync(path.join(other, half), { recursive: true })
    fs.writeFileSync(path.join(top, 'ok'), 'text')
    fs.renameSync(other, path.join(top, half, 'other'))
    undo(t).defer(() => void execFileSync('rm', ['-r', top]))
    const { entries, leftOut } = await scan([top])
    assert.equal(entries[0]?.path, 'Deep/ok')
    assert.deepEqual(
      leftOut.map(({ why }) => why),
      ['unreadable'],
    )
  },
)
