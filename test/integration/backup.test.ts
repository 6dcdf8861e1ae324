/** Backups: what they contain, what is refused, and that a profile goes on from one (docs/threats.md, Backups). */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { exportBackup, importBackup, openMemoryStore, openSqliteStore } from '../../protocol/index.ts'
import type { Backup, Store } from '../../protocol/index.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { beginMailAnew } from '../../protocol/chat/restored.ts'
import { Database } from '../../protocol/store/database.ts'
import { readKeyFile } from '../../protocol/store/key.ts'
import { migrations } from '../../protocol/store/migrations.ts'
import { openMigrated } from '../../protocol/store/sqlite.ts'
import { plainPages, unpackedBackup } from '../support/backup-content.ts'
import { folder } from '../support/cleanup.ts'
import { befriend, online, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { refused } from '../support/refused.ts'
import { digestOf, MiB, randomFile } from '../support/transfers.ts'

const now = 1_800_000_000_000
const secretKey = Buffer.from('a secret key for sealed envelope')
const hybridSeed = Buffer.from('a seed for the other half of it!')

/** A profile with an identity, some messages and a sealing key. */
async function profile(t: TestContext, passphrase?: string): Promise<{ directory: string; store: Store }> {
  const directory = folder(t)
  const store = await openSqliteStore({ directory, ...(passphrase === undefined ? {} : { passphrase }) })
  t.after(() => store.close())
  store.setSetting('seed', Buffer.alloc(32, 9))
  store.setSetting('name', Buffer.from('Ada'))
  const hybrid = { publicKey: Buffer.alloc(1216, 3), seed: hybridSeed }
  store.putSealingKey({ publicKey: Buffer.alloc(32, 2), secretKey, hybrid, createdAt: now })
  store.transaction(() => {
    for (let n = 0; n < 500; n++) store.queueMessage('b', { id: `${n}`, text: `text ${n} `.repeat(40), sentAt: now })
  })
  return { directory, store }
}

/** One with its words in a file. */
async function backup(t: TestContext, passphrase?: string): Promise<Backup & { words: string }> {
  const { store } = await profile(t)
  const made = await exportBackup(store, { path: path.join(folder(t), 'backup'), passphrase })
  return { words: '', ...made }
}

const names = (directory: string): string[] => fs.readdirSync(directory).toSorted()

function opened(directory: string): Database {
  const key = readKeyFile(path.join(directory, 'store.key'))
  assert.ok(key && 'key' in key)
  return new Database(path.join(directory, 'store.db'), Buffer.from(key.key, 'hex'))
}

test('a backup has everything but the sealing keys, and nothing else stays in either folder', async (t) => {
  const { directory, store } = await profile(t)
  const before = names(directory)
  const target = folder(t)
  const progress: [number, number][] = []
  const made = await exportBackup(store, {
    path: path.join(target, 'backup'),
    onProgress: (done, total) => progress.push([done, total]),
  })
  assert.equal(made.words?.split(' ').length, 24)
  assert.equal(made.bytes, fs.statSync(made.path).size)
  assert.deepEqual(progress.at(-1), [made.bytes, made.bytes])
  assert.deepEqual(names(target), ['backup'])
  assert.equal(fs.statSync(made.path).mode & 0o777, 0o600)
  assert.deepEqual(names(directory), before)
  assert.equal(store.sealingKeys().length, 1, 'the profile itself keeps them')
  store.queueMessage('b', { id: 'later', text: 'it goes on', sentAt: now })

  const restored = path.join(folder(t), 'a', 'profile')
  const { peer, createdAt } = await importBackup({ directory: restored, path: made.path, words: made.words ?? '' })
  assert.match(peer, /^12D3Koo/)
  assert.ok(Math.abs(Date.now() - createdAt) < 600_000)
  assert.deepEqual(names(restored), ['lock.db', 'store.db', 'store.key'])
  const data = fs.readFileSync(path.join(directory, 'store.key'), 'utf8')
  assert.notEqual(fs.readFileSync(path.join(restored, 'store.key'), 'utf8'), data, 'a key of its own')
  const again = await openSqliteStore({ directory: restored })
  t.after(() => again.close())
  assert.deepEqual(again.setting('seed'), new Uint8Array(32).fill(9))
  assert.equal(Buffer.from(again.setting('name') ?? []).toString(), 'Ada')
  assert.deepEqual(again.sealingKeys(), [])
  assert.deepEqual([again.messages('b', 1000).length, again.search('text 499', 10).length], [500, 1])
})

test('a backup has nothing of parcels that only the newest state may use, and a peer of it begins anew', async (t) => {
  const directory = folder(t)
  const store = await openSqliteStore({ directory })
  t.after(() => store.close())
  store.setSetting('seed', Buffer.alloc(32, 9))
  const era = Buffer.alloc(8, 1)
  const seed = Buffer.from('a seed that opens one parcel ...')
  const told = { ticket: Buffer.alloc(32, 2), era, nextKey: 51, keysHeld: 40, keysTop: 50, top: 30 }
  for (const peer of ['b', 'c']) {
    store.putWord({ ...store.word(peer), ...told })
    store.addGivenKeys(peer, [{ era, number: 50, keyId: Buffer.alloc(8, 3), seed, createdAt: now }])
  }
  store.addHeldKeys('b', [{ number: 30, publicKey: Buffer.alloc(1216, 4), receivedAt: now }])
  const parcel = { id: Buffer.alloc(16, 5), peer: 'b', first: 1, upTo: 1, keyNumber: 29, bytes: 9, leftAt: now }
  store.addParcel({ ...parcel, anew: false }, Buffer.from('the sealed parcel'))
  store.queueMessage('b', { id: '1', text: 'left', sentAt: now })
  store.markSent('b', [{ seq: 1, hash: Buffer.alloc(32, 6) }])
  store.markLeft('b', parcel, now)
  const words = (await exportBackup(store, { path: path.join(directory, 'backup') })).words ?? ''
  assert.equal(store.givenKeys('b').length + store.heldKeys('b').length + store.parcelsFor('b').length, 3)

  const restored = folder(t)
  await importBackup({ directory: restored, path: path.join(directory, 'backup'), words })
  const again = await openSqliteStore({ directory: restored })
  t.after(() => again.close())
  assert.deepEqual([again.givenKeys('b'), again.heldKeys('b'), again.parcelsFor('b')], [[], [], []])
  assert.equal(again.messages('b', 1)[0]?.leftAt, undefined)
  again.transaction(() => beginMailAnew(again, now))
  const { era: b, ...word } = again.word('b')
  assert.partialDeepStrictEqual(word, { nextKey: 1, keysHeld: 0, keysTop: 0, owed: true, floor: 29 })
  assert.equal(word.floorUntil, now + chatLimits.keyFloor)
  assert.equal(again.word('c').floor, 31, 'of those that came none was left')
  assert.equal(new Set([b, again.word('c').era, era].map((one) => Buffer.from(one).toString('hex'))).size, 3)
})

test('101: no page of a backup has anything of a sealing key', async (t) => {
  const { directory, store } = await profile(t)
  for (let n = 0; n < 50; n++) {
    store.putSealingKey({ publicKey: Buffer.alloc(32, 100 + n), secretKey, createdAt: now + n })
  }
  const { path: file, words = '' } = await exportBackup(store, { path: path.join(folder(t), 'backup') })
  const inside = await unpackedBackup(t, file, { words })
  const plain = plainPages(t, inside.file, inside.key)
  assert.ok(plain.includes('SQLite format 3') && plain.includes('text 499'), 'it can be searched')
  assert.ok(!plain.includes(secretKey) && !plain.includes(hybridSeed))
  store.close()
  const key = readKeyFile(path.join(directory, 'store.key'))
  assert.ok(key && 'key' in key)
  const own = plainPages(t, path.join(directory, 'store.db'), Buffer.from(key.key, 'hex'))
  assert.ok(own.includes(secretKey) && own.includes(hybridSeed), 'the search finds what is there')
})

test('the event loop goes on while a large profile is backed up, and so does the profile', async (t) => {
  const { directory, store } = await profile(t)
  const write = (from: number, count: number, length: number): void =>
    store.transaction(() => {
      for (let n = from; n < from + count; n++) {
        store.queueMessage('b', { id: `m${n}`, text: `${n} ${'x'.repeat(length)}`, sentAt: now })
      }
    })
  for (let n = 0; n < 60; n++) write(n * 100, 100, 6000)
  const before = store.messages('b', 1000).at(-1)?.id
  let [longest, last, turns] = [0, performance.now(), 0]
  const turn = (): void => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    turns += 1
    // Meanwhile the peer stores what it is sent, and forgets what it is told to.
    write(100_000 + turns, 1, 100)
    assert.ok(store.recall(`m${100_000 + turns}`))
  }
  const timer = setInterval(turn, 5)
  const began = performance.now()
  const { path: file, words = '' } = await exportBackup(store, { path: path.join(folder(t), 'backup') }).finally(() =>
    clearInterval(timer),
  )
  const all = performance.now() - began
  t.diagnostic(`${fs.statSync(file).size} bytes in ${Math.round(all)} ms, the longest pause ${Math.round(longest)} ms`)
  assert.ok(turns > 5 && longest < all / 4, `${longest} of ${all} ms, ${turns} turns`)
  assert.equal(fs.existsSync(path.join(directory, 'store.db-wal')), true)
  assert.equal(fs.statSync(path.join(directory, 'store.db-wal')).size < 8 * MiB, true)

  const restored = path.join(folder(t), 'profile')
  await importBackup({ directory: restored, path: file, words })
  const again = await openSqliteStore({ directory: restored })
  t.after(() => again.close())
  assert.equal(again.messages('b', 1000).findLast(({ id }) => !/^m1\d{5}$/.test(id))?.id, before)
  assert.equal(store.messages('b', 1).at(-1)?.id, `m${100_000 + turns}`)
})

