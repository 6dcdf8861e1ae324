/** Weekly backups by a clock of the test: when they are made, which stay, and how a folder that fails is told. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { importBackup, openSqliteStore, type PeerEvent, type Store } from '../../protocol/index.ts'
import { afterRestore } from '../../protocol/backup.ts'
import { Backups } from '../../protocol/backups.ts'
import type { ErrorCode } from '../../protocol/base/errors.ts'
import { plainPages, unpackedBackup } from '../support/backup-content.ts'
import { folder } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { refused } from '../support/refused.ts'
import { until } from '../support/until.ts'

const day = 24 * 60 * 60 * 1000
const hour = day / 24
const peer = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
const susan = '12D3KooWSusan'

interface Stage {
  store: Store
  /** Of the backups. */
  directory: string
  clock: { now: number }
  warnings: [ErrorCode, string | undefined][]
  events: PeerEvent[]
  /** As after a new start of the peer. */
  backups: () => Backups
}

async function stage(t: TestContext): Promise<Stage> {
  const store = await openSqliteStore({ directory: folder(t) })
  t.after(() => store.close())
  store.setSetting('seed', Buffer.alloc(32, 9))
  const clock = { now: Date.UTC(2027, 0, 1, 12) }
  const warnings: Stage['warnings'] = []
  const events: PeerEvent[] = []
  const backups = (): Backups =>
    new Backups({
      store,
      peer,
      events: { emit: (event) => events.push(event), warn: (code, _, part) => warnings.push([code, part]) },
      now: () => clock.now,
      log: () => {},
    })
  return { store, directory: folder(t), clock, warnings, events, backups }
}

function befriendSusan(store: Store, addedAt: number): void {
  store.putFriend({ ...befriended(susan, []), name: 'Susan', addedAt })
}

const names = (directory: string): string[] => fs.readdirSync(directory).toSorted()
const named = (...days: string[]): string[] => days.map((one) => `quorum-weekly-${peer.slice(-6)}-${one}.backup`)

test('one a week, of which the newest three stay; all open with the same words', async (t) => {
  const { store, directory, clock, events, backups } = await stage(t)
  const others = ['quorum-weekly-AAAAAA-2026-01-01.backup', `quorum-weekly-${peer.slice(-6)}-mine.txt`, 'thesis']
  for (const name of others) fs.writeFileSync(path.join(directory, name), 'not ours')
  let running = backups()
  assert.deepEqual(running.state(), { remind: false })
  const { words = '', ...state } = await running.startWeekly({ directory })
  assert.deepEqual(state, { lastAt: clock.now, remind: false, weekly: { directory, lastAt: clock.now } })
  assert.equal(events.at(-1)?.event, 'backup-progress')
  const mine = (): string[] => names(directory).filter((name) => !others.includes(name))
  assert.deepEqual(mine(), named('2027-01-01'))

  // Of a process that was killed.
  fs.writeFileSync(path.join(directory, `${mine()[0]}.00aa11bb.part`), 'left')
  clock.now += 7 * day - 1
  await running.makeDue()
  assert.equal(mine().length, 2)
  events.length = 0
  for (const wanted of [
    named('2027-01-01', '2027-01-08'),
    named('2027-01-01', '2027-01-08', '2027-01-15'),
    named('2027-01-08', '2027-01-15', '2027-01-22'),
    named('2027-01-15', '2027-01-22', '2027-01-29'),
  ]) {
    store.setSetting('name', Buffer.from(wanted.at(-1) ?? ''))
    clock.now = Date.parse(`${/\d{4}-\d\d-\d\d/u.exec(wanted.at(-1) ?? '')?.[0]}T12:00Z`)
    running = backups()
    await Promise.all([running.makeDue(), running.makeDue()])
    assert.deepEqual(mine(), wanted)
  }
  assert.deepEqual(events, [], 'of what nobody waits for, nothing is reported')
  assert.equal(names(directory).length, 6)
  for (const name of mine()) {
    const restored = path.join(folder(t), 'profile')
    await importBackup({ directory: restored, path: path.join(directory, name), words })
    const again = await openSqliteStore({ directory: restored })
    assert.equal(Buffer.from(again.setting('name') ?? []).toString(), name)
    again.close()
  }

  assert.deepEqual(running.stopWeekly(), { lastAt: clock.now, remind: false })
  clock.now += 30 * day
  await running.makeDue()
  assert.equal(mine().length, 3, 'those that are there stay')
})

test('a backup of the time of a clock that ran ahead keeps out no later one', async (t) => {
  const { directory, clock, backups } = await stage(t)
  clock.now = Date.UTC(2031, 0, 1)
  const running = backups()
  await running.startWeekly({ directory })
  for (let n = 0; n < 4; n++) {
    clock.now = Date.UTC(2027, 0, 1 + 7 * n)
    await running.makeDue()
  }
  assert.deepEqual(names(directory), named('2027-01-08', '2027-01-15', '2027-01-22'))
})

