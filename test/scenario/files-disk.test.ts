/**
 * threats.md 48, 50, 53: the source changes while it is sent, the disk of the receiver is full, read-only or removed:
 * both sides report it in words, no partial file is shown, and a transfer continues once the problem is solved.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type HeadlessPeer, startFriends } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { mountSmallDisk, needsMount } from '../support/small-disk.ts'
import { becomes, digestOf, give, MiB, randomFile, reaches, transferOf } from '../support/transfers.ts'
import { until } from '../support/until.ts'

const size = 40 * MiB

describe('files and disks', () => {
  const unmounts: (() => void)[] = []
  const stage = new Stage({
    after: (work) =>
      after(async () => {
        for (const unmount of unmounts) unmount()
        await work()
      }),
  })
  let alice: HeadlessPeer
  let bob: HeadlessPeer
  let places = 0
  const fresh = (): { file: string; to: string } => {
    const at = path.join(stage.folder, `case-${++places}`)
    return { file: randomFile(path.join(at, 'from/source.bin'), size), to: path.join(at, 'to') }
  }
  const smallDisk = (bytes: number): string => {
    const disk = path.join(stage.folder, `disk-${unmounts.length}`)
    fs.mkdirSync(disk)
    unmounts.push(mountSmallDisk(disk, `${bytes}`))
    return disk
  }
  before(async () => {
    ;({ alice, bob } = await startFriends(stage, 'auto'))
  })

  /** Pauses the transfer when a part has arrived, so that the source changes in the middle of it. */
  async function halfway(file: string, to: string): Promise<string> {
    const id = await give(alice, bob, [file], to)
    await reaches(bob, id, 2 * MiB)
    await bob.call('pauseTransfer', { transfer: id })
    await becomes(id, 'paused', [alice, bob])
    assert.ok((await transferOf(bob, id)).doneBytes < size, 'the pause came too late: it shows nothing')
    return id
  }

  const changes: [what: string, change: (file: string) => void][] = [
    ['gets other content', (file) => void randomFile(file, size)],
    [
      'gets other content and its old date',
      (file) => {
        const { atime, mtime } = fs.statSync(file)
        randomFile(file, size)
        fs.utimesSync(file, atime, mtime)
      },
    ],
    ['grows', (file) => fs.appendFileSync(file, 'more')],
    ['shrinks', (file) => fs.truncateSync(file, size - 1)],
    ['is removed', (file) => fs.rmSync(file)],
    [
      'becomes a link',
      (file) => {
        fs.renameSync(file, `${file}.moved`)
        fs.symlinkSync(`${file}.moved`, file)
      },
    ],
    [
      'becomes a pipe',
      (file) => {
        fs.rmSync(file)
        execFileSync('mkfifo', [file])
      },
    ],
    [
      'becomes a folder',
      (file) => {
        fs.rmSync(file)
        fs.mkdirSync(file)
      },
    ],
  ]
  for (const [what, change] of changes) {
    test(`threats.md 48, 53: the source ${what} while paused: both sides report it, nothing is left`, async () => {
      const { file, to } = fresh()
      const id = await halfway(file, to)
      change(file)
      await bob.call('resumeTransfer', { transfer: id })
      for (const { error } of await becomes(id, 'failed', [alice, bob])) {
        assert.equal(error?.code, 'source-changed')
        assert.match(error.message, /changed, moved or removed/)
      }
      await until(() => fs.readdirSync(to).length === 0, 'nothing is left')
      fs.rmSync(path.dirname(to), { recursive: true })
    })
  }

  test('threats.md 48: content that changes while it is read is detected at the end; a new date is no change', async () => {
    const { file, to } = fresh()
    const id = await halfway(file, to)
    const now = new Date()
    fs.utimesSync(file, now, now)
    await bob.call('resumeTransfer', { transfer: id })
    await becomes(id, 'done', [alice, bob])
    assert.equal(digestOf(path.join(to, 'source.bin')), digestOf(file))

    const large = randomFile(`${file}.large`, 150 * MiB)
    const second = await give(alice, bob, [large], to)
    await reaches(bob, second, 10 * MiB)
    const handle = fs.openSync(large, 'r+')
    fs.writeSync(handle, 'changed', 0)
    fs.closeSync(handle)
    await becomes(second, 'failed', [alice, bob])
    await until(() => fs.readdirSync(to).join() === 'source.bin', 'nothing of it is left')
    fs.rmSync(path.dirname(to), { recursive: true })
  })

  test(
    'threats.md 50: no room is reported before accepting; a disk that fills up is reported, then it continues',
    needsMount,
    async () => {
      const { file } = fresh()
      const disk = smallDisk(size + 4 * MiB)
      const ballast = randomFile(path.join(disk, 'ballast'), 8 * MiB)
      const { id } = await alice.call('sendFiles', { peer: bob.id, paths: [file] })
      await bob.event('transfer-offered', (one) => one.id === id)
      assert.equal(await bob.refusal('acceptTransfer', { transfer: id, directory: disk }), 'disk-full')
      assert.equal((await transferOf(bob, id)).state, 'offered')
      fs.rmSync(ballast)
      // Another program fills the disk after the check of free space and before the first data.
      await alice.stop()
      await bob.sees(alice, false)
      await bob.call('acceptTransfer', { transfer: id, directory: disk })
      await until(() => fs.existsSync(path.join(disk, `.quorum-${id}`, 'journal')), 'it waits')
      await becomes(id, 'waiting', [bob])
      fs.writeFileSync(ballast, Buffer.alloc(10 * MiB))
      await alice.start()
      const [hers, his] = await becomes(id, 'failed', [alice, bob])
      assert.deepEqual([hers?.error?.code, his?.error?.code], ['disk-full', 'disk-full'])
      assert.match(hers?.error?.message ?? '', /Their disk is full/)
      assert.match(his?.error?.message ?? '', /full|not enough room/)
      assert.equal(await bob.refusal('pauseTransfer', { transfer: id }), 'bad-request')
      fs.rmSync(ballast)
      await bob.call('resumeTransfer', { transfer: id })
      await becomes(id, 'done', [alice, bob])
      assert.equal(digestOf(path.join(disk, 'source.bin')), digestOf(file))
      assert.deepEqual(fs.readdirSync(disk), ['source.bin'])
    },
  )

  test(
    'threats.md 50: a disk that becomes read-only or is removed is reported, and the transfer continues',
    needsMount,
    async () => {
      const { file } = fresh()
      const disk = smallDisk(size + 8 * MiB)
      const id = await halfway(file, path.join(disk, 'to'))
      execFileSync('mount', ['-o', 'remount,ro', disk])
      await bob.call('resumeTransfer', { transfer: id })
      const [hers, his] = await becomes(id, 'failed', [alice, bob])
      assert.deepEqual([hers?.error?.code, his?.error?.code], ['not-writable', 'not-writable'])
      assert.match(hers?.error?.message ?? '', /Their disk refuses/)
      await bob.stop()
      await bob.start()
      await becomes(id, 'failed', [bob])
      execFileSync('mount', ['-o', 'remount,rw', disk])
      await bob.call('resumeTransfer', { transfer: id })
      await becomes(id, 'done', [alice, bob])
      assert.equal(digestOf(path.join(disk, 'to/source.bin')), digestOf(file))
    },
  )

  test('threats.md 50: a folder removed in the middle is reported; once it is back, the transfer restarts', async () => {
    const { file, to } = fresh()
    const id = await halfway(file, to)
    fs.rmSync(to, { recursive: true })
    await bob.call('resumeTransfer', { transfer: id })
    const [, his] = await becomes(id, 'failed', [alice, bob])
    assert.equal(his?.error?.code, 'not-writable')
    fs.mkdirSync(to)
    await bob.call('resumeTransfer', { transfer: id })
    await becomes(id, 'done', [alice, bob])
    assert.equal(digestOf(path.join(to, 'source.bin')), digestOf(file))
    assert.deepEqual(fs.readdirSync(to), ['source.bin'])
  })

  test('threats.md 53: pipes and devices are refused, links in folders left out, planted links not followed', async () => {
    const { file, to } = fresh()
    const from = path.dirname(file)
    execFileSync('mkfifo', [path.join(from, 'pipe')])
    fs.symlinkSync('/etc/passwd', path.join(from, 'link'))
    for (const name of [path.join(from, 'pipe'), '/dev/zero']) {
      assert.equal(await alice.refusal('sendFiles', { peer: bob.id, paths: [name] }), 'bad-request')
    }
    fs.chmodSync(file, 0o777)
    const victim = path.join(path.dirname(to), 'victim')
    fs.mkdirSync(to)
    fs.writeFileSync(victim, 'untouched')
    for (const name of ['from', 'source.bin']) fs.symlinkSync(victim, path.join(to, name))
    const id = await give(alice, bob, [from], to)
    await becomes(id, 'done', [alice, bob])
    const one = await give(alice, bob, [file], to)
    await becomes(one, 'done', [alice, bob])
    assert.equal(fs.readFileSync(victim, 'utf8'), 'untouched')
    assert.deepEqual(fs.readdirSync(to).toSorted(), ['from', 'from (2)', 'source (2).bin', 'source.bin'])
    assert.deepEqual(fs.readdirSync(path.join(to, 'from (2)')), ['source.bin'])
    assert.equal(fs.statSync(path.join(to, 'source (2).bin')).mode & 0o111, 0, 'threats.md 54: no execute bit')
    const missing = [
      { path: 'from/link', why: 'link' },
      { path: 'from/pipe', why: 'special' },
    ]
    for (const side of [alice, bob]) {
      const both = await side.call('transfers', { peer: (side === alice ? bob : alice).id })
      assert.deepEqual(both.find((one) => one.id === id)?.missing, missing, 'both sides are told')
    }
    assert.equal(await alice.refusal('sendMissing', { transfer: id }), 'bad-request', 'it would be left out again')
  })
})