test('a backup that is interrupted leaves nothing, and none is made of a profile that is closed while it is copied', async (t) => {
  const { directory, store } = await profile(t)
  const [before, target] = [names(directory), folder(t)]
  const stop = new AbortController()
  const onProgress = (): void => stop.abort()
  const interrupted = exportBackup(store, { path: path.join(target, 'a'), onProgress, signal: stop.signal })
  await assert.rejects(interrupted, refused('cancelled'))
  await assert.rejects(exportBackup(store, { path: path.join(target, 'a'), signal: stop.signal }), refused('cancelled'))
  assert.deepEqual([names(target), names(directory)], [[], before])

  const database = new Database(path.join(folder(t), 'a.db'))
  await assert.rejects(
    database.whileStill(async () => database.close()),
    refused('cancelled'),
    'no copy counts',
  )
})

test('two backups at once are both whole; one replaces a file only if that is asked for', async (t) => {
  const { store } = await profile(t)
  const target = folder(t)
  const [first, second] = await Promise.all(
    ['a', 'b'].map((name) => exportBackup(store, { path: path.join(target, name) })),
  )
  for (const { path: file, words = '' } of [first, second].filter((one) => one !== undefined)) {
    await importBackup({ directory: path.join(folder(t), 'profile'), path: file, words })
  }
  const { words = '' } = await exportBackup(store, { path: path.join(target, 'a'), replace: true })
  await importBackup({ directory: path.join(folder(t), 'profile'), path: path.join(target, 'a'), words })
  assert.deepEqual(names(target), ['a', 'b'])
})

