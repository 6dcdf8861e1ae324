/**
 * Two people and two real windows, from the first start of each: name, node, invite, request, conversation; one side by
 * keyboard alone; and all data still present after a restart.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { inviteShown, introduce, join, marked, message, open, say, twoWindows, writing } from './people-at-windows.ts'
import { openWindow } from './window.ts'
import type { Window } from './window.ts'

/** In the checkout, or with this program. */
export async function firstConversation(t: TestContext, program?: string): Promise<void> {
  const { alice, bob } = await twoWindows(t, program)

  // Alice uses only the keyboard.
  const keys = alice.page.keyboard
  await alice.page.getByLabel('What do your friends call you?').waitFor()
  await keys.type('Alice')
  await keys.press('Enter')
  await alice.page.getByRole('button', { name: 'Use this computer' }).waitFor()
  await keys.press('Tab')
  await keys.press('Enter')
  await alice.page.getByRole('heading', { name: 'Invite a friend' }).waitFor()
  const link = await inviteShown(alice.page)

  // Bob clicks and types. Alice's window shows his request by itself.
  await introduce(bob, 'Bob')
  await join(bob, `Hi Bob, here: <${link}> see you`)
  await alice.page.getByRole('heading', { name: /Bob.? wants to be your friend/u }).waitFor()
  await focusOn(alice.page, 'Accept')
  await keys.press('Enter')
  await writing(alice).waitFor()
  await keys.type('Hello Bob')
  await keys.press('Enter')
  // Whoever was invited is brought to the friend who accepted.
  await message(bob, 'Hello Bob').waitFor()
  await bob.page.waitForFunction('document.activeElement?.tagName === "TEXTAREA"')
  await marked(alice, 'Hello Bob', 'read')

  await message(bob, 'Hello Bob').hover()
  await message(bob, 'Hello Bob').getByRole('button', { name: 'Reply' }).click()
  await say(bob, 'Hello Alice')
  await message(alice, 'Hello Alice').getByText('Hello Bob').waitFor()
  await alice.page.getByRole('button', { name: /Connection: (Connected directly|Connected through a node)/u }).waitFor()

  // Bob goes offline: her messages wait, and can be recalled.
  await bob.close()
  await alice.page.getByRole('button', { name: 'Connection: Waiting for' }).waitFor()
  await takenBack(alice)
  await say(alice, 'See you tomorrow at the harbour')
  await marked(alice, 'See you tomorrow', 'left for them')

  // Bob returns: exactly the messages that were not recalled arrive.
  const again = await openWindow(t, { profile: bob.profile, program })
  await open(again, 'Alice')
  await message(again, 'Hello Alice').waitFor()
  await message(again, 'See you tomorrow at the harbour').waitFor()
  await marked(alice, 'See you tomorrow', 'read')

  await again.page.keyboard.press('Control+k')
  await again.page.getByRole('combobox').fill('harb')
  await again.page.getByRole('option').filter({ hasText: 'See you tomorrow' }).waitFor()
  await again.page.keyboard.press('Enter')
  await again.page.getByRole('combobox').waitFor({ state: 'detached' })
  await message(again, 'harbour').waitFor()
  assert.deepEqual([...alice.complaints, ...bob.complaints, ...again.complaints], [])
}

/** Writes a message and takes it back while it waits; once more if the machine was too slow for that. */
async function takenBack(alice: Window): Promise<void> {
  const takeBack = alice.page.getByRole('menuitem', { name: 'Take back' })
  const taken = message(alice, 'You took this message back')
  for (let number = 1; (await taken.count()) === 0; number += 1) {
    const text = `Never mind this (${number})`
    await say(alice, text)
    await message(alice, text).hover()
    await message(alice, text).getByRole('button', { name: 'Message actions' }).click()
    if ((await takeBack.count()) === 0) await alice.page.keyboard.press('Escape')
    else {
      await takeBack.click()
      await taken.or(message(alice, text).getByRole('img', { name: 'left for them' })).waitFor()
    }
  }
}

/** Tab until a button with this name has the focus. */
async function focusOn(page: Parameters<typeof inviteShown>[0], name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    const focused = await page.evaluate('document.activeElement?.textContent')
    if (focused === name) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab never comes to ${name}`)
}
