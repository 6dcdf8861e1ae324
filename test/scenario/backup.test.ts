/** `quorum backup` and `quorum restore` as real processes: for scripts, and for a person on a terminal. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { onLoopback, startInTerminal, startPiped } from '../support/terminal.ts'

const inTerminal = { skip: process.platform === 'linux' ? false : 'a terminal is lent by script(1) of util-linux' }

interface Result {
  code: number | string
  out: string
  err: string
}

async function quorum(t: TestContext, ...args: string[]): Promise<Result> {
  const started = startPiped(t, args).mayEnd()
  started.endInput()
  const code = await started.ended
  return { code, out: started.out, err: started.err }
}

/** A profile of somebody called Ada, which nobody uses. */
async function made(t: TestContext): Promise<{ profile: string; peer: string }> {
  const profile = path.join(folder(t), 'profile')
  const peer = await whoIs(t, profile, '--name', 'Ada')
  return { profile, peer: peer.peer }
}

async function whoIs(t: TestContext, profile: string, ...args: string[]): Promise<{ peer: string; name: string }> {
  const { out, err } = await quorum(t, 'peer', '--json', '--profile', profile, ...onLoopback, ...args)
  const [ready = assert.fail(err)] = out.split('\n')
  return (JSON.parse(ready) as { data: { peer: string; name: string } }).data
}

test('a script makes a backup with words, and a profile of it', async (t) => {
  const { profile, peer } = await made(t)
  const work = folder(t)
  const [file, wordsFile, moved] = ['may', 'words', 'moved'].map((name) => path.join(work, name)) as [
    string,
    string,
    string,
  ]
  const backup = await quorum(t, 'backup', file, '--profile', profile, '--json')
  assert.equal(backup.code, 0, backup.err)
  const result = JSON.parse(backup.out) as { path: string; bytes: number; words: string }
  assert.deepEqual([result.path, result.bytes], [file, fs.statSync(file).size])
  assert.equal(result.words.split(' ').length, 24)
  const again = await quorum(t, 'backup', file, '--profile', profile, '--json')
  assert.equal(again.code, 2)
  assert.match(again.err, /^quorum: There is a file of that name already \(bad-request\)\n$/u)

  const nobody = await quorum(t, 'restore', file, '--profile', moved)
  assert.equal(nobody.code, 2)
  assert.match(nobody.err, /^quorum: Give --words-file FILE.+\n$/u)
  fs.writeFileSync(wordsFile, result.words.replace(/^\S+/u, 'quorum'))
  const slip = await quorum(t, 'restore', file, '--profile', moved, '--words-file', wordsFile)
  assert.match(slip.err, /^quorum: Word 1 .+\(wrong-passphrase\)\n$/u)
  assert.equal(slip.code, 1)
  fs.writeFileSync(wordsFile, `${result.words}\n`)
  fs.writeFileSync(`${file}.cut`, fs.readFileSync(file).subarray(0, -1))
  const cut = await quorum(t, 'restore', `${file}.cut`, '--profile', moved, '--words-file', wordsFile)
  assert.match(cut.err, /^quorum: .+ its end is missing \(backup-damaged\)\n$/u)
  assert.ok(!fs.existsSync(moved))

  const restored = await quorum(t, 'restore', file, '--profile', moved, '--words-file', wordsFile, '--json')
  assert.equal(restored.code, 0, restored.err)
  assert.equal((JSON.parse(restored.out) as { peer: string }).peer, peer)
  const { peer: same, name } = await whoIs(t, moved)
  assert.deepEqual([same, name], [peer, 'Ada'])
  const twice = await quorum(t, 'restore', file, '--profile', moved, '--words-file', wordsFile)
  assert.deepEqual([twice.code, /profile-exists/u.test(twice.err)], [1, true])
  const replaced = await quorum(t, 'restore', file, '--profile', moved, '--words-file', wordsFile, '--replace')
  assert.deepEqual([replaced.code, replaced.err], [0, ''])
  assert.match(replaced.out, /^The profile of \d{4}-\d\d-\d\d is in .+\n/u)
})

test('a script makes a backup with a passphrase; there is no backup of what does not exist', async (t) => {
  const { profile, peer } = await made(t)
  const work = folder(t)
  const [file, secret, next] = ['may', 'secret', 'next'].map((name) => path.join(work, name)) as [
    string,
    string,
    string,
  ]
  fs.writeFileSync(secret, 'for the file\n')
  fs.writeFileSync(next, 'for the profile\n')
  const none = await quorum(t, 'backup', file, '--profile', path.join(work, 'none'))
  assert.deepEqual([none.code, /not-found/u.test(none.err)], [1, true])
  const both = await quorum(t, 'backup', file, '--profile', profile, '--words', '--backup-passphrase-file', secret)
  assert.equal(both.code, 2)
  const backup = await quorum(t, 'backup', file, '--profile', profile, '--backup-passphrase-file', secret)
  assert.deepEqual([backup.code, backup.out, backup.err], [0, `The backup is in ${file}\n`, ''])
  const moved = path.join(work, 'moved')
  const secrets = ['--passphrase-file', secret, '--new-passphrase-file', next]
  const restored = await quorum(t, 'restore', file, '--profile', moved, ...secrets)
  assert.equal(restored.code, 0, restored.err)
  assert.equal((await whoIs(t, moved, '--passphrase-file', next)).peer, peer)
})

test('a person is shown the words, and types them without seeing them', inTerminal, async (t) => {
  const { profile, peer } = await made(t)
  const work = folder(t)
  const [file, moved] = [path.join(work, 'may'), path.join(work, 'moved')]
  const backup = startInTerminal(t, ['backup', file, '--profile', profile])
  await backup.sees('Write these words down')
  await backup.ends(0)
  const words = [...backup.output.matchAll(/(\d+)\. ([a-z]+)/gu)]
    .toSorted((a, b) => Number(a[1]) - Number(b[1]))
    .map(([, , word]) => word)
  assert.equal(words.length, 24)
  const restore = startInTerminal(t, ['restore', file, '--profile', moved])
  await restore.sees('The 24 words: ')
  restore.enter(words.join(' '))
  await restore.sees('Passphrase for the profile here (Enter for none): ')
  restore.enter('')
  await restore.sees('only one of the two')
  await restore.ends(0)
  assert.ok(!restore.output.includes(`${words[0]} ${words[1]}`))
  assert.equal((await whoIs(t, moved)).peer, peer)
})
