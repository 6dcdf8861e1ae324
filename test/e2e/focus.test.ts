/** The keyboard focus is never lost, and what is typed or pasted outside of fields goes to the message. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { drop, message, open, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'

after(endDisplay)

const focused = ({ page }: Window): Promise<string> =>
  page.evaluate('document.activeElement.tagName') as Promise<string>
const typing = (window: Window, when: string): Promise<void> =>
  until(async () => (await focused(window)) === 'TEXTAREA', `the message has the focus ${when}`)

test('focus: after the jump to the end, a drop, a closed view and a start; typing and pasting anywhere', async (t) => {
  const home = folder(t)
  const { window, friend, me, node } = await windowWithFriend(t, home, 'Susan')
  const { app, page, profile } = window
  for (let n = 1; n <= 40; n++) await friend.sendMessage({ peer: me, text: `line ${n}` })
  await message(window, 'line 40').waitFor()
  const log = page.getByRole('log')
  const jump = page.getByRole('button', { name: 'Jump to latest' })
  await log.hover()
  await until(async () => {
    await page.mouse.wheel(0, -900)
    return jump.isVisible()
  }, 'the end is out of sight')
  await jump.click()
  await jump.waitFor({ state: 'detached' })
  await typing(window, 'after the jump')

  await log.getByRole('article').last().click()
  assert.equal(await focused(window), 'DIV')
  await page.keyboard.type('hello')
  assert.equal(await writing(window).inputValue(), 'hello')
  await log.getByRole('article').last().click()
  await app.evaluate(({ clipboard }) => clipboard.writeText(' there'))
  await page.keyboard.press('Control+v')
  await until(async () => (await writing(window).inputValue()) === 'hello there', 'it is pasted')

  await page.getByRole('button', { name: 'Emoji' }).click()
  await page.getByRole('button', { name: '🎉' }).click()
  assert.equal(await writing(window).inputValue(), 'hello there🎉')
  await page.keyboard.press('Control+z')
  assert.equal(await writing(window).inputValue(), 'hello there', 'the emoji is undone')

  await log.getByRole('article').last().click()
  const file = join(home, 'a.txt')
  writeFileSync(file, 'a')
  await drop(window, [file])
  await typing(window, 'after the drop')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'a.txt' }).waitFor()

  await page.keyboard.press('Control+,')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await until(async () => (await focused(window)) !== 'BODY', 'the settings have the focus')
  await page.keyboard.press('Escape')
  await typing(window, 'after the settings')
  await window.close()

  const again = await openWindow(t, { profile, args: ['--node', node] })
  await again.page.getByRole('heading', { name: 'Choose a conversation' }).waitFor()
  await until(async () => (await focused(again)) === 'BUTTON', 'the first friend has the focus after the start')
  await again.page.keyboard.press('Enter')
  await writing(again).waitFor()
  await typing(again, 'in the conversation')
  await open(again, 'Susan')
})