test('a folder that fails is told once, tried again each hour, and told anew after it worked', async (t) => {
  const { directory, clock, warnings, backups } = await stage(t)
  const away = `${directory}-away`
  t.after(() => fs.rmSync(away, { recursive: true, force: true }))
  let running = backups()
  const words = running.startWeekly({ directory: path.join(directory, 'none') })
  await assert.rejects(words, refused('not-writable'), 'at the beginning the person is asked for another one')
  assert.equal(running.state().weekly, undefined)
  await running.startWeekly({ directory, passphrase: 'correct horse' })

  fs.renameSync(directory, away)
  clock.now += 7 * day
  await running.makeDue()
  assert.deepEqual(warnings, [['not-writable', 'weekly-backup']])
  assert.equal(running.state().weekly?.error?.code, 'not-writable')
  for (let n = 0; n < 3; n++) {
    clock.now += hour
    await running.makeDue()
    running = backups()
    await running.makeDue()
  }
  assert.equal(warnings.length, 1, 'once')

  fs.renameSync(away, directory)
  clock.now += hour - 1
  await running.makeDue()
  assert.equal(names(directory).length, 1, 'not before its time')
  clock.now += 1
  await running.makeDue()
  assert.equal(names(directory).length, 2)
  assert.equal(running.state().weekly?.error, undefined)
  const [, newest = ''] = names(directory)
  const file = path.join(directory, newest)
  await importBackup({ directory: path.join(folder(t), 'profile'), path: file, passphrase: 'correct horse' })

  fs.renameSync(directory, away)
  clock.now += 7 * day
  await running.makeDue()
  assert.equal(warnings.length, 2)
})

test('104: the key of the weekly backups is in no backup, and gone when they end', async (t) => {
  const { store, directory, backups } = await stage(t)
  const running = backups()
  await running.startWeekly({ directory, passphrase: 'correct horse' })
  assert.ok(store.setting('weekly-backups'))
  const file = path.join(folder(t), 'backup')
  const { words = '' } = await running.export({ path: file })
  const restored = path.join(folder(t), 'profile')
  await importBackup({ directory: restored, path: file, words })
  const again = await openSqliteStore({ directory: restored })
  t.after(() => again.close())
  assert.deepEqual([again.setting('weekly-backups'), again.setting('seed')?.length], [undefined, 32])
  await store.withCopy(async ({ file: copy, key }) => {
    assert.ok(plainPages(t, copy, key).includes('preamble'), 'the search finds what is there')
  })
  const inside = await unpackedBackup(t, file, { words })
  assert.ok(!plainPages(t, inside.file, inside.key).includes('preamble'))
  running.stopWeekly()
  await store.withCopy(async ({ file: copy, key }) => assert.ok(!plainPages(t, copy, key).includes('preamble')))
})

test('the peer asks each minute, and ends what is being written when it stops', async (t) => {
  const { directory, clock, backups } = await stage(t)
  const running = backups()
  await running.startWeekly({ directory })
  clock.now += 7 * day
  t.mock.timers.enable({ apis: ['setInterval'] })
  running.start()
  t.mock.timers.tick(60_000)
  await until(() => names(directory).length > 1 && names(directory).every((name) => name.endsWith('.backup')), 'made')
  const writing = running.export({ path: path.join(directory, 'x') })
  await Promise.all([assert.rejects(writing, refused('cancelled')), running.stop()])
  clock.now += 7 * day
  t.mock.timers.tick(600_000)
  await running.makeDue()
  assert.equal(names(directory).length, 2)
})

test('the person is reminded of a backup once a friendship of three days has messages, until one word', async (t) => {
  const { store, clock, backups } = await stage(t)
  befriendSusan(store, clock.now)
  const reminds = (): boolean => backups().state().remind
  clock.now += 3 * day
  assert.equal(reminds(), false, 'without messages there is nothing to lose')
  store.queueMessage(susan, { id: 'a', text: 'hello', sentAt: clock.now })
  clock.now -= 1
  assert.equal(reminds(), false)
  clock.now += 1
  assert.equal(reminds(), true)
  assert.equal(backups().dismissReminder().remind, false)
  clock.now += 1000 * day
  assert.equal(reminds(), false)
})

test('who has made a backup is not reminded', async (t) => {
  const { store, clock, backups } = await stage(t)
  befriendSusan(store, clock.now - 3 * day)
  store.queueMessage(susan, { id: 'a', text: 'hello', sentAt: clock.now })
  assert.equal(backups().state().remind, true)
  await backups().export({ path: path.join(folder(t), 'backup') })
  assert.deepEqual(backups().state(), { lastAt: clock.now, remind: false })

  store.setSetting('backups', undefined)
  assert.equal(backups().state().remind, true)
  store.setSetting('restored', Buffer.from('1'))
  afterRestore(store, { pauseAll: () => {} }, Date.now())
  assert.equal(backups().state().remind, false, 'and who has restored one knows of them')
})