test('a copy that a crash left goes at the next opening', async (t) => {
  const { directory, store } = await profile(t)
  store.close()
  const left = ['store.backup-00aa.db', 'store.backup-00aa-whole.db', 'store.backup-00aa.db-journal']
  for (const name of left) fs.writeFileSync(path.join(directory, name), 'left')
  const again = await openSqliteStore({ directory })
  t.after(() => again.close())
  assert.deepEqual(
    names(directory).filter((name) => name.startsWith('store.backup')),
    [],
  )
})

test('a backup by passphrase restores a profile with a passphrase of its own', async (t) => {
  const { path: file } = await backup(t, 'for the file')
  const directory = path.join(folder(t), 'profile')
  await importBackup({ directory, path: file, passphrase: 'for the file', newPassphrase: 'for the profile' })
  await assert.rejects(openSqliteStore({ directory, passphrase: 'for the file' }), refused('wrong-passphrase'))
  const store = await openSqliteStore({ directory, passphrase: 'for the profile' })
  store.close()
})

test('no file is replaced by a backup, and none is left of one that fails', async (t) => {
  const { store } = await profile(t)
  const target = folder(t)
  const file = path.join(target, 'thesis')
  fs.writeFileSync(file, 'years of work')
  await assert.rejects(exportBackup(store, { path: file }), refused('bad-request'))
  assert.equal(fs.readFileSync(file, 'utf8'), 'years of work')
  await assert.rejects(exportBackup(store, { path: path.join(target, 'none', 'x') }), refused('not-writable'))
  await assert.rejects(exportBackup(store, { path: path.join(target, 'x'), passphrase: '' }), refused('bad-request'))
  const fails = (): never => {
    throw new Error('the person closed the window')
  }
  await assert.rejects(exportBackup(store, { path: path.join(target, 'y'), onProgress: fails }), /closed the window/)
  assert.deepEqual(names(target), ['thesis'])
  await assert.rejects(exportBackup(openMemoryStore(), { path: path.join(target, 'z') }), refused('bad-request'))
  const memory = openMemoryStore()
  memory.setSetting('seed', Buffer.alloc(32))
  await assert.rejects(exportBackup(memory, { path: path.join(target, 'z') }), refused('bad-request'))
  assert.deepEqual(names(target), ['thesis'])
})

