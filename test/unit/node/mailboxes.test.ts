/** The node's mailboxes, handles and invites: bounds, durability; a damaged or locked file is refused and unchanged. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError, limits } from '#protocol'
import type { ErrorCode } from '#protocol'
import { nodeLimits } from '../../../node/limits.ts'
import { openMailboxes } from '../../../node/mailboxes.ts'
import type { Mailboxes } from '../../../node/mailboxes.ts'
import { change } from '../../support/numbers.ts'
import { until } from '../../support/until.ts'

// The calls are made one after the other here.
Object.assign(nodeLimits, { writeWindow: 0 })

const now = 1_800_000_000_000
const hour = 60 * 60 * 1000

function folder(t: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-held-'))
  t.after(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

function inMemory(t: TestContext): Mailboxes {
  const mail = openMailboxes(':memory:')
  t.after(() => mail.close())
  return mail
}

const bytes = (text: string) => new TextEncoder().encode(text)
const slot = (n: number) => new Uint8Array(new Uint32Array(4).fill(n).buffer)
const code = (expected: ErrorCode) => (error: unknown) => error instanceof QuorumError && error.code === expected

const noParcels = { mailboxes: 0, parcels: 0, parcelBytes: 0 }

test('an envelope is held until its recipient drops it, oldest first', async (t) => {
  const mail = inMemory(t)
  const first = await mail.hold('bob', 'alice', bytes('one'), now)
  const second = await mail.hold('bob', 'carol', bytes('two'), now + 1)
  assert.deepEqual(mail.held('bob'), [
    { id: first.id, bytes: 3, heldSince: now },
    { id: second.id, bytes: 3, heldSince: now + 1 },
  ])
  assert.deepEqual(mail.envelope('bob', second.id), bytes('two'))
  assert.equal(mail.envelope('alice', second.id), undefined)
  assert.equal(mail.stats().heldBytes, 6)
  await mail.drop('mallory', [first.id])
  assert.equal(mail.held('bob').length, 2)
  await mail.drop('bob', [first.id, first.id, 999])
  assert.deepEqual(
    mail.held('bob').map((held) => held.id),
    [second.id],
  )
  assert.deepEqual({ ...mail.stats() }, { held: 1, heldBytes: 3, handles: 0, parked: 0, ...noParcels })
})

test('how many envelopes are held in all can be chosen; fewer than there are drops none', async (t) => {
  const file = path.join(folder(t), 'held.db')
  let mail = openMailboxes(file, { held: 3 })
  for (const n of [1, 2, 3]) await mail.hold(`peer${n}`, 'alice', bytes('one'), now, ['192.0.2.1'])
  await assert.rejects(mail.hold('peer4', 'alice', bytes('one'), now, ['192.0.2.1']), code('disk-full'))
  mail.close()
  mail = openMailboxes(file, { held: 2 })
  t.after(() => mail.close())
  assert.equal(mail.stats().held, 3)
  await mail.hold('peer4', 'bob', bytes('one'), now, ['192.0.2.2'])
  assert.deepEqual([mail.stats().held, mail.held('peer1').length, mail.held('peer4').length], [3, 0, 1])
})

test('what was relayed in a day is kept', async (t) => {
  const file = path.join(folder(t), 'held.db')
  let mail = openMailboxes(file)
  assert.equal(mail.relayed(), undefined)
  await mail.noteRelayed({ day: 20_000, bytes: 5 })
  await mail.noteRelayed({ day: 20_001, bytes: 2 ** 45 })
  mail.close()
  mail = openMailboxes(file)
  t.after(() => mail.close())
  assert.deepEqual({ ...mail.relayed() }, { day: 20_001, bytes: 2 ** 45 })
})

test('an id is never reused for another envelope', async (t) => {
  const mail = inMemory(t)
  const first = await mail.hold('bob', 'alice', bytes('one'), now)
  await mail.drop('bob', [first.id])
  const second = await mail.hold('bob', 'alice', bytes('two'), now)
  assert.notEqual(second.id, first.id)
})

test('an identical envelope is held once for a recipient, even when the quota is used up', async (t) => {
  const mail = inMemory(t)
  const all = Array.from({ length: limits.heldPerSender }, (_, n) => mail.hold('bob', 'alice', bytes(`${n}`), now))
  const held = await Promise.all(all)
  assert.deepEqual(await mail.hold('bob', 'alice', bytes('0'), now + 5), held[0])
  await mail.hold('carol', 'alice', bytes('0'), now)
  assert.equal(mail.stats().held, limits.heldPerSender + 1)
})

test('a sender has a quota for each recipient, and a recipient has one for all senders', async (t) => {
  const mail = inMemory(t)
  for (let n = 0; n < limits.heldPerSender; n++) await mail.hold('bob', 'alice', bytes(`${n}`), now)
  await assert.rejects(mail.hold('bob', 'alice', bytes('more'), now), code('rate-limited'))
  await mail.hold('carol', 'alice', bytes('more'), now)
  for (let n = limits.heldPerSender; n < limits.heldPerRecipient; n++)
    await mail.hold('bob', `p${n}`, bytes(`${n}`), now)
  await assert.rejects(mail.hold('bob', 'dave', bytes('more'), now), code('rate-limited'))
  assert.equal(mail.held('bob').length, limits.heldPerRecipient)
})

test('the largest envelope is held, one byte more is refused', async (t) => {
  const mail = inMemory(t)
  const { id } = await mail.hold('bob', 'alice', new Uint8Array(limits.envelope).fill(7), now)
  assert.deepEqual(mail.envelope('bob', id), new Uint8Array(limits.envelope).fill(7))
  await assert.rejects(mail.hold('bob', 'alice', new Uint8Array(limits.envelope + 1), now), code('too-large'))
})

test('a handle belongs to one peer, and a peer has one handle', async (t) => {
  const mail = inMemory(t)
  await mail.claimHandle('anna', 'alice', now)
  await mail.claimHandle('anna', 'alice', now)
  await assert.rejects(mail.claimHandle('anna', 'bob', now), code('handle-taken'))
  await mail.claimHandle('alice', 'alice', now)
  await mail.claimHandle('anna', 'bob', now)
  assert.equal(mail.handleOwner('anna', now), 'bob')
  assert.equal(mail.handleOf('alice'), 'alice')
  assert.equal(mail.handleOf('carol'), undefined)
  for (const bad of ['ab', 'Anna', 'a'.repeat(33), 'an na', '../x']) {
    await assert.rejects(mail.claimHandle(bad, 'carol', now), code('bad-request'), bad)
  }
})

test('a handle expires when its owner was not seen for a long time, and stays when the owner was', async (t) => {
  const mail = inMemory(t)
  await mail.claimHandle('anna', 'alice', now)
  await mail.claimHandle('berta', 'bob', now)
  await mail.seen('bob', now + 2 * hour)
  await mail.seen('nobody', now)
  const late = now + limits.handleKept + hour
  assert.equal(mail.handleOwner('anna', late), undefined)
  assert.equal(mail.handleOwner('berta', late), 'bob')
  await mail.claimHandle('anna', 'carol', late)
  assert.equal(mail.handleOwner('anna', late), 'carol')
  await mail.expire(now + limits.handleKept + 3 * hour)
  assert.equal(mail.handleOf('bob'), undefined)
  assert.equal(mail.stats().handles, 1)
})

test('an invite is parked under its slot by one owner, for a limited time, within a quota', async (t) => {
  const mail = inMemory(t)
  await mail.park(slot(1), 'alice', bytes('old'), now + hour, now)
  await mail.park(slot(1), 'alice', bytes('new'), now + hour, now)
  assert.deepEqual(mail.parked(slot(1), now), bytes('new'))
  await assert.rejects(mail.park(slot(1), 'bob', bytes('x'), now + hour, now), code('bad-request'))
  assert.equal(mail.parked(slot(1), now + hour), undefined)
  await mail.park(slot(1), 'bob', bytes('his'), now + 3 * hour, now + 2 * hour)
  assert.deepEqual(mail.parked(slot(1), now + 2 * hour), bytes('his'))
  for (let n = 0; n < limits.parkedPerPeer; n++) await mail.park(slot(10 + n), 'carol', bytes('x'), now + hour, now)
  await assert.rejects(mail.park(slot(99), 'carol', bytes('x'), now + hour, now), code('rate-limited'))
  assert.equal(mail.parkedCount('carol', now), limits.parkedPerPeer)
  assert.equal(mail.parkedCount('carol', now + hour), 0)
  await assert.rejects(mail.park(new Uint8Array(15), 'dave', bytes('x'), now + hour, now), code('bad-request'))
  const large = new Uint8Array(limits.parkedInvite + 1)
  await assert.rejects(mail.park(slot(98), 'dave', large, now + hour, now), code('too-large'))
})

test('no invite stays parked beyond the longest lifetime', async (t) => {
  const mail = inMemory(t)
  await mail.park(slot(1), 'alice', bytes('x'), Number.MAX_SAFE_INTEGER, now)
  assert.equal(mail.parked(slot(1), now + limits.parkedFor), undefined)
})

test('expired data is deleted', async (t) => {
  const mail = inMemory(t)
  await mail.hold('bob', 'alice', bytes('old'), now)
  await mail.hold('bob', 'alice', bytes('young'), now + hour)
  await mail.park(slot(1), 'alice', bytes('x'), now + hour, now)
  await mail.expire(now + limits.heldFor + 1)
  assert.deepEqual(
    mail.held('bob').map(({ id }) => mail.envelope('bob', id)),
    [bytes('young')],
  )
  assert.deepEqual({ ...mail.stats() }, { held: 1, heldBytes: 5, handles: 0, parked: 0, ...noParcels })
})

test('a change is answered when the log of the database was flushed, and refused when that fails', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const mail = openMailboxes(file)
  t.after(() => mail.close())
  const { fdatasync } = fs
  const log = fs.statSync(`${file}-wal`).ino
  const flushes: (() => void)[] = []
  let broken = false
  t.mock.method(fs, 'fdatasync', (descriptor: number, done: (error: Error | null) => void) => {
    assert.equal(fs.fstatSync(descriptor).ino, log)
    const failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    flushes.push(() => (broken ? done(failure) : fdatasync(descriptor, done)))
  })
  const flushed = async (): Promise<void> => {
    await until(() => flushes.length > 0, 'the flush begins')
    flushes.shift()?.()
  }
  const answers: string[] = []
  const parking = mail.park(slot(1), 'alice', bytes('x'), now + hour, now).then(() => void answers.push('parked'))
  const forgetting = mail.forget('bob').then(() => void answers.push('forgotten'))
  await until(() => flushes.length > 0, 'the flush begins')
  assert.deepEqual([answers, mail.stats().parked], [[], 1])
  await flushed()
  await Promise.all([parking, forgetting])
  broken = true
  const failing = assert.rejects(mail.hold('bob', 'alice', bytes('x'), now), code('not-writable'))
  await flushed()
  await failing
  assert.throws(() => mail.check(), code('not-writable'))
  await assert.rejects(
    mail.hold('bob', 'alice', bytes('x'), now),
    code('not-writable'),
    'held already, but not durable',
  )
})

test('while much expires, a little at a time, other calls are answered', async (t) => {
  change(t, nodeLimits, { expiredTogether: 2 })
  const mail = openMailboxes(path.join(folder(t), 'held.db'))
  t.after(() => mail.close())
  for (let n = 0; n < 50; n++) await mail.hold(`p${n}`, 'alice', bytes('old'), now, [`198.51.100.${n}`])
  const expiring = mail.expire(now + limits.heldFor + 1)
  await mail.hold('bob', 'alice', bytes('young'), now + limits.heldFor)
  assert.ok(mail.stats().held > 2, 'the rest is still there')
  await expiring
  assert.deepEqual({ ...mail.stats() }, { held: 1, heldBytes: 5, handles: 0, parked: 0, ...noParcels })
})

test('expiry ends with the store, and the next one continues', async (t) => {
  change(t, nodeLimits, { expiredTogether: 2 })
  const file = path.join(folder(t), 'held.db')
  const mail = openMailboxes(file)
  for (let n = 0; n < 50; n++) await mail.hold(`p${n}`, 'alice', bytes('old'), now)
  const expiring = mail.expire(now + limits.heldFor + 1)
  mail.close()
  await expiring
  const again = openMailboxes(file)
  t.after(() => again.close())
  assert.ok(again.stats().held > 0)
  await again.expire(now + limits.heldFor + 1)
  assert.equal(again.stats().held, 0)
})

test('forget deletes all data about one peer and none about another', async (t) => {
  const mail = inMemory(t)
  for (const peer of ['alice', 'bob']) {
    await mail.hold(peer, 'carol', bytes('x'), now)
    await mail.claimHandle(`${peer}-1`, peer, now)
    await mail.park(slot(peer.length), peer, bytes('x'), now + hour, now)
  }
  await mail.forget('alice')
  assert.deepEqual(mail.held('alice'), [])
  assert.equal(mail.handleOf('alice'), undefined)
  assert.equal(mail.parkedCount('alice', now), 0)
  assert.deepEqual({ ...mail.stats() }, { held: 1, heldBytes: 1, handles: 1, parked: 1, ...noParcels })
})

test('all data is present after a restart, in a file that only its owner can read', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const before = openMailboxes(file)
  const { id } = await before.hold('bob', 'alice', bytes('one'), now)
  await before.claimHandle('anna', 'alice', now)
  await before.park(slot(1), 'alice', bytes('sealed'), now + hour, now)
  for (const name of fs.readdirSync(path.dirname(file))) {
    assert.equal(fs.statSync(path.join(path.dirname(file), name)).mode & 0o077, 0, name)
  }
  const stats = before.stats()
  before.close()
  before.close()
  const after = openMailboxes(file)
  t.after(() => after.close())
  assert.deepEqual(after.held('bob'), [{ id, bytes: 3, heldSince: now }])
  assert.deepEqual(after.envelope('bob', id), bytes('one'))
  assert.equal(after.handleOwner('anna', now), 'alice')
  assert.deepEqual(after.parked(slot(1), now), bytes('sealed'))
  assert.deepEqual({ ...after.stats() }, { ...stats })
  // The key is the same: the sender's quota is still counted.
  for (let n = 1; n < limits.heldPerSender; n++) await after.hold('bob', 'alice', bytes(`${n}`), now)
  await assert.rejects(after.hold('bob', 'alice', bytes('more'), now), code('rate-limited'))
})

test('the file does not contain the sender of an envelope, and a deleted handle is removed from it', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const mail = openMailboxes(file)
  await mail.hold('recipient-of-it', 'sender-of-it', bytes('x'), now)
  await mail.claimHandle('short-lived-handle', 'carol', now)
  await mail.forget('carol')
  mail.close()
  const raw = fs.readFileSync(file, 'latin1')
  assert.ok(raw.includes('recipient-of-it'))
  assert.ok(!raw.includes('sender-of-it'))
  assert.ok(!raw.includes('short-lived-handle'))
})

const damage: Record<string, (file: string) => void> = {
  'noise in the first page': (file) => overwrite(file, 0, 4096),
  'noise in the middle': (file) => overwrite(file, 4096 * 3, 4096 * 4),
  'cut short': (file) => fs.truncateSync(file, fs.statSync(file).size - 4096 * 2),
  emptied: (file) => fs.truncateSync(file, 0),
  'not a database': (file) => fs.writeFileSync(file, 'hello'),
}
for (const [what, spoil] of Object.entries(damage)) {
  test(`a damaged store (${what}) is refused and not touched (threats.md 43)`, async (t) => {
    const file = path.join(folder(t), 'held.db')
    const mail = openMailboxes(file)
    for (let n = 0; n < 50; n++) await mail.hold(`p${n}`, 'alice', new Uint8Array(limits.envelope).fill(n), now)
    mail.close()
    spoil(file)
    const before = fs.readFileSync(file)
    assert.throws(() => openMailboxes(file), code('store-corrupt'))
    assert.deepEqual(fs.readFileSync(file), before)
  })
}

test('the database of another program is refused', async (t) => {
  const file = path.join(folder(t), 'held.db')
  new Database(file).exec('CREATE TABLE theirs (x)').close()
  assert.throws(() => openMailboxes(file), code('store-corrupt'))
})

test('a store of a newer schema is refused and not touched (threats.md 45)', async (t) => {
  const file = path.join(folder(t), 'held.db')
  openMailboxes(file).close()
  const db = new Database(file)
  db.pragma('user_version = 99')
  db.close()
  const before = fs.readFileSync(file)
  assert.throws(() => openMailboxes(file), code('unsupported-version'))
  assert.deepEqual(fs.readFileSync(file), before)
})

test('a store of the first schema is opened with all it holds, and knows no addresses of it', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const before = openMailboxes(file)
  await before.hold('bob', 'alice', bytes('one'), now)
  await before.claimHandle('anna', 'alice', now)
  await before.park(slot(1), 'alice', bytes('sealed'), now + hour, now)
  before.close()
  const db = new Database(file)
  for (const table of ['envelopes', 'handles', 'parked']) {
    db.exec(`DROP INDEX ${table}_near; DROP INDEX ${table}_wide;
      ALTER TABLE ${table} DROP COLUMN near; ALTER TABLE ${table} DROP COLUMN wide`)
  }
  db.exec('DROP TABLE tickets; DROP TABLE parcels')
  db.pragma('user_version = 1')
  db.close()
  const mail = openMailboxes(file)
  t.after(() => mail.close())
  assert.equal(mail.held('bob').length, 1)
  assert.equal(mail.handleOwner('anna', now), 'alice')
  assert.equal(mail.parkedCount('alice', now), 1)
  await mail.hold('bob', 'carol', bytes('two'), now, ['192.0.2.1'])
  assert.equal(mail.held('bob').length, 2)
  await mail.parcels.setTickets('bob', [slot(1)], now)
})

const [home, school] = [['192.0.2.1'], ['2001:db8:1:1', '2001:db8:1::/48']]

test('one address stores only so much, whatever identities it has: envelopes, invites, handles', async (t) => {
  const mail = inMemory(t)
  const [held] = limits.heldPerAddress
  for (let n = 0; n < held; n++) await mail.hold(`to ${n}`, `p${n}`, bytes('x'), now, home)
  await assert.rejects(mail.hold('to others', 'carol', bytes('x'), now, home), code('rate-limited'))
  await mail.hold('to others', 'carol', bytes('x'), now, school)
  const [parked] = limits.parkedPerAddress
  for (let n = 0; n < parked; n++) await mail.park(slot(n), `p${n}`, bytes('x'), now + hour, now, home)
  await assert.rejects(mail.park(slot(200), 'carol', bytes('x'), now + hour, now, home), code('rate-limited'))
  await mail.park(slot(200), 'carol', bytes('x'), now + hour, now, school)
  const [handles] = limits.handlesPerAddress
  for (let n = 0; n < handles; n++) await mail.claimHandle(`handle-${n}`, `p${n}`, now, home)
  await assert.rejects(mail.claimHandle('late', 'carol', now, home), code('rate-limited'))
  await mail.claimHandle('late', 'carol', now, school)
})

test('networks of one customer count together', async (t) => {
  const mail = inMemory(t)
  const [near, wide] = limits.parkedPerAddress
  const from = (n: number): string[] => [`2001:db8:1:${Math.floor(n / near)}`, '2001:db8:1::/48']
  for (let n = 0; n < wide; n++) await mail.park(slot(n), `p${n}`, bytes('x'), now + hour, now, from(n))
  await assert.rejects(mail.park(slot(999), 'p', bytes('x'), now + hour, now, from(wide)), code('rate-limited'))
})

test('a full mailbox takes from the address with the most, not from who comes next', async (t) => {
  const mail = inMemory(t)
  for (let n = 0; n < limits.heldFromAddress; n++) await mail.hold('bob', `h${n}`, bytes(`home ${n}`), now, home)
  await assert.rejects(mail.hold('bob', 'late', bytes('more'), now, home), code('rate-limited'))
  for (let n = limits.heldFromAddress; n < limits.heldPerRecipient; n++) {
    await mail.hold('bob', `o${n}`, bytes(`other ${n}`), now, [`198.51.100.${n}`])
  }
  const before = mail.stats()
  await mail.hold('bob', 'carol', bytes('honest'), now, school)
  const held = mail.held('bob').map(({ id }) => Buffer.from(mail.envelope('bob', id) ?? []).toString())
  assert.equal(held.length, limits.heldPerRecipient)
  assert.ok(held.includes('honest') && !held.includes('home 0') && held.includes('home 1'))
  assert.deepEqual(mail.stats(), { ...before, heldBytes: before.heldBytes })
  for (let n = 1; n < limits.heldFromAddress; n++) {
    await assert.rejects(
      mail.hold('bob', 'more', bytes(`more ${n}`), now, home),
      code('rate-limited'),
      'not for itself',
    )
  }
})

test('an address is not in the file, nor anything by which it could be found', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const first = openMailboxes(file)
  await first.hold('bob', 'alice', bytes('x'), now, ['203.0.113.77'])
  first.close()
  const again = openMailboxes(file)
  await again.hold('bob', 'carol', bytes('y'), now, ['203.0.113.77'])
  again.close()
  assert.ok(!fs.readFileSync(file, 'latin1').includes('203.0.113.77'))
  const db = new Database(file, { readonly: true })
  const digests = db.prepare<[], Uint8Array>('SELECT near FROM envelopes').pluck().all()
  db.close()
  assert.equal(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size, 2, 'a key for each run')
})

test('a folder that is missing is "not-writable"', async (t) => {
  assert.throws(() => openMailboxes(path.join(folder(t), 'missing', 'held.db')), code('not-writable'))
})

function overwrite(file: string, from: number, to: number): void {
  const handle = fs.openSync(file, 'r+')
  fs.writeSync(handle, Buffer.alloc(to - from, 0xa5), 0, to - from, from)
  fs.closeSync(handle)
}
