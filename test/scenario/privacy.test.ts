/**
 * The privacy settings of a profile in every program that opens it: set in one, applied by the next, and migrated from
 * the window of an older version. If a setting cannot be read, the most private value applies.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSqliteStore, usualPrivacy } from '#protocol'
import { PreferencesFile } from '../../desktop/main/preferences.ts'
import { Profile as WindowProfile } from '../../desktop/peer/profile.ts'
import { stageOwner, undo } from '../support/cleanup.ts'
import { HeadlessPeer } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { befriendedProfiles, type Profile } from '../support/profiles.ts'
import { startPiped } from '../support/terminal.ts'

const mostPrivate = {
  direct: 'never',
  lan: false,
  upnp: false,
  mdns: false,
  readReceipts: false,
  typingMarks: false,
}

/** Writes a value into the store of a profile that no process has open. */
async function keep(folder: string, value: string): Promise<void> {
  const store = await openSqliteStore({ directory: folder })
  store.setSetting('privacy', Buffer.from(value))
  store.close()
}

/** Makes a profile that nobody has open one of an older version, which stored no choices. */
async function withoutChoices(folder: string): Promise<void> {
  const store = await openSqliteStore({ directory: folder })
  store.setSetting('privacy', undefined)
  store.setSetting('former-privacy', undefined)
  store.close()
}

/** The peer as the window's process opens it. */
async function asWindow(t: TestContext, folder: string): Promise<WindowProfile> {
  const options = {
    folder,
    downloads: join(folder, 'downloads'),
    nodes: [],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    privacy: {},
  }
  const profile = new WindowProfile(options, () => undefined)
  undo(t).defer(async () => void (await profile.stop()))
  assert.equal((await profile.open()).state, 'open')
  return profile
}

test('a choice applies at once, at the next start, and in the window; a flag overrides it for one run', async (t) => {
  const stage = new Stage(stageOwner(t))
  const alice = await new HeadlessPeer(stage, 'Alice').start()
  const before = await alice.call('self')
  assert.deepEqual(before.privacy, usualPrivacy)
  assert.notEqual(before.listen.length, 0)
  const now = await alice.call('setPrivacy', { direct: 'never', readReceipts: false, upnp: false })
  const chosen = { ...usualPrivacy, direct: 'never', readReceipts: false, upnp: false }
  assert.deepEqual([now.privacy, now.listen], [chosen, []])
  await alice.event('privacy-changed', ({ direct }) => direct === 'never')
  assert.equal(await alice.refusal('setPrivacy', { direct: 'nevr' } as never), 'bad-request')
  assert.equal(await alice.refusal('setPrivacy', { readReceipt: false } as never), 'bad-request')
  await alice.stop()

  await alice.start()
  const again = await alice.call('self')
  assert.deepEqual([again.privacy, again.listen], [chosen, []])
  await alice.stop()

  const window = await asWindow(t, alice.folder)
  const seen = await window.peer.self()
  assert.deepEqual([seen.privacy, seen.listen], [chosen, []])
  await window.peer.setPrivacy({ direct: 'verified' })
  await window.stop()

  alice.setup = { args: ['--direct', 'never', '--read-receipts'] }
  await alice.start()
  const given = await alice.call('self')
  assert.deepEqual([given.privacy, given.listen], [{ ...chosen, readReceipts: true }, []])
  await alice.stop()
  alice.setup = {}
  await alice.start()
  assert.deepEqual((await alice.call('self')).privacy, { ...chosen, direct: 'verified' })
  await alice.stop()
})

for (const kept of ['{"direct":"nev', 'null', '\u0000']) {
  test(`a stored choice of ${JSON.stringify(kept)} means the most private one, with a warning until a new choice`, async (t) => {
    const stage = new Stage(stageOwner(t))
    const alice = await new HeadlessPeer(stage, 'Alice', { args: ['--log-level', 'error'] }).start()
    await alice.stop()
    await keep(alice.folder, kept)
    for (let start = 0; start < 2; start++) {
      await alice.start()
      const { message } = await alice.event('warning', ({ code }) => code === 'privacy-unreadable')
      assert.match(message, /^What you chose about privacy cannot be read \(direct, .+typingMarks\)/u)
      const { privacy, listen } = await alice.call('self')
      assert.deepEqual([privacy, listen], [mostPrivate, []])
      await alice.stop()
    }
    await alice.start()
    await alice.call('setPrivacy', { typingMarks: true })
    await alice.stop()
    await alice.start()
    assert.deepEqual((await alice.call('self')).privacy, { ...mostPrivate, typingMarks: true })
    assert.ok(!alice.events.some(({ event }) => event === 'warning'))
    await alice.stop()
  })
}

