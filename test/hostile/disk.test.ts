/**
 * Disks that fill up or fail, damaged and foreign profiles, two processes on one profile (docs/threats.md 42-45).
 * test/integration/sqlite.test.ts tests the errors of the store itself; this file tests how a peer handles them.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { openSqliteStore } from '../../protocol/index.ts'
import { openMigrated } from '../../protocol/store/sqlite.ts'
import { migrations } from '../../protocol/store/migrations.ts'
import { folder, undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, friendOf, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { fillDisk, needsMount, smallDisk } from '../support/small-disk.ts'

guardProcess()

/** Two friends; the profile of one is on `disk`. */
async function friendsOn(t: TestContext, disk: string): Promise<{ poor: TestPeer; rich: TestPeer; node: string[] }> {
  const node = await startNode(t)
  const store = await openSqliteStore({ directory: path.join(disk, 'profile') })
  const poor = await startPeer(t, { nodes: node.addresses(), store, name: 'poor' })
  const rich = await startPeer(t, { nodes: node.addresses(), name: 'rich' })
  await befriend(poor, rich)
  await tell(poor, rich, 'hello')
  await tell(rich, poor, 'hello yourself')
  return { poor, rich, node: node.addresses() }
}

test(
  'hostile 42: on a full disk nothing is sent or acknowledged; once there is space, each message arrives once',
  needsMount,
  async (t) => {
    const disk = smallDisk(t, '8m')
    const { poor, rich } = await friendsOn(t, disk)
    const free = fillDisk(disk)
    // Messages that still fit into the log are really on the disk; the first that does not fit is refused.
    const kept: string[] = []
    const refused: string[] = []
    for (let n = 0; n < 400 && refused.length < 5; n++) {
      const text = `long ${n} ${'x'.repeat(20_000)}`
      await poor.sendMessage({ peer: rich.id, text }).then(
        () => kept.push(text),
        (error: { code: string }) => {
          assert.equal(error.code, 'disk-full')
          refused.push(text)
        },
      )
    }
    assert.equal(refused.length, 5, 'the disk is full')
    const incoming = await rich.sendMessage({ peer: poor.id, text: `incoming ${'y'.repeat(50_000)}` })
    await until(
      () => poor.events.some(({ event, data }) => event === 'warning' && data.code === 'disk-full'),
      'a warning is emitted',
    )
    const state = async (): Promise<string | undefined> =>
      (await rich.messages({ peer: poor.id })).find(({ id }) => id === incoming.id)?.state
    assert.equal(await state(), 'sent', 'no receipt for what is not on the disk')
    assert.equal(
      (await poor.messages({ peer: rich.id, limit: 1000 })).some(({ id }) => id === incoming.id),
      false,
    )

    free()
    await until(async () => (await state()) === 'delivered', 'it arrives when there is space')
    const there = (await poor.messages({ peer: rich.id, limit: 1000 })).filter(({ id }) => id === incoming.id)
    assert.equal(there.length, 1)
    await tell(poor, rich, 'space again')
    const texts = (await rich.messages({ peer: poor.id, limit: 1000 }))
      .filter(({ direction }) => direction === 'in')
      .map(({ text }) => text)
    assert.deepEqual(
      texts.filter((text) => text.startsWith('long')),
      kept,
      'accepted messages arrive, refused ones never do',
    )
  },
)

test(
  'hostile 42: a disk that answers with errors (EIO): not sent, no receipt, and nothing crashes',
  needsMount,
  async (t) => {
    // A file system in a file with fewer bytes than it declares: writes beyond them fail with EIO.
    const ground = smallDisk(t, '6m')
    const image = path.join(ground, 'image')
    fs.writeFileSync(image, '')
    fs.truncateSync(image, 64 * 1024 * 1024)
    execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', '-E', 'lazy_itable_init=1', image])
    const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-disk-'))
    execFileSync('mount', ['-o', 'loop,errors=continue', image, disk])
    undo(t).defer(() => {
      execFileSync('umount', ['--lazy', disk])
      fs.rmdirSync(disk)
    })
    const { poor, rich } = await friendsOn(t, disk)
    fillDisk(ground)
    const writeOn = async (): Promise<void> => {
      for (let n = 0; n < 500; n++) await poor.sendMessage({ peer: rich.id, text: `${n} ${'x'.repeat(60_000)}` })
    }
    await assert.rejects(writeOn(), { code: /^(not-writable|disk-full)$/ })
    const { id } = await rich.sendMessage({ peer: poor.id, text: `incoming ${'y'.repeat(60_000)}` })
    await until(() => poor.events.some(({ event }) => event === 'warning'), 'a warning is emitted')
    const mine = (await rich.messages({ peer: poor.id })).find((message) => message.id === id)
    assert.ok(mine?.state === 'sent' || mine?.state === 'queued', `not receipted but ${mine?.state}`)
    assert.equal((await friendOf(poor, rich))?.state, 'friend', 'the peer still answers')
  },
)

