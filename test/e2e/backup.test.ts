/** Backups in the window: one is made in Settings, Storage, and restored in the first run of another profile. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSqliteStore, type Friend } from '../../protocol/index.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { startNode, until } from '../support/network.ts'
import { message, open, say, windowWithFriend } from '../support/people-at-windows.ts'
import { answerDialogs } from '../support/questions.ts'
import { takeOver } from '../support/taken-over.ts'
import { openWindow, type Window } from '../support/window.ts'

after(endDisplay)

async function openStorage({ page }: Window): Promise<void> {
  await page.getByRole('navigation', { name: 'Friends' }).waitFor()
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Storage' }).press('Enter')
}

const own = async ({ page }: Window): Promise<string> => {
  await page.keyboard.press('Control+,')
  const field = page.locator('.copy-line').getByText(/^12D3Koo/u)
  return (await field.textContent()) ?? assert.fail('no identity')
}

test('backed up in one window, restored in the first run of another: the same person, friends and messages', async (t) => {
  const home = folder(t)
  const { window, friend, me, node } = await windowWithFriend(t, home, 'Susan')
  await say(window, 'before the loss')
  await message(window, 'before the loss').waitFor()
  const file = join(home, 'quorum.backup')
  writeFileSync(file, 'an older one, which the dialog asked about')
  await answerDialogs(window, ['', file])
  await openStorage(window)

  const { app, page } = window
  const { keyboard } = page
  await page.getByRole('button', { name: 'Back up…' }).press('Enter')
  const where = page.getByRole('button', { name: 'Choose where to save…' })
  await where.press('Enter')
  await until(async () => where.isEnabled(), 'the dialog was called off')
  assert.match(readFileSync(file, 'utf8'), /^an older one/u)
  await where.press('Enter')
  await page.getByRole('heading', { name: 'Write down these 24 words' }).waitFor()
  const words = await page.getByRole('list', { name: '24 words' }).getByRole('listitem').allTextContents()
  assert.equal(words.length, 24)
  assert.equal(readFileSync(file, 'latin1').slice(0, 8), 'QUORUMBK')
  // The words are nowhere else: neither Escape nor a click beside the dialog takes them away.
  await keyboard.press('Escape')
  await page.mouse.click(5, 5)
  const link = `quorum://add/${'A'.repeat(90)}`
  await app.evaluate(({ app: it }, url) => it.emit('second-instance', {}, ['quorum', url]), link)
  const close = page.getByRole('dialog').getByRole('button', { name: 'Close' }).last()
  assert.equal(await close.isDisabled(), true)
  await page.getByLabel('I have written them down').press('Space')
  await close.press('Enter')
  await page.getByRole('dialog', { name: 'Add this friend?' }).waitFor()
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.deepEqual(window.complaints, [])
  await window.close()

  const other = await openWindow(t, { profile: join(home, 'other'), args: ['--node', node] })
  await answerDialogs(other, ['', file])
  await other.page.getByRole('button', { name: 'I have a backup' }).press('Enter')
  await other.page.getByRole('button', { name: 'Choose the file…' }).press('Enter')
  const choose = other.page.getByRole('button', { name: 'Choose the file…' })
  await until(async () => choose.isEnabled(), 'the dialog was called off')
  await choose.press('Enter')
  await other.page.getByText('quorum.backup').waitFor()
  const field = other.page.getByLabel('The 24 words')
  const before = readdirSync(other.profile).toSorted()
  const key = readFileSync(join(other.profile, 'store.key'))
  const slip = words.with(3, words[3] === 'zoo' ? 'zone' : 'zoo')
  for (const [typed, said] of [
    [words.slice(1), 'A backup has 24 words.'],
    [words.with(6, 'quorum'), 'Word 7 is not one that a backup can have.'],
    [slip, /do not belong together|does not open the backup/u],
  ] as const) {
    await field.fill(typed.map((word, at) => `${at + 1}. ${word}`).join(' '))
    await other.page.getByRole('button', { name: 'Restore', exact: true }).press('Enter')
    await other.page.getByRole('alert').filter({ hasText: said }).waitFor()
  }
  assert.deepEqual(readdirSync(other.profile).toSorted(), before)
  assert.deepEqual(readFileSync(join(other.profile, 'store.key')), key)

  await field.fill(words.join(' '))
  await other.page.getByText('24 of 24 words').waitFor()
  await other.page.getByRole('button', { name: 'Restore', exact: true }).press('Enter')
  await open(other, 'Susan')
  await message(other, 'before the loss').waitFor()
  assert.equal(await own(other), me)
  await other.page.keyboard.press('Escape')
  await open(other, 'Susan')
  await until(async () => (await friend.friends())[0]?.online === true, 'they are connected')
  await say(other, 'after the loss')
  await until(
    async () => (await friend.messages({ peer: me })).some(({ text }) => text === 'after the loss'),
    'it arrives',
  )
  assert.deepEqual(other.complaints, [])
})

test('hostile 103: a page that was taken over neither chooses a backup nor replaces a profile', async (t) => {
  const home = folder(t)
  const { window, friend } = await windowWithFriend(t, home, 'Susan')
  const call = await takeOver(window.page)
  const file = join(home, 'quorum.backup')
  const refusedAs = async (name: string, params: object): Promise<string | undefined> =>
    (await call('peer', name, params)).error?.code
  for (const [name, params] of [
    ['exportBackup', { path: file }],
    ['permitBackup', { path: file }],
    ['permitRestore', { path: file }],
    ['backUp', { path: file }],
    ['backUp', {}],
    ['permitWeekly', { path: home }],
    ['startWeeklyBackups', { directory: home }],
    ['keepWeekly', {}],
    ['restore', { passphrase: 'x' }],
  ] as const) {
    assert.equal(await refusedAs(name, params), 'bad-request', name)
  }
  await answerDialogs(window, ['', file, '', file])
  assert.equal((await call('main', 'chooseBackup')).result, false)
  assert.equal(await refusedAs('backUp', {}), 'bad-request')
  assert.ok(!existsSync(file))

  assert.equal((await call('main', 'chooseBackup')).result, true)
  assert.deepEqual((await call('peer', 'backUp', { passphrase: 'correct horse' })).result, {})
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(await refusedAs('backUp', {}), 'bad-request', 'it is permitted once')

  assert.equal((await call('main', 'chooseRestore')).result, null)
  assert.equal(await refusedAs('restore', { passphrase: 'correct horse' }), 'bad-request')
  const chosen = (await call('main', 'chooseRestore')).result
  assert.deepEqual(chosen, { name: 'quorum.backup', opensWith: 'passphrase' })
  const key = readFileSync(join(window.profile, 'store.key'))
  assert.equal(await refusedAs('restore', { passphrase: 'correct horse' }), 'profile-exists')
  assert.deepEqual(readFileSync(join(window.profile, 'store.key')), key)
  const friends = (await call('peer', 'friends')).result as Friend[]
  assert.deepEqual(
    friends.map(({ peer }) => peer),
    [friend.id],
  )
})

test('weekly backups: a folder is chosen, the state is shown, and the page learns no path', async (t) => {
  const home = folder(t)
  const { window } = await windowWithFriend(t, home, 'Susan')
  const { page } = window
  const copies = join(home, 'on the stick')
  mkdirSync(copies)
  await answerDialogs(window, ['', copies])
  await openStorage(window)
  const weekly = page.getByRole('switch', { name: 'Weekly backups' })
  await weekly.press('Space')
  await page.getByLabel('It is opened with').selectOption('passphrase')
  await page.getByLabel('Passphrase of the backup').fill('correct horse')
  const choose = page.getByRole('button', { name: 'Choose a folder…' })
  assert.ok(await choose.isDisabled())
  await page.getByLabel('Repeat new passphrase').fill('correct horse')
  await choose.press('Enter')
  await until(async () => choose.isEnabled(), 'the dialog was called off')
  assert.deepEqual(readdirSync(copies), [])
  await choose.press('Enter')
  await page.getByText('The first one is saved.').waitFor()
  await page.getByText(/In the folder .on the stick.;/u).waitFor()
  assert.ok(await weekly.isChecked())
  assert.equal(readdirSync(copies).length, 1)
  assert.ok(!(await page.content()).includes(home))
  await window.close()

  const again = await openWindow(t, { profile: window.profile })
  await openStorage(again)
  await again.page.getByText(/^Last backup: /u).waitFor()
  const off = again.page.getByRole('switch', { name: 'Weekly backups' })
  assert.ok(await off.isChecked())
  await off.press('Space')
  await until(async () => !(await off.isChecked()), 'they have ended')
  assert.equal(readdirSync(copies).length, 1)
  assert.deepEqual([...window.complaints, ...again.complaints], [])
})

test('one quiet line reminds of a backup, and never returns once it is dismissed', async (t) => {
  const profile = join(folder(t), 'me')
  const store = await openSqliteStore({ directory: profile })
  store.setSetting('name', Buffer.from('Ada'))
  const peer = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
  store.putFriend({
    peer,
    name: 'Susan',
    state: 'friend',
    verified: false,
    invited: false,
    addedAt: Date.now() - 4 * 24 * 60 * 60 * 1000,
    nodes: [],
    addresses: [],
    heardSequence: 0,
    spokenSequence: 0,
    recordSequence: 0,
  })
  store.queueMessage(peer, { id: 'a', text: 'hello', sentAt: Date.now() })
  store.close()
  const node = (await startNode(t)).addresses()[0] ?? assert.fail('no address')
  const window = await openWindow(t, { profile, args: ['--node', node] })
  const reminder = window.page.getByText('there is no backup yet')
  await reminder.waitFor()
  await window.page.getByRole('button', { name: 'Do not remind me again' }).press('Enter')
  await reminder.waitFor({ state: 'detached' })
  await window.close()

  const again = await openWindow(t, { profile, args: ['--node', node] })
  await openStorage(again)
  await again.page.getByRole('button', { name: 'Back up…' }).waitFor()
  assert.equal(await again.page.getByText('there is no backup yet').count(), 0)
})
