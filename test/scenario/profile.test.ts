/**
 * Profiles on the disk: one process for each profile, protection by a passphrase, damage that is reported and never
 * hidden, an ephemeral peer that writes nothing, and files that reveal nothing of a conversation.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { test } from 'node:test'
import { peerIdFromString } from '@libp2p/peer-id'
import { befriend, HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Stage, type StartOptions } from '../support/line-process.ts'

/** Every file and folder below `folder`, with a digest of each file. */
function tree(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    return [relative(folder, path), entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '']
  })
  return Object.fromEntries(entries) as Record<string, string>
}

/** Without the log, which records a refusal. */
function profileOf(folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(tree(folder)).filter(([name]) => name.split(sep)[0] !== 'logs'))
}

/** Starts a peer that must refuse: exit code 1, one line with `code`, nothing on standard output. */
async function refused(stage: Stage, code: string, args: string[], options?: StartOptions): Promise<void> {
  const process = stage.start('peer', args, options).mayEnd()
  assert.equal(await process.ended, 1, process.lines.join('\n'))
  assert.match(process.err, /^quorum: [^\n]+\n$/)
  assert.ok(process.err.endsWith(`(${code})\n`), process.err)
  assert.deepEqual(process.lines, [])
}

test('a second process on one profile is refused, and the first continues (threats.md 44)', async (t) => {
  const stage = new Stage(t)
  const peer = await new HeadlessPeer(stage, 'only').start()
  await refused(stage, 'store-locked', ['--profile', peer.folder])
  assert.equal((await peer.call('setProfile', { name: 'still here' })).name, 'still here')
  // A lock does not outlive its holder, however the holder ends.
  await peer.kill9()
  await peer.start()
  await peer.stop()
})

test('a missing, wrong or unnecessary passphrase opens nothing and changes nothing', async (t) => {
  const stage = new Stage(t)
  const right = 'correct horse ünïcode battery'
  const guarded = new HeadlessPeer(stage, 'guarded', { env: { QUORUM_PASSPHRASE: right } })
  await guarded.start()
  await guarded.stop()
  const before = profileOf(guarded.folder)
  const profile = ['--profile', guarded.folder]
  const wrongFile = join(stage.folder, 'wrong')
  writeFileSync(wrongFile, `${right}!\n`)
  await refused(stage, 'wrong-passphrase', profile)
  await refused(stage, 'wrong-passphrase', profile, { env: { QUORUM_PASSPHRASE: right.slice(0, -1) } })
  // The file takes precedence over the variable.
  await refused(stage, 'wrong-passphrase', [...profile, '--passphrase-file', wrongFile], {
    env: { QUORUM_PASSPHRASE: right },
  })
  assert.deepEqual(profileOf(guarded.folder), before)

  const rightFile = join(stage.folder, 'right')
  writeFileSync(rightFile, `${right}\n`)
  guarded.setup = { args: ['--passphrase-file', rightFile] }
  // HeadlessPeer checks that it is the same PeerId.
  await guarded.start()
  await guarded.stop()

  const open = await new HeadlessPeer(stage, 'open').start()
  await open.stop()
  const openBefore = profileOf(open.folder)
  await refused(stage, 'wrong-passphrase', ['--profile', open.folder], { env: { QUORUM_PASSPHRASE: right } })
  assert.deepEqual(profileOf(open.folder), openBefore)
})

