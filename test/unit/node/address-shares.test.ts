/** The counts by address are those that counting would give, whatever happens to the rows. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { test } from 'node:test'
import type Database from 'better-sqlite3-multiple-ciphers'
import { countRows, originDigest, sharing, tableNames } from '../../../node/address-shares.ts'
import { openMailboxDatabase } from '../../../node/mailbox-database.ts'
import { openMailboxes } from '../../../node/mailboxes.ts'
import { errorToData } from '../../../protocol/base/errors.ts'
import { directoryLimits } from '../../../protocol/directory/limits.ts'
import { folder } from '../../support/cleanup.ts'
import { change } from '../../support/numbers.ts'
import { random } from '../../support/random.ts'

function assertCounted(db: Database.Database, when: string): void {
  for (const name of tableNames) {
    const bytes = ['envelopes', 'tickets', 'parcels'].includes(name) ? 'coalesce(sum(bytes), 0)' : '0'
    const weight = ['tickets', 'parcels'].includes(name) ? 'sum(bytes)' : 'count(*)'
    assert.deepEqual(
      db.prepare(`SELECT rows, bytes FROM totals WHERE name = '${name}'`).get(),
      db.prepare(`SELECT count(*) AS rows, ${bytes} AS bytes FROM ${name}`).get(),
      `${name}, ${when}`,
    )
    assert.deepEqual(
      db.prepare(`SELECT wide, weight FROM shares WHERE name = '${name}' ORDER BY wide`).all(),
      db.prepare(`SELECT wide, ${weight} AS weight FROM ${name} WHERE wide <> x'' GROUP BY wide ORDER BY wide`).all(),
      `the shares of ${name}, ${when}`,
    )
  }
}

test('after any changes, undone or not, the counts are those of a recount', (t) => {
  const { next } = random(t)
  const below = (n: number): number => Math.floor(next() * n)
  const db = openMailboxDatabase(':memory:')
  t.after(() => db.close())
  const wide = (): Uint8Array => (below(6) === 0 ? new Uint8Array() : new Uint8Array(8).fill(below(5)))
  const envelope = db.prepare(
    `INSERT INTO envelopes (recipient, sender, digest, bytes, held_since, envelope, near, wide)
     VALUES (?, x'', ?, ?, ?, x'', x'', ?)`,
  )
  const handle = db.prepare("INSERT INTO handles (handle, peer, seen, near, wide) VALUES (?, ?, 0, x'', ?)")
  const park = db.prepare(
    "INSERT INTO parked (slot, owner, expires_at, sealed, near, wide) VALUES (?, '', ?, x'', x'', ?)",
  )
  const ticket = db.prepare(
    "INSERT INTO tickets (recipient, hashes, bytes, seen, near, wide) VALUES (?, x'', ?, 0, x'', ?)",
  )
  const parcel = db.prepare(
    `INSERT INTO parcels (recipient, ticket, parcel, bytes, held_since, sealed, near, wide)
     VALUES (?, x'', ?, ?, 0, x'', x'', ?)`,
  )
  const actions = [
    () => ticket.run(Buffer.alloc(16, below(40)), 1 + below(900), wide()),
    () => parcel.run(Buffer.alloc(16, below(5)), randomBytes(16), 1 + below(9000), wide()),
    () => db.prepare('DELETE FROM tickets WHERE recipient = ?').run(Buffer.alloc(16, below(40))),
    () => db.prepare('DELETE FROM parcels WHERE recipient = ?').run(Buffer.alloc(16, below(5))),
    () => envelope.run(`to ${below(9)}`, randomBytes(8), below(8192), below(100), wide()),
    () => handle.run(`h${below(40)}`, `p${below(40)}`, wide()),
    () => park.run(Buffer.alloc(16, below(40)), below(100), wide()),
    () => db.prepare('DELETE FROM envelopes WHERE recipient = ?').run(`to ${below(9)}`),
    () => db.prepare('DELETE FROM envelopes WHERE held_since < ?').run(below(20)),
    () => db.prepare('DELETE FROM handles WHERE peer = ?').run(`p${below(40)}`),
    () => db.prepare('DELETE FROM parked WHERE slot = ?').run(Buffer.alloc(16, below(40))),
    () => db.prepare('DELETE FROM parked WHERE expires_at < ?').run(below(10)),
    () => {
      throw new Error('undone')
    },
  ]
  const some = (): void => {
    for (let n = below(8); n >= 0; n -= 1) actions[below(actions.length)]?.()
  }
  const savepoint = db.transaction(some)
  const transaction = db.transaction(() => {
    for (let n = below(5); n >= 0; n -= 1) attempt(savepoint)
    if (below(4) === 0) throw new Error('undone')
  })
  let undone = 0
  /** A handle or slot that is taken fails as well. */
  function attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      assert.match(String(error), /undone|UNIQUE/)
      undone += 1
    }
  }
  // What is there when the counting begins is counted too.
  for (let n = 0; n < 50; n += 1) attempt(savepoint)
  countRows(db)
  assertCounted(db, 'at the start')
  for (let n = 0; n < 300; n += 1) {
    attempt(transaction)
    assertCounted(db, `after ${n} transactions`)
  }
  assert.ok(undone > 100, `${undone} were undone`)
})

