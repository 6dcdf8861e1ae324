/** A friend who was removed is still in the list after a restart, with what was said, and can be asked again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { marked, message, say, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('after a restart, a removed friend can be asked again', async (t) => {
  const { window, friend, me, node } = await windowWithFriend(t, folder(t), 'Susan')
  const { page, profile } = window
  await friend.sendMessage({ peer: me, text: 'Goodbye' })
  await message(window, 'Goodbye').waitFor()
  await page.keyboard.press('Control+i')
  await page.getByRole('button', { name: 'Remove friend' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('button', { name: 'Ask again' }).first().waitFor()
  await window.close()

  const again = await openWindow(t, { profile, args: ['--node', node] })
  await again.page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: 'Susan' }).click()
  await message(again, 'Goodbye').waitFor()
  await again.page.getByRole('button', { name: 'Ask again' }).first().click()
  // To her, they never stopped being friends.
  await writing(again).waitFor()
  await until(async () => (await friend.friends())[0]?.online === true, 'they are connected')
  await say(again, 'Hello again')
  await marked(again, 'Hello again', 'delivered')
  assert.deepEqual([...window.complaints, ...again.complaints], [])
})
