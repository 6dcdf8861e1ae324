/** What was written and not sent is there again after a restart, with the message that it replies to. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { drop, marked, message, open, say, windowWithFriend, writing } from '../support/people-at-windows.ts'
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
  // What shows nothing is no message.
  await writing(last).fill('\u200b\u2800')
  assert.ok(await last.page.getByRole('button', { name: 'Send', exact: true }).isDisabled())
  await writing(last).press('Enter')
  assert.equal(await writing(last).inputValue(), '\u200b\u2800')
})

test('files that were chosen and not sent are there again after a restart, as far as they still are', async (t) => {
  const home = folder(t)
  const { window, friend, me, node } = await windowWithFriend(t, home, 'Susan')
  const { page, profile } = window
  const paths = ['film.mkv', 'gone.txt'].map((name) => join(home, name))
  for (const path of paths) writeFileSync(path, path)
  await drop(window, paths)
  await page.getByRole('listitem').filter({ hasText: 'gone.txt' }).waitFor()
  // Leaves the field.
  await page.keyboard.press('Control+,')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await window.close()
  rmSync(join(home, 'gone.txt'))

  const again = await openWindow(t, { profile, args: ['--node', node] })
  await open(again, 'Susan')
  await again.page.getByRole('listitem').filter({ hasText: 'film.mkv' }).waitFor()
  assert.equal(await again.page.getByRole('listitem').filter({ hasText: 'gone.txt' }).count(), 0)
  await again.page.getByRole('button', { name: 'Send', exact: true }).click()
  await until(async () => (await friend.transfers({})).some(({ name }) => name === 'film.mkv'), 'it is offered')
  await again.close()

  const last = await openWindow(t, { profile, args: ['--node', node] })
  await open(last, 'Susan')
  await last.page.getByRole('log').getByRole('region', { name: 'film.mkv' }).waitFor()
  assert.equal(await last.page.locator('.staged').count(), 0)
  assert.equal((await friend.messages({ peer: me })).length, 1)
  assert.deepEqual([...window.complaints, ...again.complaints, ...last.complaints], [])
})