test('99: a file that was cut, changed or is no backup is refused, and nothing is made', async (t) => {
  const { path: file, words } = await backup(t)
  const whole = fs.readFileSync(file)
  assert.ok(whole.length > 3 * 65_536, 'it has several blocks')
  const parent = folder(t)
  const directory = path.join(parent, 'profile')
  const refusedWith = async (bytes: Uint8Array, code: Parameters<typeof refused>[0]): Promise<void> => {
    fs.writeFileSync(file, bytes)
    await assert.rejects(importBackup({ directory, path: file, words }), refused(code))
    assert.deepEqual(names(parent), [])
  }
  const block = 65_553
  for (const at of [0, 1, 138, 139, 139 + block, 139 + 2 * block, whole.length - 1]) {
    await refusedWith(whole.subarray(0, at), 'backup-damaged')
  }
  for (const at of [0, 20, 60, 130, 139, 139 + block - 1, 139 + block, whole.length - 20, whole.length - 1]) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] ?? 0) ^ 64
    await refusedWith(changed, 'backup-damaged')
  }
  const first = whole.subarray(139, 139 + block)
  await refusedWith(Buffer.concat([whole, first]), 'backup-damaged')
  const exchanged = Buffer.from(whole)
  first.copy(exchanged, 139 + block)
  whole.copy(exchanged, 139, 139 + block, 139 + 2 * block)
  await refusedWith(exchanged, 'backup-damaged')
  await refusedWith(Buffer.from('PK\u0003\u0004 some archive'), 'backup-damaged')
  const later = Buffer.from(whole)
  later[8] = 2
  await refusedWith(later, 'unsupported-version')
  await assert.rejects(importBackup({ directory, path: `${file}.none`, words }), refused('not-found'))
  await assert.rejects(importBackup({ directory, path: parent, words }), refused('backup-damaged'))
  assert.deepEqual(names(parent), [])

  fs.writeFileSync(file, whole)
  await importBackup({ directory, path: file, words })
  assert.deepEqual(names(parent), ['profile'])
})

test('with a wrong word, with the words of another backup or a wrong passphrase nothing is made', async (t) => {
  const { path: file, words } = await backup(t)
  const [guarded, other] = [await backup(t, 'right'), await backup(t)]
  const parent = folder(t)
  const directory = path.join(parent, 'profile')
  const wrong = refused('wrong-passphrase')
  const typed = words.split(' ')
  const slip = typed.with(3, typed[3] === 'zoo' ? 'zone' : 'zoo').join(' ')
  for (const attempt of [slip, other.words, typed.slice(1).join(' '), 'xyz']) {
    await assert.rejects(importBackup({ directory, path: file, words: attempt }), wrong)
  }
  await assert.rejects(importBackup({ directory, path: file, passphrase: 'right' }), wrong)
  await assert.rejects(importBackup({ directory, path: guarded.path, passphrase: 'wrong' }), wrong)
  await assert.rejects(importBackup({ directory, path: file }), refused('bad-request'))
  await assert.rejects(importBackup({ directory, path: file, words, passphrase: 'x' }), refused('bad-request'))
  await assert.rejects(importBackup({ directory, path: file, words, newPassphrase: '' }), refused('bad-request'))
  assert.deepEqual(names(parent), [])
})

