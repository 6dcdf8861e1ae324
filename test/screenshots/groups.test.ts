/**
 * `npm run screenshots`: groups, in the folder screenshots/groups: one of three people who talk, one of 60, invitations
 * and every dialog, German and from right to left.
 */
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { createPeer, openSqliteStore } from '../../protocol/index.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { addMany } from '../support/large-group.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'
import type { TestPeer } from '../support/network.ts'
import { message, writing } from '../support/people-at-windows.ts'
import { large, least, screenshotsIn, small } from '../support/screenshots.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'

const { every, one } = screenshotsIn('groups')

after(endDisplay)

test('a group of three, one of 60, and invitations', async (t) => {
  const profile = join(folder(t), 'me')
  const { node, susan, daniel, trip } = await groups(t, profile)
  const window = await openWindow(t, { profile, args: ['--node', node] })
  const { page } = window
  await openGroup(window, 'Trip to the sea')
  await writing(window).waitFor()
  await until(async () => (await susan.group({ group: trip })).members.every(({ online }) => online), 'all are there')
  await susan.sendMessage({ group: trip, text: 'I have two tents, and room for one more in the car.' })
  await susan.sendMessage({ group: trip, text: 'When do we start? 🚗' })
  const { id } = await daniel.sendMessage({ group: trip, text: 'في السابعة صباحاً، من الميناء.' })
  await message(window, 'في السابعة').waitFor()
  await writing(window).fill('Seven is fine. I bring bread and coffee, and the map that we talked about.')
  await writing(window).press('Enter')
  await susan.sendMessage({ group: trip, text: '🎉', replyTo: id })
  await message(window, '🎉').waitFor()
  await until(async () => (await susan.messages({ group: trip })).length === 5, 'it is there')
  await susan.typing({ group: trip, active: true })
  await daniel.typing({ group: trip, active: true })
  await page.locator('.typing-line').getByText('are typing').waitFor()
  await every(window, 'conversation')
  await message(window, 'Seven is fine').hover()
  await message(window, 'Seven is fine').getByRole('button', { name: 'Reply' }).click()
  await one(window, 'reply', small)
  await writing(window).press('Escape')
  await page.keyboard.press('Control+i')
  await page.getByRole('complementary').waitFor()
  await every(window, 'details')
  await page.getByRole('button', { name: /^Actions for .*Susan/u }).click()
  await one(window, 'member-menu', large)
  await page.getByRole('menuitem', { name: 'Make admin' }).click()
  await page.getByText('Admin', { exact: true }).waitFor()
  await page.getByRole('button', { name: /^Actions for .*Susan/u }).click()
  await page.getByRole('menuitem', { name: 'Remove from group' }).click()
  await one(window, 'remove', small)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')

  await openGroup(window, 'Everybody')
  await every(window, 'large')
  await page.keyboard.press('Control+i')
  await every(window, 'large-details')
  await page.getByRole('button', { name: 'Invite friends' }).click()
  await every(window, 'invite')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Leave group' }).click()
  await every(window, 'leave')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')

  await openGroup(window, 'Book club')
  await every(window, 'invited')
  await page.locator('.person:not(.group)').filter({ hasText: 'Susan' }).click()
  await page
    .getByRole('log')
    .getByRole('region', { name: /Invitation to the group/u })
    .first()
    .waitFor()
  await every(window, 'invitation-card')
  await page.getByRole('log').getByRole('button', { name: 'Join', exact: true }).click()
  await page
    .getByText(/\d+ members/u)
    .first()
    .waitFor()
  await openGroup(window, 'Former')
  await page.getByText(/removed you from this group/u).waitFor()
  await one(window, 'removed', small)
  await page.keyboard.press('Control+g')
  await page.getByLabel('Name of the group').fill('Harbour walks')
  await page.getByRole('checkbox').first().click()
  await every(window, 'new')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('tent')
  await page.getByRole('option').first().waitFor()
  await one(window, 'search', small)
  await page.keyboard.press('Escape')

  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Appearance' }).click()
  await page.getByLabel('Language').selectOption('de')
  await page.getByRole('heading', { name: 'Aussehen' }).waitFor()
  await page.keyboard.press('Escape')
  await openGroup(window, 'Trip to the sea')
  await page.keyboard.press('Control+i')
  await every(window, 'german-details')
  await page.getByRole('button', { name: 'Gruppe verlassen' }).click()
  await one(window, 'german-leave', least)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+g')
  await one(window, 'german-new', least)
  await page.keyboard.press('Escape')
  await page.evaluate(`document.documentElement.dir = 'rtl'`)
  await every(window, 'right-to-left')
})

