/** Group commit: what shares a transaction, what is undone, and that nobody is answered before the flush. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError } from '#protocol'
import { GroupCommit, writeAheadLog } from '../../../node/group-commit.ts'
import { nodeLimits } from '../../../node/limits.ts'
import { folder } from '../../support/cleanup.ts'
import { change } from '../../support/numbers.ts'

/** A database on disk, and how often its log was flushed. A flush ends when `gate` resolves; it can be made to fail. */
function opened(t: TestContext) {
  const file = path.join(folder(t), 'test.db')
  const db = new Database(file)
  db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma('foreign_keys = ON')
  db.exec(`CREATE TABLE rows (n INTEGER PRIMARY KEY);
    CREATE TABLE children (parent REFERENCES rows (n) DEFERRABLE INITIALLY DEFERRED)`)
  const log = writeAheadLog(file)
  const disk = { flushes: 0, gate: Promise.resolve(), broken: false }
  const commits = new GroupCommit(db, {
    ...log,
    async flush() {
      disk.flushes += 1
      const flushed = log.flush()
      await disk.gate
      await flushed
      if (disk.broken) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    },
  })
  t.after(() => {
    commits.close()
    db.close()
  })
  const insert = db.prepare<[number]>('INSERT INTO rows (n) VALUES (?)')
  const rows = db.prepare<[], number>('SELECT n FROM rows ORDER BY n').pluck()
  const add = (n: number): Promise<number> => commits.write(() => (insert.run(n), n))
  return { db, file, commits, disk, add, rows: () => rows.all() }
}

const outcomes = async (all: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(all)).map((one) => (one.status === 'fulfilled' ? 'done' : String(one.reason)))

test('changes that arrive together share a transaction and a flush; more of them take a few', async (t) => {
  const { disk, add, rows } = opened(t)
  const many = 3 * nodeLimits.writesTogether
  assert.deepEqual(await Promise.all(Array.from({ length: many }, (_, n) => add(n))), Array.from(rows()))
  assert.equal(disk.flushes, 3)
})

test('a change that fails is undone alone, with all that it had done', async (t) => {
  const { commits, db, add, rows } = opened(t)
  const failing = commits.write(() => {
    db.exec('INSERT INTO rows VALUES (10), (11)')
    throw new QuorumError('rate-limited', 'Enough')
  })
  const all = await outcomes([add(1), failing, add(2), add(1), add(3)])
  assert.deepEqual(
    all.map((one) => (one === 'done' ? one : 'failed')),
    ['done', 'failed', 'done', 'failed', 'done'],
  )
  assert.match(all[1] ?? '', /Enough/)
  assert.deepEqual(rows(), [1, 2, 3])
})

test('a commit that fails fails all of it, and the next one succeeds', async (t) => {
  const { commits, db, add, rows } = opened(t)
  // Checked at COMMIT only.
  const orphan = commits.write(() => db.exec('INSERT INTO children VALUES (99)'))
  for (const one of await outcomes([add(1), orphan, add(2)])) assert.match(one, /FOREIGN KEY/)
  assert.deepEqual(rows(), [])
  assert.equal(db.inTransaction, false)
  await add(3)
  assert.deepEqual(rows(), [3])
})

test('an error that ends the transaction leaves nothing of it, and nothing is carried out outside of one', async (t) => {
  const { commits, db, add, rows } = opened(t)
  // As SQLite does by itself when a disk is full.
  const ending = commits.write(() => {
    db.exec('ROLLBACK')
    throw new Error('database or disk is full')
  })
  for (const one of await outcomes([add(1), ending, add(2)])) assert.match(one, /disk is full/)
  assert.deepEqual(rows(), [])
})

test('a full disk refuses what needs room, and what was there remains', async (t) => {
  const { commits, db, add, rows } = opened(t)
  await add(1)
  db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true }))}`)
  const large = commits.write(() => db.exec('CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(100000))'))
  const [one, two] = await outcomes([large, add(2)])
  assert.match(one ?? '', /full/)
  assert.deepEqual(rows(), two === 'done' ? [1, 2] : [1])
  db.pragma('max_page_count = 1000000')
  await add(3)
  assert.ok(rows().includes(3))
})

test('nobody is answered before the flush, and what arrives meanwhile is in the next transaction', async (t) => {
  const { disk, add, rows } = opened(t)
  const gate = Promise.withResolvers<void>()
  disk.gate = gate.promise
  let answered = 0
  const first = [add(1), add(2)].map((one) => one.then(() => (answered += 1)))
  while (disk.flushes === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(rows(), [1, 2])
  const later = Array.from({ length: 20 }, (_, n) => add(10 + n))
  await new Promise((resolve) => setTimeout(resolve, 5 * nodeLimits.writeWindow))
  assert.deepEqual([answered, disk.flushes, rows().length], [0, 1, 2])
  gate.resolve()
  await Promise.all([...first, ...later])
  assert.deepEqual([answered, disk.flushes, rows().length], [2, 2, 22])
})

test('after a failed flush nothing is reported as stored, then or later; what is on disk is whole', async (t) => {
  const { db, file, commits, disk, add } = opened(t)
  await add(1)
  disk.broken = true
  const gate = Promise.withResolvers<void>()
  disk.gate = gate.promise
  const first = add(2)
  while (disk.flushes === 1) await new Promise((resolve) => setImmediate(resolve))
  const waiting = add(3)
  gate.resolve()
  for (const one of await outcomes([first, waiting])) assert.match(one, /EIO/)
  disk.broken = false
  await assert.rejects(add(4), /EIO/, 'a second flush could succeed without having written anything')
  assert.match(String(commits.failure), /EIO/)
  commits.close()
  db.close()
  const again = new Database(file)
  t.after(() => again.close())
  assert.equal(again.pragma('integrity_check', { simple: true }), 'ok')
  assert.equal(again.prepare('SELECT n FROM rows WHERE n = 1').pluck().get(), 1)
})

test('what waits at the end is carried out and answered; afterwards changes are refused', async (t) => {
  const { commits, db, file, add } = opened(t)
  const waiting = Array.from({ length: 2 * nodeLimits.writesTogether + 1 }, (_, n) => add(n))
  commits.close()
  await Promise.all(waiting)
  await assert.rejects(add(9999), { code: 'cancelled' })
  commits.close()
  db.close()
  const again = new Database(file)
  t.after(() => again.close())
  assert.equal(again.prepare('SELECT count(*) FROM rows').pluck().get(), waiting.length)
})

test('a database that ends during a flush closes its log after it', async (t) => {
  const { commits, db, file, disk, add } = opened(t)
  const gate = Promise.withResolvers<void>()
  disk.gate = gate.promise
  const first = add(1)
  while (disk.flushes === 0) await new Promise((resolve) => setImmediate(resolve))
  const second = add(2)
  commits.close()
  await second
  gate.resolve()
  await first
  db.close()
  assert.ok(!fs.existsSync(`${file}-wal`))
})

test('only so many changes wait for a slow disk', async (t) => {
  change(t, nodeLimits, { writesWaiting: 5 })
  const { add, rows } = opened(t)
  const all = await outcomes(Array.from({ length: 8 }, (_, n) => add(n)))
  assert.equal(all.filter((one) => one === 'done').length, 5)
  assert.match(all.at(-1) ?? '', /busy/)
  assert.equal(rows().length, 5)
})
