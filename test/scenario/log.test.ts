/**
 * The log of each program for people, as real processes write it: it is complete up to a kill; QUORUM_LOG sets its
 * level; it contains no names and no content of a conversation; and a report of it can be made at any time.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { befriend, HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'
import { befriendedProfiles } from '../support/profiles.ts'
import { startPiped } from '../support/terminal.ts'

const debug = { QUORUM_LOG: 'debug' }

/** The content of all logs of a profile. */
function logsOf(folder: string): string {
  const logs = path.join(folder, 'logs')
  if (!existsSync(logs)) return ''
  return readdirSync(logs)
    .map((name) => readFileSync(path.join(logs, name), 'utf8'))
    .join('')
}

test('a debug log of a conversation, with files, faults and a kill, contains no names and no content', async (t) => {
  const stage = new Stage(t)
  const node = await new HeadlessNode(stage).start()
  const setup = { nodes: node.addresses, env: debug }
  const ann = new HeadlessPeer(stage, 'Annabelle', setup)
  const ben = new HeadlessPeer(stage, 'Benvolio', { ...setup, args: ['--direct', 'never'] })
  await Promise.all([ann.start(), ben.start()])
  await ann.call('setProfile', { handle: 'annabelle.handle' })
  await befriend(ann, ben)
  const { link, code } = await ann.call('invite', {})
  await ann.send(ben, 'the treasure is below the lighthouse')
  await ann.has(ben, 'the treasure is below the lighthouse', 'delivered')
  // A file that arrives, and one whose source changes during the transfer.
  const [good, changed] = ['holiday plan.txt', 'old secret.txt'].map((name) => path.join(stage.folder, name)) as [
    string,
    string,
  ]
  for (const file of [good, changed]) writeFileSync(file, 'as promised')
  for (const file of [good, changed]) {
    const { id } = await ann.call('sendFiles', { peer: ben.id, paths: [file] })
    await ben.event('transfer-offered', (offer) => offer.id === id)
    if (file === changed) writeFileSync(file, 'something else, and longer')
    await ben.call('acceptTransfer', { transfer: id, directory: stage.folder })
    await ben.event('transfer-changed', (one) => one.id === id && /completed|failed|done/u.test(one.state))
  }
  // Faults: the node is killed, a friend is killed in the middle, both restart.
  await node.kill9()
  await until(() => logsOf(ann.folder).includes('"level":"debug"'), 'a fault is in the log')
  await ben.kill9()
  const before = logsOf(ben.folder)
  assert.match(before, /the peer runs/u, 'lines from before the kill are present')
  await node.start()
  await ben.start()
  await talking(ann, ben)
  await Promise.all([ann.stop(), ben.stop()])
  assert.ok(logsOf(ben.folder).startsWith(before))

  // Identifiers of peers are removed from lines; the rest of the line stays useful.
  assert.match(logsOf(ben.folder), /a transfer from <peer> failed: source-changed/u)
  const ports = node.addresses.map((address) => {
    const found = multiaddr(address)
      .getComponents()
      .find(({ name }) => name === 'tcp')
    return `:${found?.value}`
  })
  const nodePeer = node.addresses[0]?.split('/').at(-1) ?? assert.fail()
  const ids = [ann.id, ben.id, nodePeer].flatMap((id) => [id, id.slice(-6)])
  const words = ['Annabelle', 'Benvolio', 'annabelle.handle', 'treasure', 'holiday', 'old secret', 'promised']
  const places = ['127.0.0.1', '/tcp/', ...ports, stage.folder, path.basename(stage.folder)]
  for (const { folder } of [ann, ben]) {
    const text = logsOf(folder)
    assert.match(text, /"level":"debug"/u, 'the log has debug lines')
    for (const telling of [...ids, ...words, ...places, link.slice(13, 40), code]) {
      assert.ok(!text.includes(telling), `${telling} in ${text}`)
    }
    for (const line of text.trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line)
  }
})

