/** The index of the search: what is left of a text that was taken back, and the room it takes. */
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Database } from '../../protocol/store/database.ts'
import { migrate, migrations } from '../../protocol/store/migrations.ts'
import type { Store } from '../../protocol/store/store.ts'
import { storeOn } from '../../protocol/store/tables.ts'
import { folder } from '../support/cleanup.ts'

const draft = (id: string, text: string) => ({ id, text, sentAt: 1_800_000_000_000 })

for (const [profile, steps] of [
  ['', migrations],
  [', after an update that made the index anew', migrations.slice(0, 3)],
] as const)
  test(`a recalled text is removed from the database, its index and its log, even for a holder of the key${profile}`, (t) => {
    const file = path.join(folder(t), 'unencrypted.db')
    // Without a key the same code writes what a holder of the key would see, including free pages and slack space.
    const reopen = (use: (store: Store, database: Database) => void, steps = migrations) => {
      const database = new Database(file)
      migrate(database, steps, () => {})
      use(storeOn(database), database)
      database.close()
      return fs.readFileSync(file)
    }
    // Characters that appear in no other text: as a trigram they are stored undivided in the index too.
    const long = `漢字仮 ${Array.from({ length: 2000 }, (_, n) => `regret${n}`).join(' ')}`
    const before = reopen((store) => {
      store.queueMessage('b', draft('kept', '世界人 something harmless'))
      store.queueMessage('b', draft('gone', long))
      assert.equal(store.search('regret300', 9).length, 1)
      if (steps === migrations) {
        assert.deepEqual(store.search('regret1999', 9), [], 'the index has the first 4,096 characters')
      }
    }, steps)
    assert.ok(before.includes('regret') && before.includes('漢字仮'))
    const after = reopen((store, database) => {
      store.recall('gone')
      assert.equal(fs.statSync(`${file}-wal`).size, 0)
      assert.deepEqual(store.search('regret', 9), [])
      assert.equal(store.search('harmless', 9).length, 1)
      database.exec("INSERT INTO messageText (messageText, rank) VALUES ('integrity-check', 1)")
    })
    assert.notEqual(after.indexOf('世界人'), after.lastIndexOf('世界人'))
    for (const gone of ['regret', '漢字仮']) assert.equal(after.includes(gone), false, gone)
  })

test('long messages take little more room than their text', (t) => {
  const file = path.join(folder(t), 'unencrypted.db')
  const database = new Database(file)
  t.after(() => database.close())
  migrate(database, migrations, () => {})
  const store = storeOn(database)
  for (let n = 0; n < 50; n++) store.queueMessage('b', draft(`${n}`, crypto.randomBytes(32_000).toString('hex')))
  database.get('PRAGMA wal_checkpoint(TRUNCATE)')
  const { size } = fs.statSync(file)
  assert.ok(size < 1.5 * 50 * 64_000, `${size} bytes`)
})
