/**
 * Another key under a known name: an identity is its key, so this is a different person. The request warns before it is
 * accepted, and the conversation is blocked until the person confirms.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { startPeer } from '../support/network.ts'
import { answerQuestions } from '../support/questions.ts'
import { message, open, say, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'

after(endDisplay)

test('a request under the name of a verified friend is marked, and no message is sent without confirmation', async (t) => {
  const { window, friend, me, node, link } = await windowWithFriend(t, folder(t), 'Susan')
  const { page } = window
  const notice = page.getByRole('alert').filter({ hasText: /This is not the .Susan. you know/u })
  await page.keyboard.press('Control+i')
  await page.getByRole('button', { name: 'Compare safety number' }).click()
  await answerQuestions(window, 'They match: mark as verified')
  await page.getByRole('button', { name: 'They match: mark as verified' }).click()
  await page.getByText('You have verified this person.').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+i')

  // With a character that only looks like one in her name.
  const other = await startPeer(t, { nodes: [node], name: 'Ѕusan' })
  await other.requestFriend({ to: link, note: 'New computer!' })
  await page.getByRole('button', { name: /1 friend request/u }).click()
  await notice.getByText('Your friend may have started over').waitFor()
  await notice.getByText(friend.id.slice(-6)).waitFor()
  await notice.getByText(other.id.slice(-6)).waitFor()
  await page.getByRole('button', { name: 'Accept as a different person' }).click()

  await page.getByText('The identity behind this name is not the one you verified').waitFor()
  assert.equal(await writing(window).count(), 0, 'there is no place to write')
  await until(async () => (await other.friends())[0]?.state === 'friend', 'the answer has arrived')
  await other.sendMessage({ peer: me, text: 'Send me the photos again' })
  await message(window, 'Send me the photos again').waitFor()
  assert.equal(await writing(window).count(), 0)
  await page.getByRole('button', { name: 'Write anyway' }).click()
  await say(window, 'Who are you?')
  await message(window, 'Who are you?').waitFor()

  const susan = page.getByRole('navigation', { name: 'Friends' }).getByRole('button').filter({ hasText: 'Susan' })
  await susan.first().click()
  await writing(window).waitFor()
  assert.equal(await notice.count(), 0, 'the conversation of the verified friend has no notice')
  await open(window, 'Ѕusan')
  assert.deepEqual(window.complaints, [])
})