interface Outcome {
  code: number | null
  stderr: string
  first: string
}

/** Runs `quorum peer --json` on a profile until it is ready (then ends it by closing its input) or has exited. */
async function headless(directory: string, keep?: (stop: () => void) => Promise<void>): Promise<Outcome> {
  const script = path.join(import.meta.dirname, '../../scripts/cli/quorum.ts')
  const child = spawn(process.execPath, [
    script,
    'peer',
    '--json',
    '--profile',
    directory,
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
  ])
  const exited = once(child, 'exit')
  let [stderr, first] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  try {
    const line = once(createInterface(child.stdout), 'line').then(([text]: string[]) => (first = text ?? ''))
    await Promise.race([line, exited])
    if (first !== '') await keep?.(() => child.kill('SIGKILL'))
    child.stdin.end()
    const [code] = (await exited) as [number | null]
    return { code, stderr, first }
  } finally {
    child.kill('SIGKILL')
  }
}

/** Every file of the profile by name, without the log, where a refused start is recorded. */
function contents(directory: string): { [name: string]: string } {
  const names = fs.readdirSync(directory).filter((name) => name !== 'lock.db' && name !== 'logs')
  return Object.fromEntries(
    names.sort().map((name) => [name, fs.readFileSync(path.join(directory, name)).toString('base64')]),
  )
}

test('hostile 43: a damaged database or key is refused, stays unchanged, and is never silently replaced', async (t) => {
  const sound = path.join(folder(t), 'profile')
  const { first } = await headless(sound)
  const { peer } = (JSON.parse(first) as { data: { peer: string } }).data
  for (const [name, damage] of [
    ['store.db', (bytes: Buffer) => bytes.fill(7, 0, 4096)],
    ['store.db', () => Buffer.alloc(0)],
    ['store.key', () => Buffer.from('not a key')],
    ['store.db', undefined],
    ['store.key', undefined],
  ] as const) {
    const directory = path.join(folder(t), 'profile')
    fs.cpSync(sound, directory, { recursive: true })
    const file = path.join(directory, name)
    if (damage == null) fs.rmSync(file)
    else fs.writeFileSync(file, damage(fs.readFileSync(file)))
    const before = contents(directory)
    const { code, stderr, first: line } = await headless(directory)
    assert.deepEqual([code, line], [1, ''], `${name}: ${stderr}`)
    assert.match(stderr, /^quorum: [^\n]+ \(store-corrupt\)\n$/)
    assert.deepEqual(contents(directory), before, name)
  }
  assert.equal((JSON.parse((await headless(sound)).first) as { data: { peer: string } }).data.peer, peer)
})

test('hostile 44: a second process on a profile is refused, and accepted after the first was killed', async (t) => {
  const directory = path.join(folder(t), 'profile')
  await headless(directory, async (kill) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const second = await headless(directory)
      assert.deepEqual([second.code, second.first], [1, ''])
      assert.match(second.stderr, /^quorum: [^\n]+ \(store-locked\)\n$/)
    }
    kill()
  })
  assert.equal((await headless(directory)).code, 0)
})

test('hostile 45: a profile of a newer version is refused unchanged; an older one is copied, then migrated', async (t) => {
  const directory = path.join(folder(t), 'profile')
  const { first } = await headless(directory)
  const newer = [...migrations, 'CREATE TABLE later (n INTEGER) STRICT']
  const store = await openMigrated({ directory }, newer)
  assert.equal(store.setting('seed')?.byteLength, 32, 'what was there is there')
  store.close()
  const copy =
    fs.readdirSync(directory).find((name) => /^store\.v\d+\.db$/.test(name)) ?? assert.fail('no copy was kept')
  const before = contents(directory)
  const { code, stderr } = await headless(directory)
  assert.equal(code, 1)
  assert.match(stderr, /^quorum: [^\n]+ \(unsupported-version\)\n$/)
  assert.deepEqual(contents(directory), before)
  fs.renameSync(path.join(directory, copy), path.join(directory, 'store.db'))
  assert.deepEqual(JSON.parse((await headless(directory)).first), JSON.parse(first), 'the copy is the old profile')
})
