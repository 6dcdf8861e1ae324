/** The store on disk: which process may open it, the effects of a damaged or full disk, and that it reveals nothing. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { QuorumError } from '../../protocol/base/errors.ts'
import type { ErrorCode } from '../../protocol/base/errors.ts'
import { Database } from '../../protocol/store/database.ts'
import { readKeyFile, writeKeyFile } from '../../protocol/store/key.ts'
import { migrate, migrations } from '../../protocol/store/migrations.ts'
import { changePassphrase, openMigrated, openSqliteStore } from '../../protocol/store/sqlite.ts'
import type { Store } from '../../protocol/store/store.ts'
import { storeOn } from '../../protocol/store/tables.ts'
import { folder } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { needsMount, smallDisk } from '../support/small-disk.ts'

const now = 1_800_000_000_000
const code = (expected: ErrorCode) => (error: unknown) => error instanceof QuorumError && error.code === expected
const draft = (id: string, text = `text of ${id}`) => ({ id, text, sentAt: now })

/** Every file of the directory by name. Only while nothing is open here: reading a file drops this process's locks. */
function contents(directory: string): Record<string, Buffer> {
  const names = fs.readdirSync(directory).toSorted()
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(directory, name))]))
}

/** For comparing: a difference of megabytes is not printed, which takes gigabytes. */
function digests(directory: string): Record<string, string> {
  const of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  return Object.fromEntries(Object.entries(contents(directory)).map(([name, bytes]) => [name, of(bytes)]))
}

async function withStore<T>(directory: string, use: (store: Store) => T, passphrase?: string): Promise<T> {
  const store = await openSqliteStore({ directory, ...(passphrase !== undefined && { passphrase }) })
  try {
    return use(store)
  } finally {
    store.close()
  }
}

const say = (store: Store) => store.queueMessage('b', draft('1'))
const said = (store: Store) => store.messages('b', 9).map(({ text }) => text)

test('data is present after reopening; only the owner may read the files', async (t) => {
  const directory = path.join(folder(t), 'new', 'profile')
  const store = await openSqliteStore({ directory })
  say(store)
  assert.equal(fs.statSync(directory).mode & 0o777, 0o700)
  const files = fs.readdirSync(directory).toSorted()
  assert.deepEqual(files, ['lock.db', 'store.db', 'store.db-wal', 'store.key'])
  for (const name of files) assert.equal(fs.statSync(path.join(directory, name)).mode & 0o777, 0o600, name)
  store.close()
  store.close()
  assert.deepEqual(await withStore(directory, said), ['text of 1'])
  assert.deepEqual(fs.readdirSync(directory).toSorted(), ['lock.db', 'store.db', 'store.key'])
})

test('threats.md: the files contain none of the texts, names or keys', async (t) => {
  const directory = folder(t)
  const copy = folder(t)
  const seed = Buffer.from('a seed of an identity, 32 bytes.')
  const secrets = ['The quick brown fox', 'Ada Lovelace', 'adas-handle', '12D3KooWPeer', seed.toString('latin1')]
  for (const passphrase of [undefined, 'correct horse']) {
    const profile = path.join(directory, passphrase ?? 'none')
    const written = await withStore(
      profile,
      (store) => {
        store.setSetting('seed', seed)
        store.setSetting('handle', Buffer.from('adas-handle'))
        store.putFriend({ ...befriended('12D3KooWPeer', []), name: 'Ada Lovelace' })
        for (let n = 0; n < 200; n++) store.queueMessage('12D3KooWPeer', draft(`${n}`, `The quick brown fox ${n}`))
        assert.equal(store.search('"brown fox 7"', 99).length, 11)
        // Another process makes the copy, of the log too, because reading here would drop this process's lock.
        execFileSync('cp', ['-r', `${profile}/.`, copy])
        return contents(copy)
      },
      passphrase,
    )
    assert.ok((written['store.db-wal']?.length ?? 0) > 100_000)
    for (const [name, bytes] of [...Object.entries(written), ...Object.entries(contents(profile))]) {
      for (const secret of secrets) assert.equal(bytes.includes(secret, 0, 'latin1'), false, `${secret} in ${name}`)
    }
  }
})

