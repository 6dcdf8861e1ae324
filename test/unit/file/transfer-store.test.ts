/** Transfers in a real store: those of older versions, lists of files, and what is left of those that are over. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuid } from 'uuid'
import { fileLimits } from '../../../protocol/file/limits.ts'
import { TransferStore } from '../../../protocol/file/transfer-store.ts'
import { Database } from '../../../protocol/store/database.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { migrate, migrations } from '../../../protocol/store/migrations.ts'
import { storeOn } from '../../../protocol/store/tables.ts'
import { entriesToBits } from '../../../protocol/wire/entry-bits.ts'
import { offerFromWire, offerToWire, type ManifestEntry } from '../../../protocol/wire/offer.ts'

/** The first version with summaries and manifests in parts. */
const summaries = 7
const named = (count: number, length: number): ManifestEntry[] =>
  Array.from({ length: count }, (_, file) => ({
    path: `folder/${String(file).padStart(length, '0')}${file === 7 ? '.exe' : ''}`,
    size: file,
    modified: 0,
  }))

test('transfers of an older version have their files, their manifest and what is missing', (t) => {
  const database = new Database(':memory:')
  t.after(() => database.close())
  migrate(database, migrations.slice(0, summaries - 1), () => {})
  const lists = { few: named(20, 4), many: named(6000, 400) }
  for (const [id, entries] of Object.entries(lists)) {
    const { offer, manifest } = offerToWire(uuid(), 'a note', entries)
    const whole = offerFromWire(offer).first.length === entries.length
    assert.equal(whole, id === 'few')
    database.run(
      `INSERT INTO transfer (id, peer, direction, state, pausedByMe, pausedByThem, message, offeredAt, offer, manifest,
         places, doneBytes, missing) VALUES (?, 'bob', 'in', 'done', 0, 0, 'm', 1, ?, ?, '[]', 0, ?)`,
      id,
      offer,
      whole ? null : manifest,
      entriesToBits([3, 4]),
    )
  }
  migrate(database, migrations, () => {})
  const transfers = new TransferStore(storeOn(database))
  t.after(() => transfers.stop())
  for (const [id, entries] of Object.entries(lists)) {
    const row = transfers.row(id)
    const { summary } = row
    assert.deepEqual([row.entries, summary.count, summary.roots], [entries.length, entries.length, 1])
    assert.deepEqual(
      [summary.name, summary.note, summary.changedCount, summary.changedBytes],
      ['folder', 'a note', 2, 7],
    )
    assert.deepEqual(summary.risks, { program: { count: 1, path: entries[7]?.path } })
    assert.deepEqual(summary.changed, [entries[3]?.path, entries[4]?.path])
    assert.ok(summary.files.length > 0 && summary.files.length <= fileLimits.filesShown.files)
    assert.deepEqual(transfers.list(row)?.entries, entries)
    // It is stored, and not made again.
    assert.deepEqual(storeOn(database).transfer(id)?.summary, summary)
  }
  assert.ok([...transfers.manifestParts('many')].length > 1)
  assert.deepEqual([...transfers.manifestParts('few')], [])
})

test('everybody who needs a list at the same time gets the same one', () => {
  const transfers = new TransferStore(openMemoryStore())
  const id = uuid()
  const { offer } = offerToWire(id, '', named(3, 1))
  const decoded = offerFromWire(offer)
  const fixed = { peer: 'bob', direction: 'in', message: 'm', offeredAt: 1 } as const
  transfers.add({ id, ...fixed, offer, decoded, entries: decoded.first })
  assert.equal(transfers.listed(transfers.row(id)), false)
  const list = transfers.list(transfers.row(id))
  assert.equal(transfers.listed(transfers.row(id)), true)
  assert.equal(transfers.list(transfers.row(id)), list)
  transfers.update(id, { state: 'cancelled' })
  transfers.release(transfers.row(id))
  assert.equal(transfers.listed(transfers.row(id)), false)
  assert.throws(() => transfers.list(transfers.row(id)), { code: 'not-found' })
  transfers.stop()
})
