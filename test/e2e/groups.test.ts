/**
 * Three people and three real windows: one founds a group by keyboard alone and asks the other two in, who are no
 * friends of each other; they talk and reply; one is removed and sees it, one leaves.
 */
import assert from 'node:assert/strict'
import { join as joinPath } from 'node:path'
import { after, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { endDisplay } from '../support/display.ts'
import {
  acceptShown,
  introduce,
  inviteShown,
  join,
  marked,
  message,
  say,
  twoFriends,
  writing,
} from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'

after(endDisplay)

/** The group in the list. */
function listed({ page }: Window): Locator {
  return page.locator('.person.group').filter({ hasText: 'Trip' })
}

function details({ page }: Window): Locator {
  return page.getByRole('complementary', { name: 'Details' })
}

function member(window: Window, name: string): Locator {
  return details(window).getByRole('listitem').filter({ hasText: name })
}

async function leads(window: Window, action: string): Promise<void> {
  await window.page.getByRole('button', { name: action, exact: true }).click()
}

async function inGroup(window: Window, members: number): Promise<void> {
  await window.page.getByRole('button', { name: new RegExp(`^\u2068${members} member`, 'u') }).waitFor()
}

test('a group is founded, joined, talked in; one is removed and one leaves', async (t) => {
  const { home, alice, bob } = await twoFriends(t)
  const cem = await openWindow(t, { profile: joinPath(home, 'cem') })
  await alice.page.keyboard.press('Control+n')
  const link = await inviteShown(alice.page)
  await alice.page.keyboard.press('Escape')
  await introduce(cem, 'Cem')
  await join(cem, link)
  await alice.page.getByRole('button', { name: /1 friend request/u }).click()
  await acceptShown(alice)
  await writing(cem).waitFor()

  // By keyboard: the name, then the boxes of both friends.
  const keys = alice.page.keyboard
  await keys.press('Control+g')
  await alice.page.getByRole('dialog', { name: 'New group' }).waitFor()
  await keys.type('Trip')
  for (const name of ['Bob', 'Cem']) {
    await keys.press('Tab')
    await alice.page.waitForFunction(`document.activeElement?.closest('label')?.textContent.includes('${name}')`)
    await keys.press('Space')
  }
  await alice.page.getByText('2 friends chosen').waitFor()
  await keys.press('Enter')
  await alice.page.getByRole('heading', { name: 'Trip' }).first().waitFor()

  // Bob answers in the conversation with Alice, Cem on the page of the group.
  const card = bob.page.getByRole('log').getByRole('region', { name: /Invitation to the group/u })
  await card.getByText('1 member').waitFor()
  await card.getByRole('button', { name: 'Join' }).click()
  await inGroup(bob, 2)
  await listed(cem).getByText('Invitation to a group').waitFor()
  await listed(cem).click()
  await cem.page.getByRole('region', { name: /asks you into this group/u }).waitFor()
  await leads(cem, 'Join')
  for (const window of [alice, bob, cem]) await inGroup(window, 3)

  await say(bob, 'Who brings the tent?')
  for (const window of [alice, cem]) await message(window, 'Who brings the tent?').waitFor()
  await marked(bob, 'Who brings the tent?', 'delivered')
  await message(cem, 'Who brings the tent?').getByText('~Bob').waitFor()
  await message(alice, 'Who brings the tent?').getByText('Bob', { exact: true }).waitFor()
  await message(cem, 'Who brings the tent?').hover()
  await message(cem, 'Who brings the tent?').getByRole('button', { name: 'Reply' }).click()
  await say(cem, 'I do')
  for (const window of [alice, bob]) await message(window, 'I do').getByText('Who brings the tent?').waitFor()
  await writing(alice).pressSequentially('Al', { delay: 50 })
  await bob.page
    .locator('.typing-line')
    .getByText(/Alice.*is typing/u)
    .waitFor()
  await writing(alice).fill('')

  // What lies in a group is found, and leads there.
  await bob.page.locator('.person').filter({ hasText: 'Alice' }).first().click()
  await bob.page.getByRole('heading', { name: 'Alice' }).first().waitFor()
  await bob.page.keyboard.press('Control+k')
  await bob.page.getByRole('combobox').fill('tent')
  await bob.page.getByRole('option').filter({ hasText: 'Trip' }).click()
  await message(bob, 'I do').waitFor()
  await inGroup(bob, 3)

  // Bob and Cem are no friends of each other: one asks from the list of members.
  await bob.page.keyboard.press('Control+i')
  await member(bob, 'Cem').getByText('not your friend').waitFor()
  await member(bob, 'Alice').getByText('Founder').waitFor()
  await member(bob, 'Cem')
    .getByRole('button', { name: /Actions for/u })
    .click()
  await bob.page.getByRole('menuitem', { name: 'Ask to be friends' }).click()
  await cem.page.getByRole('button', { name: /1 friend request/u }).waitFor()

  await alice.page.keyboard.press('Control+i')
  await member(alice, 'Bob')
    .getByRole('button', { name: /Actions for/u })
    .click()
  await alice.page.getByRole('menuitem', { name: 'Make admin' }).click()
  await member(bob, 'Bob').getByText('Admin').waitFor()

  await member(alice, 'Cem')
    .getByRole('button', { name: /Actions for/u })
    .click()
  await alice.page.getByRole('menuitem', { name: 'Remove from group' }).click()
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await cem.page.getByText(/Alice.*removed you from this group/u).waitFor()
  assert.equal(await writing(cem).count(), 0)
  await message(cem, 'I do').waitFor()
  await inGroup(bob, 2)
  await say(alice, 'Now we are two')
  await message(bob, 'Now we are two').waitFor()
  assert.equal(await message(cem, 'Now we are two').count(), 0)

  await details(bob).getByRole('button', { name: 'Leave group' }).click()
  await bob.page.getByLabel('Also delete what was said from this computer').click()
  await bob.page.getByRole('dialog').getByRole('button', { name: 'Leave', exact: true }).click()
  await listed(bob).waitFor({ state: 'detached' })
  await inGroup(alice, 1)
  assert.deepEqual([...alice.complaints, ...bob.complaints, ...cem.complaints], [])
})