test('a profile in the folder is never replaced, unless that is asked for; one in use never', async (t) => {
  const { path: file, words } = await backup(t)
  const { directory, store } = await profile(t)
  store.setSetting('name', Buffer.from('Old'))
  await assert.rejects(importBackup({ directory, path: file, words, replace: true }), refused('store-locked'))
  store.close()
  const content = () => names(directory).map((name) => [name, digestOf(path.join(directory, name))])
  const before = content()
  await assert.rejects(importBackup({ directory, path: file, words }), refused('profile-exists'))
  const changed = fs.readFileSync(file)
  changed[200] = (changed[200] ?? 0) ^ 1
  fs.writeFileSync(`${file}.changed`, changed)
  const damaged = importBackup({ directory, path: `${file}.changed`, words, replace: true })
  await assert.rejects(damaged, refused('backup-damaged'))
  assert.deepEqual(content(), before)
  fs.writeFileSync(path.join(directory, 'store.v1.db'), 'a copy of the old one')
  fs.writeFileSync(path.join(directory, 'notes.txt'), 'mine')
  await importBackup({ directory, path: file, words, replace: true })
  assert.deepEqual(names(directory), ['lock.db', 'notes.txt', 'store.db', 'store.key'])
  const database = opened(directory)
  assert.equal(database.get<{ value: Buffer }>("SELECT value FROM setting WHERE key = 'name'")?.value.toString(), 'Ada')
  database.close()
})

test('a profile that is open is closed only once all of the backup is checked', async (t) => {
  const { path: file, words } = await backup(t)
  const { directory, store } = await profile(t)
  store.setSetting('name', Buffer.from('Old'))
  let ends = 0
  const endCurrent = async (): Promise<void> => {
    ends += 1
    store.close()
  }
  const damaged = fs.readFileSync(file)
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
  fs.writeFileSync(`${file}.changed`, damaged)
  const options = { directory, words, replace: true, endCurrent }
  const before = names(directory)
  await assert.rejects(importBackup({ ...options, path: `${file}.changed` }), refused('backup-damaged'))
  await assert.rejects(importBackup({ ...options, path: file, words: 'xyz' }), refused('wrong-passphrase'))
  await assert.rejects(importBackup({ ...options, path: file, replace: false }), refused('profile-exists'))
  assert.deepEqual([ends, names(directory)], [0, before])
  store.queueMessage('b', { id: 'later', text: 'it goes on', sentAt: now })

  await importBackup({ ...options, path: file })
  assert.equal(ends, 1)
  const again = await openSqliteStore({ directory })
  t.after(() => again.close())
  assert.equal(Buffer.from(again.setting('name') ?? []).toString(), 'Ada')
})

test('a backup of an older version is migrated, one of a newer version is refused', async (t) => {
  const from = async (steps: readonly string[]): Promise<[string, string]> => {
    const store = await openMigrated({ directory: folder(t) }, steps)
    store.setSetting('seed', Buffer.alloc(32, 9))
    const { path: file, words = '' } = await exportBackup(store, { path: path.join(folder(t), 'backup') })
    store.close()
    return [file, words]
  }
  const [older, words] = await from(migrations.slice(0, -1))
  const directory = path.join(folder(t), 'profile')
  await importBackup({ directory, path: older, words })
  const store = await openSqliteStore({ directory })
  store.close()
  assert.deepEqual(names(directory), ['lock.db', 'store.db', 'store.key'])

  const parent = folder(t)
  const [newer, words2] = await from([...migrations, 'CREATE TABLE fromTheFuture (x)'])
  const attempt = importBackup({ directory: path.join(parent, 'profile'), path: newer, words: words2 })
  await assert.rejects(attempt, refused('unsupported-version'))
  assert.deepEqual(names(parent), [])
})

// ---- two people, one of whom restores an older copy