test('of a full table, the oldest row of the address with the most goes', (t) => {
  const db = openMailboxDatabase(':memory:')
  t.after(() => db.close())
  countRows(db)
  const origin = originDigest()
  const makeRoom = sharing(db, { name: 'handles', key: 'handle', age: 'seen', most: 5, perAddress: [3, 3] })
  const claim = (handle: string, seen: number, address: string): void => {
    const { near, wide } = origin([address])
    makeRoom({ near, wide })
    db.prepare('INSERT INTO handles (handle, peer, seen, near, wide) VALUES (?, ?, ?, ?, ?)').run(
      handle,
      handle,
      seen,
      near,
      wide,
    )
  }
  for (const [handle, seen, address] of [
    ['a1', 3, 'a'],
    ['a2', 1, 'a'],
    ['a3', 2, 'a'],
    ['b1', 0, 'b'],
    ['c1', 0, 'c'],
  ] as const) {
    claim(handle, seen, address)
  }
  assert.throws(() => claim('a4', 4, 'a'), { code: 'rate-limited' })
  claim('d1', 0, 'd')
  const all = db.prepare('SELECT handle FROM handles ORDER BY handle').pluck().all()
  assert.deepEqual(all, ['a1', 'a3', 'b1', 'c1', 'd1'])
  claim('e1', 0, 'e')
  assert.throws(() => claim('f1', 0, 'f'), { code: 'disk-full' }, 'everybody has one')
})

test('the totals of a store are those of its rows, over refusals, expiry, forgetting and a restart', async (t) => {
  change(t, directoryLimits, { held: 8, parked: 6, handles: 6, heldPerAddress: [4, 4], parkedPerAddress: [3, 3] })
  const { next } = random(t)
  const below = (n: number): number => Math.floor(next() * n)
  const file = path.join(folder(t), 'held.db')
  let now = 1_800_000_000_000
  for (let run = 0; run < 3; run += 1) {
    const mail = openMailboxes(file)
    const address = (): string[] => [`192.0.2.${below(4)}`]
    const calls: (() => Promise<unknown>)[] = [
      () => mail.hold(`to ${below(4)}`, `from ${below(9)}`, randomBytes(below(100)), now, address()),
      () =>
        mail.drop(
          `to ${below(4)}`,
          mail.held(`to ${below(4)}`).map(({ id }) => id),
        ),
      () => mail.claimHandle(`handle-${below(9)}`, `peer ${below(9)}`, now, address()),
      () => mail.releaseHandle(`peer ${below(9)}`),
      () =>
        mail.park(new Uint8Array(16).fill(below(9)), `peer ${below(9)}`, randomBytes(9), now + 5000, now, address()),
      () => mail.forget(`peer ${below(9)}`),
      () => mail.expire((now += 500)),
    ]
    const all = Array.from({ length: 400 }, () => (calls[below(calls.length)] ?? assert.fail())())
    for (const one of await Promise.allSettled(all)) {
      if (one.status === 'fulfilled') continue
      assert.match(errorToData(one.reason).code, /^(rate-limited|disk-full|handle-taken|bad-request)$/)
    }
    const stats = { ...mail.stats() }
    mail.close()
    const db = openMailboxDatabase(file)
    countRows(db)
    assertCounted(db, `in run ${run}`)
    const rows = db.prepare('SELECT name, rows, bytes FROM totals').all() as {
      name: string
      rows: number
      bytes: number
    }[]
    const of = (name: string) => rows.find((row) => row.name === name)
    assert.deepEqual(stats, {
      held: of('envelopes')?.rows,
      heldBytes: of('envelopes')?.bytes,
      handles: of('handles')?.rows,
      parked: of('parked')?.rows,
      mailboxes: of('tickets')?.rows,
      parcels: of('parcels')?.rows,
      parcelBytes: of('parcels')?.bytes,
    })
    db.close()
  }
})

test('where bytes count, as many of the oldest rows of the address with the most go as make room', (t) => {
  const db = openMailboxDatabase(':memory:')
  t.after(() => db.close())
  countRows(db)
  const origin = originDigest()
  const makeRoom = sharing(db, { name: 'parcels', key: 'id', age: 'id', most: 1000, perAddress: [700, 700] })
  const add = (address: string, bytes: number): void => {
    const { near, wide } = origin([address])
    makeRoom({ near, wide }, bytes)
    db.prepare(
      `INSERT INTO parcels (recipient, ticket, parcel, bytes, held_since, sealed, near, wide)
       VALUES (x'', x'', ?, ?, 0, x'', ?, ?)`,
    ).run(randomBytes(16), bytes, near, wide)
  }
  const sizes = (): unknown[] => db.prepare('SELECT bytes FROM parcels ORDER BY id').pluck().all()
  for (let n = 0; n < 7; n += 1) add('a', 100)
  assert.throws(() => add('a', 1), { code: 'rate-limited' })
  add('b', 250)
  add('c', 250)
  assert.deepEqual(sizes(), [100, 100, 100, 100, 100, 250, 250])
  assert.throws(() => add('b', 300), { code: 'disk-full' }, 'who comes next would have more than anybody')
  add('b', 100)
  assert.deepEqual(sizes(), [100, 100, 100, 100, 250, 250, 100])
})
