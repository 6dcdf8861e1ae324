/** Invites say whom they add before anything is sent: in a message, in the form, and where they are of no use. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { startPeer, until } from '../support/network.ts'
import { introduce, message, say, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('an invite in a message is a card that names its author, and adds them only after a question', async (t) => {
  const { window, friend, me, node, link } = await windowWithFriend(t, folder(t), 'Bob')
  const { page } = window
  page.setDefaultTimeout(20_000)
  const carol = await startPeer(t, { nodes: [node], name: 'Carol' })
  const invite = (await carol.invite({})).link
  await friend.sendMessage({ peer: me, text: `This is Carol, she is fine: ${invite} Say hello!` })
  const card = message(window, 'This is Carol').getByRole('group', { name: /Invite from .?Carol/u })
  await card.waitFor()
  assert.doesNotMatch((await message(window, 'This is Carol').textContent()) ?? '', /quorum:/u)
  await card.getByRole('button', { name: 'Add' }).click()

  const dialog = page.getByRole('dialog', { name: 'Add this friend?' })
  await dialog.getByText('Carol', { exact: true }).waitFor()
  await dialog.getByText(/asks .?Carol.? to be your friend/u).waitFor()
  assert.deepEqual(await carol.friends(), [], 'nothing is sent before the person agrees')
  const request = new Promise<void>((resolve) => {
    carol.subscribe(({ event }) => event === 'friend-request' && resolve())
  })
  await dialog.getByRole('button', { name: 'Send request' }).click()
  await request
  const asked = page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: /Carol.*Request sent/u })
  await asked.click()
  await page.keyboard.press('Control+i')
  const details = page.getByRole('complementary')
  await details.getByRole('button', { name: 'Withdraw request' }).waitFor()
  assert.equal(await details.getByText('Friends since').count(), 0)
  await carol.acceptFriend({ peer: me })
  await details.getByText('Friends since').waitFor()
  await page.keyboard.press('Control+i')

  await page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: 'Bob' }).click()
  await card.getByText('Your friend already').waitFor()
  await card.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('textbox', { name: /^Message to .?Carol/u }).waitFor()
  await page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: 'Bob' }).click()
  await say(window, `Mine is ${link}`)
  await message(window, 'Mine is').getByText('Your own invite').waitFor()
  await friend.sendMessage({ peer: me, text: `${invite.slice(0, 60)} is cut` })
  await message(window, 'is cut')
    .getByText(/damaged invite/u)
    .waitFor()

  await page.keyboard.press('Control+n')
  await page.getByRole('tab', { name: 'I have an invite' }).click()
  const field = page.getByLabel('Invite link, code or handle')
  for (const [text, said] of [
    [link, /your own invite/u],
    [invite, /Carol.? is your friend already/u],
    [invite.slice(0, 80), /not a valid invite/u],
  ] as const) {
    await field.fill(text)
    await page.getByRole('dialog').getByText(said).waitFor()
  }
  await field.fill('Carol, please!')
  await page.getByRole('button', { name: 'Send request' }).click()
  await page
    .getByRole('dialog')
    .getByText(/neither an invite/u)
    .waitFor()
  for (const [mistyped, said] of [
    ['K7QF2-M9XT', /A code has 10 letters and digits/u],
    ['K7QF2-M9XTU', /A code has no U/u],
  ] as const) {
    await field.fill(mistyped)
    await page.getByRole('button', { name: 'Send request' }).click()
    await page.getByRole('dialog').getByText(said).waitFor()
  }
  await page.keyboard.press('Escape')
  await writing(window).waitFor()
  assert.deepEqual(window.complaints, [])
})

test('where the local network may not be used, a code is said to need a node, before and after it is tried', async (t) => {
  const window = await openWindow(t, { profile: `${folder(t)}/bob`, args: ['--no-lan'] })
  const { page } = window
  await introduce(window, 'Bob')
  const field = page.getByLabel('Invite link or code')
  await field.fill('5SVWQ-J3D76')
  await page.getByText(/only once you use a node/u).waitFor()
  await page.keyboard.press('Enter')
  await page
    .getByRole('alert')
    .getByText(/only once you use a node/u)
    .waitFor()
  await field.fill('')
  await page.getByText(/only once you use a node/u).waitFor({ state: 'detached' })
  assert.deepEqual(window.complaints, [])
})

test('in the first run a code finds whoever is in the same network, without any node', async (t) => {
  const alice = await startPeer(t, { name: 'Alice' })
  const window = await openWindow(t, { profile: `${folder(t)}/bob` })
  const { page } = window
  await introduce(window, 'Bob')
  const field = page.getByLabel('Invite link or code')
  await field.fill('5SVWQ-J3D76')
  await page.getByText(/if your friend is in the same network/u).waitFor()
  await page.keyboard.press('Enter')
  await page
    .getByRole('alert')
    .getByText(/Nobody in this network has this code/u)
    .waitFor()
  const { code } = await alice.invite({})
  await field.fill(code.toLowerCase().replace('-', ' '))
  await page.keyboard.press('Enter')
  await page.getByText(/Request sent to .?Alice/u).waitFor()
  await page.getByText('For friends in the same network').waitFor()
  let bob = ''
  await until(async () => (bob = (await alice.friends())[0]?.peer ?? '') !== '', 'the request arrives')
  await alice.acceptFriend({ peer: bob })
  await writing(window).waitFor()
  await say(window, 'hello, neighbour')
  await until(
    async () => (await alice.messages({ peer: bob })).some(({ text }) => text === 'hello, neighbour'),
    'the message arrives',
  )
  assert.deepEqual(window.complaints, [])
})
