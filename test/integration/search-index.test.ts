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
    const messages = [draft('kept', '世界人 something harmless'), draft('gone', long)]
    const before = reopen((store, database) => {
      if (steps === migrations) {
        for (const message of messages) store.queueMessage('b', message)
        assert.deepEqual(store.search('regret1999', 9), [], 'the index has the first 4,096 characters')
        assert.equal(store.search('regret300', 9).length, 1)
        return
      }
      database.run("INSERT INTO conversation (peer, queued) VALUES ('b', 2)")
      for (const [index, { id, text }] of messages.entries()) {
        const values = [index + 1, index + 1, id, text]
        const columns = '(position, peer, direction, seq, id, text, sentAt, state)'
        database.run(`INSERT INTO message ${columns} VALUES (?, 'b', 'out', ?, ?, ?, 1, 'queued')`, ...values)
      }
    }, steps)
    assert.ok(before.includes('regret') && before.includes('漢字仮'))
    const after = reopen((store, database) => {
      while (store.foldOlder(1)) assert.equal(store.search('harmless', 9).length, 1)
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

test('messages of an older version are found as written at once, and as people type it once they are folded', (t) => {
  const database = new Database()
  t.after(() => database.close())
  migrate(database, migrations.slice(0, 5), () => {})
  const texts = ['Grüße aus Łódź', 'plain words', 'nul\0behind', 'two\nlines', 'Straße']
  database.run("INSERT INTO conversation (peer, received) VALUES ('b', 5)")
  for (const [index, text] of texts.entries()) {
    const columns = '(peer, direction, seq, id, text, sentAt, state)'
    database.run(`INSERT INTO message ${columns} VALUES ('b', 'in', ?, ?, ?, 1, 'read')`, index + 1, `${index}`, text)
  }
  migrate(database, migrations, () => {})
  const store = storeOn(database)
  const found = (text: string): number[] => store.search(text, 9).map(({ seq }) => seq - 1)
  assert.deepEqual([found('GRÜßE'), found('words plain'), found('grusse')], [[0], [1], []])
  store.receiveMessage('b', {
    ...draft('new', 'Ärger'),
    seq: 6,
    receivedAt: 1,
    hash: new Uint8Array(32),
    recalled: false,
  })
  assert.deepEqual(found('arger'), [5])
  let steps = 0
  while (store.foldOlder(2)) steps += 1
  assert.equal(steps, 2)
  assert.deepEqual(
    [found('grusse lodz'), found('behind'), found('"two lines"'), found('strasse')],
    [[0], [2], [3], [4]],
  )
  assert.equal(store.foldOlder(2), false)
  database.exec("INSERT INTO messageText (messageText, rank) VALUES ('integrity-check', 1)")
})

test('messages that a version with fewer rules has folded are folded anew', (t) => {
  const database = new Database()
  t.after(() => database.close())
  migrate(database, migrations.slice(0, 10), () => {})
  const texts = [
    ['Don’t', 'don’t'],
    ['Ärger', 'arger'],
    ['plain', null],
  ] as const
  database.run("INSERT INTO conversation (peer, received) VALUES ('b', 3)")
  for (const [index, [text, folded]] of texts.entries()) {
    const columns = '(peer, direction, seq, id, text, folded, sentAt, state)'
    const values = [index + 1, `${index}`, text, folded]
    database.run(`INSERT INTO message ${columns} VALUES ('b', 'in', ?, ?, ?, ?, 1, 'read')`, ...values)
  }
  migrate(database, migrations, () => {})
  const store = storeOn(database)
  const found = (text: string): number[] => store.search(text, 9).map(({ seq }) => seq - 1)
  while (store.foldOlder(2));
  assert.deepEqual([found("don't"), found('DON’T'), found('ärger'), found('plain')], [[0], [0], [1], [2]])
  database.exec("INSERT INTO messageText (messageText, rank) VALUES ('integrity-check', 1)")
})