test('each program writes the log of its profile; off and --ephemeral write none', async (t) => {
  const { alice, bob, folder } = await befriendedProfiles(t)
  const has = (profile: { folder: string }, program: string) =>
    until(() => logsOf(profile.folder).includes(`"msg":"${program}, version `), `the log of ${program}`)
  const file = path.join(folder, 'notes.txt')
  writeFileSync(file, 'x')
  await has(alice, 'quorum peer')
  const send = startPiped(t, ['send', file, '--to', 'Bob', ...alice.options])
  const receive = startPiped(t, ['receive', '--yes', '--once', ...bob.options])
  assert.deepEqual(await Promise.all([send.mayEnd().ended, receive.mayEnd().ended]), [0, 0], send.err + receive.err)
  await has(alice, 'quorum send')
  await has(bob, 'quorum receive')
  const terminal = startPiped(t, alice.options)
  await has(alice, 'quorum')
  terminal.endInput()
  await terminal.ended
  if (process.platform !== 'win32') {
    assert.equal(statSync(path.join(alice.folder, 'logs')).mode & 0o777, 0o700)
    assert.equal(statSync(path.join(alice.folder, 'logs', 'quorum.log')).mode & 0o777, 0o600)
  }

  const stage = new Stage(t)
  const silent = new HeadlessPeer(stage, 'silent', { env: { QUORUM_LOG: 'off' } })
  await silent.start()
  await silent.stop()
  assert.ok(!existsSync(path.join(silent.folder, 'logs')))
  const ephemeral = new HeadlessPeer(stage, 'ephemeral', { ephemeral: true, env: debug })
  await ephemeral.start()
  await ephemeral.stop()
  assert.deepEqual(readdirSync(stage.folder), ['profile-silent'])
})

test('quorum report: of a profile not in use, in use, and with a passphrase; it never overwrites a file', async (t) => {
  const stage = new Stage(t)
  const peer = new HeadlessPeer(stage, 'Annabelle', { env: { QUORUM_PASSPHRASE: 'correct horse' } })
  await peer.start()
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const process = stage.start('quorum', ['report', '--profile', peer.folder, ...args], { env }).mayEnd()
    return { code: await process.ended, out: process.out, err: process.err }
  }
  const report = async (env: Record<string, string> = {}) => {
    const { code, out, err } = await run(['--json'], env)
    assert.equal(code, 0, err)
    const { report, store, logLines } = JSON.parse(out) as { report: string; store: string; logLines: number }
    assert.ok(logLines > 0)
    if (process.platform !== 'win32') assert.equal(statSync(report).mode & 0o777, 0o600)
    return { report, store, text: readFileSync(report, 'utf8') }
  }
  const inUse = await report({ QUORUM_PASSPHRASE: 'correct horse' })
  assert.equal(inUse.store, 'store-locked')
  assert.match(inUse.text, /in use by another program/u)
  assert.equal((await peer.call('self')).name, 'Annabelle')
  await peer.stop()
  const guarded = await report()
  assert.equal(guarded.store, 'wrong-passphrase')
  assert.match(guarded.text, /passphrase is missing or wrong/u)
  const opened = await report({ QUORUM_PASSPHRASE: 'correct horse' })
  assert.equal(opened.store, 'read')
  assert.match(opened.text, /# Counts\ndirect: auto\n(?:.+\n)*nodes: 0/u)
  assert.equal(new Set([inUse.report, guarded.report, opened.report]).size, 3, 'a name of its own each')
  for (const { text } of [inUse, guarded, opened]) {
    for (const telling of ['Annabelle', peer.id, peer.id.slice(-6), stage.folder]) assert.ok(!text.includes(telling))
  }
  const over = await run(['--output', opened.report])
  assert.equal(over.code, 2)
  assert.match(over.err, /exists already/u)
  assert.equal(readFileSync(opened.report, 'utf8'), opened.text)
  const missing = stage.start('quorum', ['report', '--profile', './nobody']).mayEnd()
  assert.equal(await missing.ended, 1)
  assert.ok(!existsSync(path.join(stage.folder, 'nobody')))
})