function openRaw(directory: string, name = 'store.db'): Database {
  const key = readKeyFile(path.join(directory, 'store.key'))
  assert.ok(key && 'key' in key)
  return new Database(path.join(directory, name), Buffer.from(key.key, 'hex'))
}

test('a passphrase opens the profile; a wrong, missing or unneeded one is refused and changes nothing', async (t) => {
  const guarded = folder(t)
  const open = folder(t)
  await withStore(guarded, say, 'Zoë’s passphrase')
  await withStore(open, say)
  const before = [digests(guarded), digests(open)]
  await assert.rejects(openSqliteStore({ directory: guarded, passphrase: 'wrong' }), code('wrong-passphrase'))
  await assert.rejects(openSqliteStore({ directory: guarded, passphrase: '' }), code('wrong-passphrase'))
  await assert.rejects(openSqliteStore({ directory: guarded }), code('wrong-passphrase'))
  await assert.rejects(openSqliteStore({ directory: open, passphrase: 'needless' }), code('wrong-passphrase'))
  assert.deepEqual([digests(guarded), digests(open)], before)
  // Typed with a combining diaeresis it is the same passphrase.
  assert.deepEqual(await withStore(guarded, said, 'Zoe\u0308’s passphrase'), ['text of 1'])
  const fresh = path.join(folder(t), 'fresh')
  await assert.rejects(openSqliteStore({ directory: fresh, passphrase: '' }), code('bad-request'))
  await withStore(fresh, say, 'not empty')
})

test('a passphrase is set, changed and removed; the old one no longer opens the profile', async (t) => {
  const directory = folder(t)
  await assert.rejects(changePassphrase(directory, undefined, 'one'), code('bad-request'))
  await withStore(directory, say)
  const database = fs.readFileSync(path.join(directory, 'store.db'))
  await changePassphrase(directory, undefined, 'one')
  await assert.rejects(openSqliteStore({ directory }), code('wrong-passphrase'))
  await assert.rejects(changePassphrase(directory, 'two', 'three'), code('wrong-passphrase'))
  await assert.rejects(changePassphrase(directory, 'one', ''), code('bad-request'))
  await changePassphrase(directory, 'one', 'two')
  await assert.rejects(openSqliteStore({ directory, passphrase: 'one' }), code('wrong-passphrase'))
  assert.deepEqual(fs.readFileSync(path.join(directory, 'store.db')), database)
  await withStore(
    directory,
    async () => assert.rejects(changePassphrase(directory, 'two', 'three'), code('store-locked')),
    'two',
  )
  // Files that a crash in the middle of a change leaves behind do not allow opening without the passphrase.
  fs.writeFileSync(path.join(directory, 'store.key.new'), 'the key, unguarded')
  await withStore(directory, said, 'two')
  assert.ok(!fs.existsSync(path.join(directory, 'store.key.new')))
  await changePassphrase(directory, 'two', undefined)
  assert.deepEqual(await withStore(directory, said), ['text of 1'])
})