test('the window’s file of an older version: migrated by the first program that opens the profile, then deleted', async (t) => {
  const stage = new Stage(stageOwner(t))
  const alice = new HeadlessPeer(stage, 'Alice')
  await alice.start()
  await alice.stop()
  await withoutChoices(alice.folder)
  const file = join(alice.folder, 'window.json')
  writeFileSync(file, JSON.stringify({ theme: 'dark', direct: 'never', typingMarks: false }))

  await alice.start()
  const { privacy, listen } = await alice.call('self')
  assert.deepEqual([privacy, listen], [{ ...usualPrivacy, direct: 'never', typingMarks: false }, []])
  await alice.stop()

  const preferences = new PreferencesFile(file)
  const window = await asWindow(t, alice.folder)
  preferences.privacyTakenOver()
  preferences.change({ textSize: 'large' })
  assert.deepEqual((await window.peer.self()).privacy, privacy)
  await window.stop()
  assert.deepEqual([preferences.value.theme, readFileSync(file, 'utf8').includes('direct')], ['dark', false])
})

test('a truncated file of an older version: the most private choice, and the window gets a warning', async (t) => {
  const stage = new Stage(stageOwner(t))
  const alice = new HeadlessPeer(stage, 'Alice')
  await alice.start()
  await alice.stop()
  await withoutChoices(alice.folder)
  writeFileSync(join(alice.folder, 'window.json'), '{"direct":"nev')
  const window = await asWindow(t, alice.folder)
  assert.deepEqual((await window.peer.self()).privacy, mostPrivate)
  await new Promise(setImmediate)
  const warnings = window.takeEarlyWarnings()
  assert.match(JSON.stringify(warnings), /privacy-unreadable/u)
  assert.deepEqual(window.takeEarlyWarnings(), [], 'once')
})

/** The announced addresses of a profile's friend, from that profile's store. */
async function addressesOf(friend: Profile, of: Profile): Promise<readonly string[]> {
  const store = await openSqliteStore({ directory: of.folder })
  try {
    return store.friend(friend.id)?.addresses ?? assert.fail('no friend')
  } finally {
    store.close()
  }
}

test('`quorum send` and `quorum receive` apply it: no address is announced, a damaged choice is reported', async (t) => {
  const { folder: home, alice, bob } = await befriendedProfiles(t)
  assert.notDeepEqual(await addressesOf(alice, bob), [], 'announced by default')
  assert.notDeepEqual(await addressesOf(bob, alice), [])
  await keep(alice.folder, '{"direct":"never"}')
  await keep(bob.folder, '{"dir')
  const file = join(home, 'film.mkv')
  writeFileSync(file, 'a film')
  const send = startPiped(t, ['send', file, '--to', 'Bob', ...alice.options])
  const receive = startPiped(t, ['receive', '--yes', ...bob.options])
  assert.equal(await send.mayEnd().ended, 0, send.err)
  assert.equal(await receive.mayEnd().ended, 0, receive.err)
  assert.ok(existsSync(join(bob.downloads, 'film.mkv')))
  assert.deepEqual(await addressesOf(alice, bob), [])
  assert.deepEqual(await addressesOf(bob, alice), [])
  assert.match(receive.err, /! What you chose about privacy cannot be read/u)
  assert.ok(!send.err.includes('cannot be read'))
})

test('the terminal client applies it, and reports unreadable choices', async (t) => {
  const { alice, bob } = await befriendedProfiles(t)
  await keep(alice.folder, '{"direct":"never","lan":"no"}')
  const terminal = startPiped(t, alice.options)
  await terminal.line('the unreadable setting is reported', (line) =>
    line.includes('What you chose about privacy cannot be read (lan)'),
  )
  const other = startPiped(t, bob.options)
  await other.line('they talk', (line) => line.includes('Alice is online'))
  for (const program of [terminal, other]) {
    program.endInput()
    assert.equal(await program.ended, 0, program.err)
  }
  assert.deepEqual(await addressesOf(alice, bob), [])
})
