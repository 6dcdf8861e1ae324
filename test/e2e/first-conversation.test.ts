/** Two people and two real windows, from the first start of each; and their settings for trust. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { endDisplay } from '../support/display.ts'
import { answerQuestions, askedOnce } from '../support/questions.ts'
import { firstConversation } from '../support/first-conversation.ts'
import { marked, message, open, say, twoFriends, writing } from '../support/people-at-windows.ts'

after(endDisplay)

test('first run to first message, one side by keyboard alone; reply, recall, search, restart', (t) =>
  firstConversation(t))

test('an address for verified friends only, comparing the safety number, blocking and unblocking', async (t) => {
  const { alice, bob } = await twoFriends(t)
  const path = (words: string): Promise<void> =>
    alice.page.getByRole('button', { name: `Connection: ${words}` }).waitFor()
  await path('Connected directly')
  await alice.page.getByRole('button', { name: 'Settings' }).click()
  await alice.page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Privacy' }).click()
  await alice.page.getByLabel('Who may learn my internet address').selectOption('Verified friends')
  await open(alice, 'Bob')
  await path('Connected through a node')

  const numbers: (string | null)[] = []
  for (const { page } of [alice, bob]) {
    await page.keyboard.press('Control+i')
    await page.getByRole('button', { name: 'Compare safety number' }).click()
    const digits = page.getByRole('group', { name: 'Safety number' })
    await digits
      .getByText(/^\d{5}$/u)
      .first()
      .waitFor()
    numbers.push(await digits.textContent())
  }
  assert.equal(numbers[0]?.length, 60)
  assert.equal(numbers[0], numbers[1])
  const asked = await answerQuestions(alice, 'They match: mark as verified')
  await alice.page.getByRole('button', { name: 'They match: mark as verified' }).click()
  const { detail } = await askedOnce(asked, 'Does \u2068Bob\u2069 see the same digits?')
  assert.equal(detail.replaceAll(/\s/gu, ''), numbers[0])
  await alice.page.getByText('You have verified this person.').waitFor()
  // A second Enter does not undo it.
  await alice.page.keyboard.press('Enter')
  await alice.page.getByRole('dialog').waitFor({ state: 'detached' })
  await alice.page.getByRole('heading', { name: 'Verified', exact: true }).waitFor()
  await path('Connected directly')

  await alice.page.getByRole('button', { name: 'Block', exact: true }).click()
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click()
  await alice.page.getByText('You have blocked this person.').waitFor()
  await bob.page.keyboard.press('Escape')
  await bob.page.getByRole('button', { name: 'Connection: Waiting for' }).waitFor()
  await say(bob, 'Are you there?')
  await marked(bob, 'Are you there?', 'waiting')
  assert.equal(await message(alice, 'Are you there?').count(), 0)

  // The question said that this can be undone: they are friends as before, and what waited arrives.
  await alice.page.getByRole('button', { name: 'Unblock' }).first().click()
  await writing(alice).waitFor()
  await message(alice, 'Are you there?').waitFor()
  await alice.page.getByRole('heading', { name: 'Verified', exact: true }).waitFor()
  await say(alice, 'Here I am')
  await message(bob, 'Here I am').waitFor()
  assert.deepEqual([...alice.complaints, ...bob.complaints], [])
})