const damages: { damage: string; file: string; inflict: (file: string) => void }[] = [
  { damage: 'a key of noise', file: 'store.key', inflict: (file) => writeFileSync(file, Buffer.alloc(135, 0xa5)) },
  { damage: 'half a key', file: 'store.key', inflict: (file) => truncateSync(file, 60) },
  { damage: 'an empty key', file: 'store.key', inflict: (file) => truncateSync(file, 0) },
  { damage: 'no key', file: 'store.key', inflict: (file) => rmSync(file) },
  {
    damage: 'a changed digit in the key',
    file: 'store.key',
    inflict: (file) =>
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace(/("key":".{9})(.)/, (_, a, b) => a + (b === '0' ? '1' : '0')),
      ),
  },
  {
    damage: 'a flipped bit in the database',
    file: 'store.db',
    inflict: (file) => {
      const bytes = readFileSync(file)
      bytes[2000] = (bytes[2000] ?? 0) ^ 1
      writeFileSync(file, bytes)
    },
  },
  {
    damage: 'a database of noise',
    file: 'store.db',
    inflict: (file) => writeFileSync(file, Buffer.alloc(98_304, 0xa5)),
  },
  { damage: 'half a page of database', file: 'store.db', inflict: (file) => truncateSync(file, 2048) },
  { damage: 'an empty database', file: 'store.db', inflict: (file) => truncateSync(file, 0) },
  { damage: 'no database', file: 'store.db', inflict: (file) => rmSync(file) },
]

test(
  'a damaged profile is refused in one line, and no byte of it is changed (threats.md 43)',
  { concurrency: 4 },
  async (t) => {
    const stage = new Stage(t)
    const peer = await new HeadlessPeer(stage, 'damaged').start()
    await peer.call('setProfile', { name: 'before the damage' })
    await peer.stop()
    const refusals = damages.map(({ damage, file, inflict }) =>
      t.test(damage, async () => {
        const copy = join(stage.folder, damage)
        cpSync(peer.folder, copy, { recursive: true })
        inflict(join(copy, file))
        const before = profileOf(copy)
        assert.notDeepEqual(before, profileOf(peer.folder))
        await refused(stage, 'store-corrupt', ['--profile', copy])
        assert.deepEqual(profileOf(copy), before)
      }),
    )
    await Promise.all(refusals)
  },
)

test('an ephemeral peer writes no file at all', async (t) => {
  const stage = new Stage(t)
  const node = await new HeadlessNode(stage).start()
  const home = join(stage.folder, 'home')
  const folders = ['HOME', 'TMPDIR', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME']
  const env = Object.fromEntries([...folders, 'XDG_RUNTIME_DIR', 'cwd'].map((name) => [name, join(home, name)]))
  for (const folder of Object.values(env)) mkdirSync(folder, { recursive: true })
  const setup = { nodes: node.addresses, ephemeral: true, env, cwd: join(home, 'cwd') }
  const before = tree(home)
  const [ann, ben] = [new HeadlessPeer(stage, 'ann', setup), new HeadlessPeer(stage, 'ben', setup)]
  await Promise.all([ann.start(), ben.start()])
  await befriend(ann, ben)
  // Enough data that anything with a spill to disk would write a file.
  for (let count = 0; count < 64; count++) await ann.send(ben, `${count} ${'x'.repeat(60_000)}`)
  await ann.send(ben, 'nobody will know')
  await ben.has(ann, 'nobody will know', 'delivered')
  assert.equal((await ben.call('search', { text: 'will know' })).length, 1)
  assert.deepEqual(tree(home), before)
  const { id } = ann
  await Promise.all([ann.stop(), ben.kill9()])
  assert.deepEqual(tree(home), before)
  // After a restart it has no data.
  await ann.start()
  assert.notEqual(ann.id, id)
  assert.deepEqual(await ann.call('friends'), [])
})

/** `text` in every encoding in which it could be stored on a disk. */
function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'utf8')
  return [
    bytes,
    Buffer.from(text, 'utf16le'),
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('base64url')),
  ]
}

/** The key in a PeerId, as bytes and as text. */
function formsOfKey(peer: string): Buffer[] {
  const raw = Buffer.from(peerIdFromString(peer).publicKey?.raw ?? assert.fail('no key in the PeerId'))
  return [raw, Buffer.from(raw.toString('hex')), Buffer.from(raw.toString('base64').slice(0, 40))]
}

test('the files of a profile contain no message, no name and no key in readable form', async (t) => {
  const stage = new Stage(t)
  const node = await new HeadlessNode(stage).start()
  const setup = { nodes: node.addresses }
  const [ann, ben] = [
    new HeadlessPeer(stage, 'Annabelle-Zeta', setup),
    new HeadlessPeer(stage, 'Benvolio-Omega', setup),
  ]
  await Promise.all([ann.start(), ben.start()])
  await ann.call('setProfile', { handle: 'annabelle.handle' })
  await ben.call('requestFriend', { to: 'annabelle.handle', note: 'met at the lighthouse' })
  await ann.event('friend-request')
  await ann.call('acceptFriend', { peer: ben.id })
  await ann.sees(ben)
  const { link, code } = await ann.call('invite', {})
  const said = ['the treasure is under the old oak', 'tell no one ☠', 'longer '.repeat(3000)]
  for (const text of said) await ann.send(ben, text)
  await ben.has(ann, said.at(-1) ?? '', 'delivered')
  await ben.send(ann, 'understood, Annabelle')
  await ann.has(ben, 'understood, Annabelle', 'delivered')

  const words = [
    'Annabelle',
    'Benvolio',
    'annabelle.handle',
    'lighthouse',
    'treasure',
    'old oak',
    'longer longer',
    'understood',
  ]
  const secrets = [...words, ...node.addresses, link.slice(20, 80), code, ann.id, ben.id].flatMap(formsOf)
  secrets.push(...[ann.id, ben.id].flatMap(formsOfKey))
  const search = (bytes: Buffer): string[] =>
    secrets.filter((secret) => bytes.includes(secret)).map((secret) => secret.toString('latin1'))
  // A control: the search finds a word in data that contains it.
  assert.ok(search(Buffer.from(JSON.stringify(ann.events))).includes('lighthouse'))

  const filesOf = (folder: string): string[] =>
    Object.keys(tree(folder)).filter((file) => statSync(join(folder, file)).isFile())
  const findings = () =>
    [ann, ben].flatMap(({ folder }) =>
      filesOf(folder).flatMap((file) => search(readFileSync(join(folder, file))).map((found) => [file, found])),
    )
  assert.ok(filesOf(ann.folder).includes('store.db-wal'), filesOf(ann.folder).join())
  // The log is one of the files.
  assert.ok(filesOf(ann.folder).includes(join('logs', 'quorum.log')))
  assert.deepEqual(findings(), [], 'while open')
  await Promise.all([ann.stop(), ben.kill9()])
  assert.ok(readFileSync(join(ann.folder, 'store.db')).length > 20_000)
  assert.deepEqual(findings(), [], 'closed, and killed')
})
