/** The copies that migrations leave: what they contain, and when they go (docs/threats.md 69). */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Database } from '../../protocol/store/database.ts'
import { readKeyFile } from '../../protocol/store/key.ts'
import { migrations } from '../../protocol/store/migrations.ts'
import { openMigrated, openSqliteStore } from '../../protocol/store/sqlite.ts'
import type { Store } from '../../protocol/store/store.ts'
import { folder } from '../support/cleanup.ts'

const now = 1_800_000_000_000
const older = migrations.slice(0, -1)
const copyName = `store.v${older.length}.db`
const secretKey = Buffer.from('a secret key for sealed envelope')

/** A profile of the previous version with a message and a sealing key. */
async function previous(directory: string): Promise<void> {
  const store = await openMigrated({ directory }, older)
  store.setSetting('name', Buffer.from('Ada'))
  store.close()
  const database = openDatabase(directory, 'store.db')
  const columns = 'publicKey, secretKey, createdAt'
  database.run(`INSERT INTO sealingKey (${columns}) VALUES (?, ?, ?)`, Buffer.alloc(32, 7), secretKey, now)
  database.close()
}

function openDatabase(directory: string, name: string): Database {
  const key = readKeyFile(path.join(directory, 'store.key'))
  assert.ok(key && 'key' in key)
  return new Database(path.join(directory, name), Buffer.from(key.key, 'hex'))
}

const copies = (directory: string): string[] =>
  fs
    .readdirSync(directory)
    .filter((name) => name !== 'store.db' && name !== 'store.db-wal' && /^store\..*db/.test(name))

test('62: the copy that a migration leaves contains the data, but no sealing key; the store still has it', async (t) => {
  const directory = folder(t)
  await previous(directory)
  const store = await openSqliteStore({ directory })
  assert.equal(store.sealingKeys().length, 1)
  store.close()
  assert.deepEqual(copies(directory), [copyName])
  const copy = openDatabase(directory, copyName)
  assert.deepEqual(copy.all('SELECT * FROM sealingKey'), [])
  assert.equal(copy.all('SELECT * FROM setting').length, 1)
  copy.close()
  assert.deepEqual(copies(directory), [copyName], 'no log of the copy stays')
})

test('62: the copy goes when the new version ends cleanly for the second time, not before', async (t) => {
  const directory = folder(t)
  await previous(directory)
  const first = await openSqliteStore({ directory })
  first.close()
  const second: Store = await openSqliteStore({ directory })
  assert.deepEqual(copies(directory), [copyName], 'the second run may still end badly')
  const held = fs.openSync(path.join(directory, copyName), 'r')
  second.close()
  assert.deepEqual(copies(directory), [])
  assert.ok(
    fs.readFileSync(held).every((byte) => byte === 0),
    'overwritten',
  )
  fs.closeSync(held)
})

test('62: a copy that is a week old goes when the profile is opened, whoever left it', async (t) => {
  const directory = folder(t)
  await previous(directory)
  const first = await openSqliteStore({ directory })
  first.close()
  const weekAgo = Date.now() / 1000 - 7 * 86_400
  fs.utimesSync(path.join(directory, copyName), weekAgo + 60, weekAgo + 60)
  const second = await openSqliteStore({ directory })
  assert.deepEqual(copies(directory), [copyName])
  fs.utimesSync(path.join(directory, copyName), weekAgo - 60, weekAgo - 60)
  second.close()
  fs.writeFileSync(path.join(directory, 'store.v1.db'), 'left by an older program')
  fs.utimesSync(path.join(directory, 'store.v1.db'), weekAgo - 60, weekAgo - 60)
  const third = await openSqliteStore({ directory })
  assert.deepEqual(copies(directory), [])
  third.close()
})

test('62: recalling a text destroys the copy that may contain it', async (t) => {
  const directory = folder(t)
  await previous(directory)
  const store = await openSqliteStore({ directory })
  t.after(() => store.close())
  store.queueMessage('b', { id: '1', text: 'regretted', sentAt: now })
  assert.equal(store.recall('no such message'), undefined)
  assert.deepEqual(copies(directory), [copyName])
  assert.ok(store.recall('1'))
  assert.deepEqual(copies(directory), [])
})

test('62: a copy whose making was interrupted is made again', async (t) => {
  const directory = folder(t)
  await previous(directory)
  for (const name of [`${copyName}.new`, `${copyName}.new-wal`]) fs.writeFileSync(path.join(directory, name), 'torn')
  const store = await openSqliteStore({ directory })
  store.close()
  assert.deepEqual(copies(directory), [copyName])
  openDatabase(directory, copyName).close()
})
