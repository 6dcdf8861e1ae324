/**
 * `npm run screenshots`: pictures of every view for review by people, in the folder screenshots/window, which git
 * ignores. Real windows with real friends and a history of several days; light and dark, large and small, empty and
 * full, German, right to left.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { createPeer, openSqliteStore } from '../../protocol/index.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'
import type { TestPeer } from '../support/network.ts'
import { answerDialogs } from '../support/questions.ts'
import { introduce, message, open, say, writing } from '../support/people-at-windows.ts'
import { png } from '../support/pictures.ts'
import { screenshotsIn, small } from '../support/screenshots.ts'
import { openWindow } from '../support/window.ts'

const day = 24 * 60 * 60 * 1000

after(endDisplay)
const { every, one } = screenshotsIn('window')

test('first run', async (t) => {
  const window = await openWindow(t, { profile: join(folder(t), 'me') })
  const { page } = window
  await page.getByLabel('What do your friends call you?').fill('Ada')
  await every(window, 'first-run-1')
  await introduce(window, 'Ada')
  await page.getByRole('button', { name: 'Use this computer' }).waitFor()
  await page.getByLabel('Invite link or code').fill('quorum://add/nonsense')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await every(window, 'first-run-2-error')
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByText(/^quorum:/u).waitFor()
  await every(window, 'first-run-3')
  await page.getByRole('button', { name: 'Start talking' }).click()
  await page.getByRole('heading', { name: 'No friends yet' }).waitFor()
  await every(window, 'empty')
})

test('in German: the first run, every dialog, the settings', async (t) => {
  const window = await openWindow(t, { profile: join(folder(t), 'me'), env: { LANGUAGE: 'de' } })
  const { page } = window
  await page.getByLabel(/Wie nennen dich/u).fill('Ada')
  await every(window, 'german-first-run-1')
  await page.keyboard.press('Enter')
  await page.getByLabel('Link oder Code der Einladung').fill('K7QF2-M9XT')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await every(window, 'german-first-run-2-error')
  await page.getByRole('button', { name: /Computer/u }).click()
  await page.getByText(/^quorum:/u).waitFor()
  await every(window, 'german-first-run-3')
  await page.locator('.card .button.main').click()
  await page.keyboard.press('Control+n')
  await page.getByText(/^quorum:/u).waitFor()
  await every(window, 'german-invite')
  await page.getByRole('tab').last().click()
  await every(window, 'german-join')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+,')
  for (const [at, tab] of (
    await page.getByRole('navigation', { name: 'Einstellungen' }).getByRole('button').all()
  ).entries()) {
    await tab.click()
    await every(window, `german-settings-${at + 1}`)
  }
})

test('with friends', async (t) => {
  const home = folder(t)
  const profile = join(home, 'me')
  const { friends, address, node } = await history(t, profile)
  const window = await openWindow(t, { profile, args: ['--node', address] })
  const { page } = window
  const susan = friends[0]
  await page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: /Susan/u }).waitFor()
  await every(window, 'list')
  await open(window, 'Susan')
  await until(async () => (await susan.friends())[0]?.online === true, 'Susan is connected')
  const me = (await susan.friends())[0]?.peer ?? ''
  await susan.sendMessage({ peer: me, text: 'I booked the table for eight. Look: https://example.org/menu' })
  await say(window, 'Perfect, thank you! I will bring the photos of the harbour, and the old map that we talked about.')
  await susan.sendMessage({ peer: me, text: '🎉' })
  await message(window, 'I booked').waitFor()
  await until(async () => (await susan.messages({ peer: me })).length > 8, 'it arrived')
  await susan.typing({ peer: me, active: true })
  await page.waitForTimeout(400)
  await every(window, 'conversation')
  await message(window, 'Perfect').hover()
  await message(window, 'Perfect').getByRole('button', { name: 'Reply' }).click()
  await writing(window).fill('And the tickets')
  await page.getByRole('button', { name: 'Emoji' }).click()
  await every(window, 'reply-and-emoji')
  await page.keyboard.press('Escape')
  await writing(window).press('Escape')
  await writing(window).fill('')
  await page.keyboard.press('Control+i')
  await page.getByRole('complementary').waitFor()
  await page.waitForTimeout(500)
  await every(window, 'details')
  await page.getByRole('button', { name: 'Compare safety number' }).click()
  await page
    .getByRole('group', { name: 'Safety number' })
    .getByText(/^\d{5}$/u)
    .first()
    .waitFor()
  await every(window, 'safety-number')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+i')

  for (const [name, size] of [
    ['Harbour and map.pdf', 2_400_000],
    ['holiday.jpg.exe', 90_000],
  ] as const) {
    const file = join(home, name)
    writeFileSync(file, Buffer.alloc(size, name))
    await susan.sendFiles({ peer: me, paths: [file] })
    const card = page.getByRole('log').getByRole('region', { name })
    await card.getByRole('button', { name: 'Accept' }).waitFor()
    if (!name.endsWith('.pdf')) continue
    // Before later messages scroll it out of view.
    await card.getByRole('button', { name: 'Accept' }).click()
    await card.getByText('Saved as').waitFor()
  }
  const album = join(home, 'Photos of the summer')
  mkdirSync(album)
  for (let n = 1; n <= 9; n++) writeFileSync(join(album, `IMG_20${n}.jpg`), Buffer.alloc(700_000 * n, String(n)))
  await susan.sendFiles({ peer: me, paths: [album] })
  await page.getByRole('region', { name: 'Photos of the summer' }).waitFor()
  await page.waitForTimeout(400)
  await every(window, 'offers')
  writeFileSync(join(home, 'harbour.png'), png(640, 420))
  writeFileSync(join(home, 'not a picture.png'), 'x')
  for (const name of ['not a picture.png', 'harbour.png']) {
    await susan.sendFiles({ peer: me, paths: [join(home, name)] })
    const card = page.getByRole('log').getByRole('region', { name })
    await card.getByRole('button', { name: 'Accept' }).click()
    await card.getByText('Saved as').waitFor()
  }
  await page.getByRole('button', { name: /^Show larger/u }).waitFor()
  await page.waitForTimeout(400)
  await every(window, 'pictures')
  await page.getByRole('button', { name: /^Show larger/u }).click()
  await every(window, 'picture-large')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+j')
  await every(window, 'files')
  await page.keyboard.press('Escape')

  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('har')
  await page.getByRole('option').first().waitFor()
  await page.waitForTimeout(300)
  await every(window, 'search')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+n')
  await page.getByText(/^quorum:/u).waitFor()
  await every(window, 'invite')
  await page.getByRole('tab', { name: 'I have an invite' }).click()
  await every(window, 'join')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /friend request/u }).click()
  await every(window, 'requests')

  await page.keyboard.press('Control+,')
  for (const tab of ['Profile', 'Nodes', 'Privacy', 'Notifications', 'Appearance', 'Storage', 'About']) {
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: tab }).click()
    await every(window, `settings-${tab.toLowerCase().replaceAll(' ', '-')}`)
  }
  await page.getByRole('button', { name: 'Storage' }).click()
  await page.getByRole('button', { name: 'Erase everything…' }).click()
  await every(window, 'erase')
  await page.keyboard.press('Escape')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Appearance' }).click()
  await page.getByLabel('Text size').selectOption('larger')
  await page.keyboard.press('Escape')
  await every(window, 'larger-text')
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Appearance' }).click()
  await page.getByLabel('Text size').selectOption('normal')
  await page.getByLabel('Language').selectOption('de')
  await page.getByRole('heading', { name: 'Aussehen' }).waitFor()
  await every(window, 'german-settings')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+i')
  await page.waitForTimeout(300)
  await every(window, 'german')
  await page.evaluate(`document.documentElement.dir = 'rtl'`)
  await every(window, 'right-to-left')
  await page.evaluate(`document.documentElement.dir = 'ltr'`)
  await page.keyboard.press('Control+i')
  await node.stop()
  await page.getByText(/kein Knoten erreichbar/u).waitFor()
  await page.getByRole('button', { name: /^Maximilian/u }).click()
  await every(window, 'offline-long-name')
})

test('backup and restore', async (t) => {
  const home = folder(t)
  const file = join(home, 'quorum-2026-11-28.backup')
  const node = (await startNode(t)).addresses()[0] ?? ''
  const window = await openWindow(t, { profile: join(home, 'me'), args: ['--node', node] })
  const { page } = window
  await introduce(window, 'Ada')
  await page.getByRole('button', { name: 'Start talking' }).click()
  await answerDialogs(window, [file])
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Storage' }).click()
  await every(window, 'backup-storage')
  await page.getByRole('button', { name: 'Back up…' }).click()
  await every(window, 'backup-words')
  await page.getByLabel('It is opened with').selectOption('passphrase')
  await page.getByLabel('Passphrase of the backup').fill('short')
  await one(window, 'backup-passphrase', small)
  await page.getByLabel('It is opened with').selectOption('words')
  await page.getByRole('button', { name: 'Choose where to save…' }).click()
  await page.getByRole('heading', { name: 'Write down these 24 words' }).waitFor()
  await every(window, 'backup-written')
  await page.getByLabel('I have written them down').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

  await answerDialogs(window, [home])
  await page.getByRole('switch', { name: 'Weekly backups' }).click()
  await one(window, 'backup-weekly', small)
  await page.getByRole('button', { name: 'Choose a folder…' }).click()
  await page.getByLabel('I have written them down').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('switch', { name: 'Weekly backups', checked: true }).waitFor()
  await every(window, 'backup-storage-weekly')

  const other = await openWindow(t, { profile: join(home, 'other'), args: ['--node', node] })
  await answerDialogs(other, [file])
  await other.page.getByRole('button', { name: 'I have a backup' }).click()
  await every(other, 'restore-1')
  await other.page.getByRole('button', { name: 'Choose the file…' }).click()
  await other.page.getByLabel('The 24 words').fill('abandon ability able')
  await other.page.getByRole('button', { name: 'Restore', exact: true }).click()
  await other.page.getByRole('alert').waitFor()
  await every(other, 'restore-2-error')
})

interface History {
  friends: [TestPeer, ...TestPeer[]]
  address: string
  node: Awaited<ReturnType<typeof startNode>>
}

/** A profile with three friends, messages of three days, and three more friend requests. */
async function history(t: TestContext, profile: string): Promise<History> {
  const node = await startNode(t)
  const address = node.addresses()[0] ?? ''
  let clock = Date.now() - 3 * day
  const now = (): number => clock
  const nodes = [address]
  const store = await openSqliteStore({ directory: profile })
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const own = await createPeer({ store, nodes, listen, now, name: 'Ada Lovelace' })
  t.after(async () => void (await own.stop()))
  const me: TestPeer = Object.assign(own, { id: (await own.self()).peer, events: [] })
  const names = ['Susan', 'Maximilian Alexander von Habsburg-Lothringen zu Österreich', 'دانيال الأحمد']
  const friends: TestPeer[] = []
  for (const name of names) {
    const friend = await startPeer(t, { nodes, now, name })
    await befriend(me, friend)
    friends.push(friend)
  }
  const [susan, max, daniel] = friends as [TestPeer, TestPeer, TestPeer]
  const tell = async (from: TestPeer, to: TestPeer, text: string, minutes: number): Promise<void> => {
    clock += minutes * 60_000
    const { id } = await from.sendMessage({ peer: to.id, text })
    await until(async () => (await to.messages({ peer: from.id })).some((one) => one.id === id), text)
  }
  await tell(susan, me, 'Good morning! Did you see the harbour in this light?', 1)
  await tell(me, susan, 'Not yet, I am still in the train.', 2)
  await tell(me, susan, 'Send me a picture?', 1)
  await tell(susan, me, 'Later, when I am home. The phone is almost empty.', 1)
  await tell(max, me, 'Thank you for the invite. This works much better than what we had before.', 30)
  await tell(daniel, me, 'مرحبا، كيف حالك؟ نلتقي غداً في الميناء.', 60)
  await tell(me, daniel, 'تمام 👍', 5)
  clock += day
  await tell(susan, me, 'Shall we meet on Friday?', 20)
  await tell(me, susan, 'Yes. At eight, at the usual place?', 3)
  await tell(max, me, 'I wrote down what we need:\n• the tent\n• two lamps\n• the small stove', 200)
  clock = Date.now() - 60_000
  for (const friend of friends) {
    const [newest] = (await me.messages({ peer: friend.id })).filter(({ direction }) => direction === 'in').slice(-1)
    if (newest !== undefined && friend !== max) await me.markRead({ peer: friend.id, upTo: newest.id })
  }
  await me.verifyFriend({ peer: susan.id, verified: true })
  const { link } = await me.invite({})
  for (const [name, note] of [
    ['Grace', 'We met at the conference in Lyon. I am the one with the yellow coat.'],
    ['Erwin', ''],
    // Under the name of another person.
    ['Susan', 'New computer, please add me again.'],
  ] as const) {
    const stranger = await startPeer(t, { nodes, name })
    await stranger.requestFriend({ to: link, note })
  }
  await until(async () => (await me.friends()).filter(({ state }) => state === 'incoming').length === 3, 'three ask')
  await me.stop()
  return { friends: [susan, max, daniel], address, node }
}
