/** What was written and not sent is there again after a restart, with the message that it replies to. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { marked, message, open, say, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('a draft and its reply survive a restart; what was sent does not come back', async (t) => {
  const { window, friend, me, node } = await windowWithFriend(t, folder(t), 'Susan')
  const { page, profile } = window
  await friend.sendMessage({ peer: me, text: 'Are you coming?' })
  await message(window, 'Are you coming?').hover()
  await message(window, 'Are you coming?').getByRole('button', { name: 'Reply' }).click()
  await writing(window).fill('Perhaps, if')
  // Leaves the field.
  await page.keyboard.press('Control+,')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await window.close()

  const again = await openWindow(t, { profile, args: ['--node', node] })
  await again.page.getByRole('button', { name: /Susan.*Draft: *Perhaps, if/su }).waitFor()
  await open(again, 'Susan')
  assert.equal(await writing(again).inputValue(), 'Perhaps, if')
  await again.page.getByText('Reply to').waitFor()
  await writing(again).press('Enter')
  await marked(again, 'Perhaps, if', 'delivered')
  const [answer] = (await friend.messages({ peer: me })).slice(-1)
  assert.deepEqual([answer?.text, answer?.replyTo !== undefined], ['Perhaps, if', true])
  await say(again, 'See you')
  await until(async () => (await writing(again).inputValue()) === '', 'it is sent')
  await again.close()

  const last = await openWindow(t, { profile, args: ['--node', node] })
  await open(last, 'Susan')
  await message(last, 'See you').waitFor()
  assert.equal(await writing(last).inputValue(), '')
})