test('one process at a time: a second one is refused at once, and succeeds after the first is killed', async (t) => {
  const directory = folder(t)
  const child = spawn(process.execPath, [path.join(import.meta.dirname, '../support/store-process.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  assert.equal(line, '{"open":true}')
  await assert.rejects(openSqliteStore({ directory }), code('store-locked'))
  await assert.rejects(openSqliteStore({ directory }), code('store-locked'))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const store = await openSqliteStore({ directory })
  // The same holds within one process, and a failed attempt does not take the lock from its holder.
  await assert.rejects(openSqliteStore({ directory }), code('store-locked'))
  const second = spawn(process.execPath, [path.join(import.meta.dirname, '../support/store-process.ts'), directory])
  t.after(() => second.kill('SIGKILL'))
  const [refused] = (await once(createInterface(second.stdout), 'line')) as [string]
  assert.equal(refused, '{"error":"store-locked"}')
  store.close()
  await withStore(directory, say)
})

test('a path where no profile can be created: not-writable, and the message names it', async (t) => {
  const file = path.join(folder(t), 'file')
  fs.writeFileSync(file, '')
  // Below the last, nothing can be made, and the system does not say why.
  for (const directory of [
    file,
    path.join(file, 'below'),
    ...(process.platform === 'linux' ? ['/proc/quorum/below'] : []),
  ])
    await assert.rejects(openSqliteStore({ directory }), (error) => {
      assert.ok(error instanceof QuorumError && error.code === 'not-writable')
      return error.message.startsWith(`${directory} cannot be written to: `)
    })
})

test('when several processes create a profile at the same moment, exactly one succeeds', async (t) => {
  const directory = folder(t)
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => openSqliteStore({ directory })))
  const opened = results.filter((result) => result.status === 'fulfilled')
  assert.equal(opened.length, 1)
  for (const result of results) if (result.status === 'rejected') assert.ok(code('store-locked')(result.reason))
  opened[0]?.value.close()
})

const noise = (length: number) => Buffer.from(Array.from({ length }, (_, n) => (n * 167 + (n >> 3) * 89) % 256))
type Damage = (file: string) => void
const remove: Damage = (file) => fs.rmSync(file)
const change =
  (edit: (bytes: Buffer) => Buffer): Damage =>
  (file) =>
    fs.writeFileSync(file, edit(fs.readFileSync(file)))
const damages: Record<string, Record<string, Damage>> = {
  'store.db': {
    missing: remove,
    empty: change(() => Buffer.alloc(0)),
    zeroed: change((bytes) => Buffer.alloc(bytes.length)),
    garbage: change((bytes) => noise(bytes.length)),
    truncated: change((bytes) => bytes.subarray(0, bytes.length >> 1)),
    'cut to a few bytes': change((bytes) => bytes.subarray(0, 100)),
  },
  'store.key': {
    missing: remove,
    empty: change(() => Buffer.alloc(0)),
    zeroed: change((bytes) => Buffer.alloc(bytes.length)),
    garbage: change((bytes) => noise(bytes.length)),
    truncated: change((bytes) => bytes.subarray(0, bytes.length - 20)),
    'one digit changed': change((bytes) => Buffer.from(bytes.toString().replace(/(?<="(key|sealed)":")./, 'x'))),
  },
}

for (const [name, variants] of Object.entries(damages)) {
  test(`a damaged ${name} is refused and left unchanged`, async (t) => {
    for (const passphrase of [undefined, 'secret']) {
      const sound = folder(t)
      await withStore(sound, say, passphrase)
      for (const [variant, damage] of Object.entries(variants)) {
        const directory = folder(t)
        fs.cpSync(sound, directory, { recursive: true })
        damage(path.join(directory, name))
        const before = digests(directory)
        for (const attempt of ['first', 'second']) {
          await assert.rejects(withStore(directory, say, passphrase), code('store-corrupt'), `${variant}, ${attempt}`)
          assert.deepEqual(digests(directory), before, variant)
        }
      }
    }
  })
}

test('a database under the key of another profile is refused, and its log is not touched', async (t) => {
  const [directory, other, crashed] = [folder(t), folder(t), folder(t)]
  await withStore(other, say)
  await withStore(directory, (store) => {
    say(store)
    execFileSync('cp', ['-r', `${directory}/.`, crashed])
  })
  fs.copyFileSync(path.join(crashed, 'store.key'), path.join(crashed, 'own.key'))
  fs.copyFileSync(path.join(other, 'store.key'), path.join(crashed, 'store.key'))
  const before = digests(crashed)
  assert.ok(contents(crashed)['store.db-wal']?.length)
  await assert.rejects(openSqliteStore({ directory: crashed }), code('store-corrupt'))
  assert.deepEqual(digests(crashed), before)
  fs.renameSync(path.join(crashed, 'own.key'), path.join(crashed, 'store.key'))
  assert.deepEqual(await withStore(crashed, said), ['text of 1'])
})

test('damage in a later page is detected by the call that reads it', async (t) => {
  const directory = folder(t)
  await withStore(directory, (store) =>
    store.transaction(() => {
      for (let n = 1; n <= 2000; n++) store.queueMessage('b', draft(`${n}`, `number ${n} ${'x'.repeat(100)}`))
    }),
  )
  const file = path.join(directory, 'store.db')
  const bytes = fs.readFileSync(file)
  // One byte in each page of the second half: the seal of a page covers every one.
  for (let at = (bytes.length >> 13) * 4096 + 77; at < bytes.length; at += 4096) bytes[at] = (bytes[at] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
  await assert.rejects(
    withStore(directory, (store) => store.outgoing('b', 0, 9999)),
    code('store-corrupt'),
  )
})

test('an interrupted creation is completed, wherever it was interrupted', async (t) => {
  const sound = folder(t)
  await withStore(sound, () => {})
  const key = readKeyFile(path.join(sound, 'store.key'))
  assert.ok(key?.created)
  for (const remaining of [['store.key'], ['store.key', 'store.db']]) {
    const directory = folder(t)
    for (const name of remaining) fs.cpSync(path.join(sound, name), path.join(directory, name))
    writeKeyFile(path.join(directory, 'store.key'), { ...key, created: false })
    await withStore(directory, say)
    assert.equal(readKeyFile(path.join(directory, 'store.key'))?.created, true)
    assert.deepEqual(await withStore(directory, said), ['text of 1'])
  }
})

test('a newer profile is refused; an older one is copied and migrated', async (t) => {
  const directory = folder(t)
  await withStore(directory, say)
  const backup = `store.v${migrations.length}.db`
  const newer = [...migrations, 'ALTER TABLE friend ADD COLUMN mood TEXT', 'CREATE TABLE extra (n INTEGER) STRICT']
  const older = contents(directory)['store.db']

  const broken = [...migrations, 'CREATE TABLE extra (n INTEGER); INSERT INTO nowhere VALUES (1)']
  await assert.rejects(openMigrated({ directory }, broken), /nowhere/)
  assert.deepEqual(await withStore(directory, said), ['text of 1'])

  const store = await openMigrated({ directory }, newer)
  assert.deepEqual(said(store), ['text of 1'])
  store.queueMessage('b', draft('2'))
  store.close()
  const files = contents(directory)
  assert.deepEqual(Object.keys(files), ['lock.db', 'store.db', 'store.key', backup])
  assert.equal(fs.statSync(path.join(directory, backup)).mode & 0o777, 0o600)
  assert.equal(files[backup]?.includes('text of 1'), false)

  await assert.rejects(openSqliteStore({ directory }), code('unsupported-version'))
  assert.deepEqual(contents(directory), files)
  assert.ok(older)

  // The copy is the old profile: when it is restored, the old program can read it.
  const copy = openRaw(directory, backup)
  assert.deepEqual(copy.get('PRAGMA user_version'), { user_version: migrations.length })
  copy.close()
  fs.renameSync(path.join(directory, backup), path.join(directory, 'store.db'))
  assert.deepEqual(await withStore(directory, said), ['text of 1'])
})

test('a key file of a newer version is refused', async (t) => {
  const directory = folder(t)
  await withStore(directory, say)
  const key = readKeyFile(path.join(directory, 'store.key'))
  // @ts-expect-error -- a version that does not exist yet
  writeKeyFile(path.join(directory, 'store.key'), { ...key, version: 2, cipher: 'unheard of' })
  await assert.rejects(openSqliteStore({ directory }), code('unsupported-version'))
})

test('threats.md 50: a database that may not grow: disk-full, nothing of the call stored, usable again', () => {
  const database = new Database()
  migrate(database, migrations, () => {})
  const store = storeOn(database)
  const pages = database.get<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
  database.exec(`PRAGMA max_page_count = ${pages + 20}`)
  let count = 0
  const fill = () => {
    for (;;) store.queueMessage('b', draft(`${++count}`, `${count}`.repeat(500)))
  }
  assert.throws(fill, code('disk-full'))
  assert.equal(store.messages('b', 9999).length, count - 1)
  assert.equal(store.conversation('b').queued, count - 1)
  // SQLite rolls back the whole transaction for some statements: later ones are refused, even if the error is caught.
  assert.throws(
    () =>
      store.transaction(() => {
        store.setSetting('name', new Uint8Array([1]))
        assert.throws(() => store.setSetting('nodes', new Uint8Array(1_000_000)), code('disk-full'))
        database.run('INSERT INTO setting (key, value) SELECT ?, zeroblob(0)', 'port')
      }),
    code('disk-full'),
  )
  assert.deepEqual([store.setting('name'), store.setting('port')], [undefined, undefined])
  // An error that is caught inside does not let the rest of the transaction be stored in part.
  assert.throws(
    () =>
      store.transaction(() => {
        store.setSetting('name', new Uint8Array([1]))
        assert.throws(fill, code('disk-full'))
        throw new Error('given up')
      }),
    /given up/,
  )
  assert.equal(store.setting('name'), undefined)
  database.exec('PRAGMA max_page_count = 1000000')
  assert.equal(store.queueMessage('b', draft('after')).seq, store.messages('b', 9999).length)
  assert.equal(store.search('text of after', 9).length, 1)
  store.close()
})

test('threats.md 50: a full disk: disk-full, no part of the call stored, usable again', needsMount, async (t) => {
  const disk = smallDisk(t, '2m')
  const directory = path.join(disk, 'profile')
  const store = await openSqliteStore({ directory })
  t.after(() => store.close())
  fs.writeFileSync(path.join(disk, 'ballast'), Buffer.alloc(500_000))
  let acknowledged = 0
  const fill = () => {
    for (;;) acknowledged = store.queueMessage('b', draft(`${acknowledged + 1}`, `${acknowledged} `.repeat(200))).seq
  }
  assert.throws(fill, code('disk-full'))
  assert.throws(fill, code('disk-full'))
  assert.ok(acknowledged > 10)
  const numbered = Array.from({ length: acknowledged }, (_, n) => `${n + 1}`)
  assert.deepEqual(
    store.messages('b', 9999).map(({ id }) => id),
    numbered,
  )
  assert.throws(
    () =>
      store.transaction(() => {
        store.setSetting('name', new Uint8Array([1]))
        fill()
      }),
    code('disk-full'),
  )
  assert.equal(store.setting('name'), undefined)

  fs.rmSync(path.join(disk, 'ballast'))
  store.transaction(() => store.queueMessage('b', draft(`${acknowledged + 1}`)))
  store.close()
  assert.deepEqual(await withStore(directory, (again) => again.messages('b', 9999).map(({ id }) => id)), [
    ...numbered,
    `${acknowledged + 1}`,
  ])
})

test('threats.md 50: no room for a new profile: disk-full, and it succeeds later', needsMount, async (t) => {
  const disk = smallDisk(t, '600k')
  const ballast = path.join(disk, 'ballast')
  const directory = path.join(disk, 'profile')
  for (let size = 596; size >= 0; size -= 4) {
    fs.writeFileSync(ballast, Buffer.alloc(size * 1024))
    const outcome = await withStore(directory, say).then(
      () => 'kept',
      (error: unknown) => error,
    )
    if (outcome === 'kept') break
    assert.ok(code('disk-full')(outcome), `${size} KiB taken: ${String(outcome)}`)
  }
  assert.deepEqual(await withStore(directory, said), ['text of 1'])
})

test('threats.md 50: a disk that became read-only: not-writable, still readable', needsMount, async (t) => {
  const disk = smallDisk(t, '4m')
  const directory = path.join(disk, 'profile')
  await withStore(directory, say)
  const remount = (mode: string) => execFileSync('mount', ['-o', `remount,${mode}`, disk])
  remount('ro')
  await assert.rejects(openSqliteStore({ directory }), code('not-writable'))
  await assert.rejects(openSqliteStore({ directory: path.join(disk, 'new') }), code('not-writable'))
  remount('rw')
  assert.deepEqual(await withStore(directory, said), ['text of 1'])
})