async function openGroup({ page }: Window, name: string): Promise<void> {
  await page.locator('.person.group').filter({ hasText: name }).click()
  await page.getByRole('heading', { name }).first().waitFor()
}

/** A profile with friends, and what they do in groups. */
async function groups(t: TestContext, profile: string) {
  const node = (await startNode(t)).addresses()[0] ?? ''
  const nodes = [node]
  const store = await openSqliteStore({ directory: profile })
  const own = await createPeer({ store, nodes, listen: ['/ip4/127.0.0.1/tcp/0'], name: 'Ada Lovelace' })
  t.after(async () => void (await own.stop()))
  const me: TestPeer = Object.assign(own, { id: (await own.self()).peer, events: [] })
  const people: TestPeer[] = []
  for (const name of ['Susan', 'دانيال الأحمد', 'Maximilian Alexander von Habsburg-Lothringen zu Österreich']) {
    const friend = await startPeer(t, { nodes, name })
    await befriend(me, friend)
    people.push(friend)
  }
  const [susan, daniel, max] = people as [TestPeer, TestPeer, TestPeer]
  const { group: trip } = await me.createGroup({ name: 'Trip to the sea' })
  await admit(me, susan, trip)
  await admit(me, daniel, trip)
  await until(async () => (await daniel.group({ group: trip })).members.length === 3, 'three are in')
  const { group: former } = await max.createGroup({ name: 'Former colleagues of the harbour office' })
  await admit(max, me, former)
  await max.sendMessage({ group: former, text: 'Welcome, Ada.' })
  await until(async () => (await me.messages({ group: former })).length === 1, 'it is there')
  await max.removeFromGroup({ group: former, peer: me.id })
  await until(async () => (await me.group({ group: former })).state === 'removed', 'out')
  const { group: books } = await susan.createGroup({ name: 'Book club' })
  await susan.inviteToGroup({ group: books, peer: me.id })
  await until(async () => (await me.groups()).some(({ group }) => group === books), 'asked')
  const { group: everybody } = await me.createGroup({ name: 'Everybody at the Tuesday market' })
  await me.sendMessage({ group: everybody, text: 'The market moves to the old square next week.' })
  await me.muteGroup({ group: everybody, muted: true })
  await me.stop()
  const closed = await openSqliteStore({ directory: profile })
  await addMany(
    closed,
    everybody,
    Array.from({ length: 59 }, (_, n) => nameOf(n)),
  )
  closed.close()
  return { node, susan, daniel, trip }
}

async function admit(admin: TestPeer, peer: TestPeer, group: string): Promise<void> {
  await admin.inviteToGroup({ group, peer: peer.id })
  await until(async () => (await peer.groups()).some((one) => one.group === group), 'asked')
  await peer.joinGroup({ group })
  await until(async () => (await peer.group({ group })).state === 'member', 'in')
}

function nameOf(n: number): string {
  const names = ['Amal', 'Bruno', 'Chen Wei', 'Dagny', 'Эмма', 'فاطمة', 'Grace Hopper', 'Hedy', 'Ines', 'Susan']
  return `${names[n % names.length] ?? ''}${n < names.length ? '' : ` ${Math.floor(n / names.length) + 1}`}`
}