async function twoFriends(t: TestContext) {
  const node = await startNode(t)
  const [directory, downloads] = [path.join(folder(t), 'profile'), folder(t)]
  const nodes = [node.addresses()[0] ?? assert.fail()]
  const start = async (): Promise<TestPeer> =>
    startPeer(t, { store: await openSqliteStore({ directory }), nodes, name: 'Ada', downloads })
  const bob = await startPeer(t, { nodes, name: 'Bob', downloads: folder(t) })
  const ada = await start()
  await befriend(ada, bob)
  return { ada, bob, start, directory, downloads }
}

const texts = async (of: TestPeer, other: TestPeer): Promise<string[]> =>
  (await of.messages({ peer: other.id, limit: 1000 })).map(({ direction, text }) => `${direction} ${text}`)

test('who restores an older copy is the same person to their friends, and the conversation goes on', async (t) => {
  const { ada, bob, start, directory } = await twoFriends(t)
  await tell(ada, bob, 'before 1')
  await tell(bob, ada, 'before 2')
  const { path: file, words = '' } = await ada.exportBackup({ path: path.join(folder(t), 'backup') })
  for (const text of ['lost 1', 'lost 2', 'lost 3']) await tell(ada, bob, text)
  await tell(bob, ada, 'after 1')
  await ada.stop()
  const waiting = await bob.sendMessage({ peer: ada.id, text: 'while they were away' })

  const { peer } = await importBackup({ directory, path: file, words, replace: true })
  assert.equal(peer, ada.id)
  const again = await start()
  assert.equal(again.id, ada.id)
  assert.deepEqual(
    (await again.friends()).map((friend) => friend.peer),
    [bob.id],
  )
  // Written before anybody was reached.
  await again.sendMessage({ peer: bob.id, text: 'new 1' })
  await online(again, bob)
  await tell(again, bob, 'new 2')
  await tell(bob, again, 'after 2')
  const has = async (of: TestPeer, other: TestPeer, text: string) => (await texts(of, other)).includes(text)
  await until(async () => has(bob, again, 'in new 1'), 'what was written at once arrives')
  await until(async () => has(again, bob, `in ${waiting.text}`), 'what waited arrives')

  const mine = await texts(again, bob)
  const theirs = await texts(bob, again)
  assert.equal(new Set(mine).size, mine.length, `nothing is there twice: ${mine.join()}`)
  assert.equal(new Set(theirs).size, theirs.length, `nothing is there twice: ${theirs.join()}`)
  const out = ['before 1', 'new 1', 'new 2']
  for (const text of out) assert.ok(mine.includes(`out ${text}`) && theirs.includes(`in ${text}`), text)
  for (const text of ['lost 1', 'lost 2', 'lost 3']) {
    assert.ok(!mine.includes(`out ${text}`) && theirs.includes(`in ${text}`), text)
  }
  for (const text of ['before 2', 'after 1', 'while they were away', 'after 2']) {
    assert.ok(mine.includes(`in ${text}`) && theirs.includes(`out ${text}`), text)
  }
  const warned = bob.events.filter(({ event }) => event === 'warning')
  assert.ok(warned.length <= 1, `the friend notices at most a line: ${JSON.stringify(warned)}`)
})

test('a transfer that ran when the backup was made is paused, on both sides, until it is resumed', async (t) => {
  const { ada, bob, start, directory, downloads } = await twoFriends(t)
  const source = randomFile(path.join(folder(t), 'film'), 40 * MiB)
  const offer = await bob.sendFiles({ peer: ada.id, paths: [source] })
  await until(async () => (await ada.transfers({})).some(({ id }) => id === offer.id), 'the offer arrived')
  await ada.acceptTransfer({ transfer: offer.id })
  const { path: file, words = '' } = await ada.exportBackup({ path: path.join(folder(t), 'backup') })
  await ada.stop()
  await importBackup({ directory, path: file, words, replace: true })
  const again = await start()
  const { state, pausedBy } = await again.transfer({ transfer: offer.id })
  assert.deepEqual([state, pausedBy], ['paused', 'me'])
  await until(async () => (await bob.transfer({ transfer: offer.id })).state === 'paused', 'bob knows')
  await again.resumeTransfer({ transfer: offer.id })
  await until(async () => (await again.transfer({ transfer: offer.id })).state === 'done', 'it is done')
  assert.equal(digestOf(path.join(downloads, 'film')), digestOf(source))
})
