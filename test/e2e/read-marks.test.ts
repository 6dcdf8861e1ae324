/** A friend is told that a message was read when it was in sight, and not before; the rest is counted. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { message, open, windowWithFriend } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'

after(endDisplay)

/** Runs in the page, whose types are not known here. */
function belowTheFold(element: unknown): number {
  const { scrollHeight, scrollTop, clientHeight } = element as Record<
    'scrollHeight' | 'scrollTop' | 'clientHeight',
    number
  >
  return scrollHeight - scrollTop - clientHeight
}

test('read is what was in sight: not what arrived below, and not what a conversation holds further down', async (t) => {
  const { window, friend, me } = await windowWithFriend(t, folder(t), 'Susan')
  const { page } = window
  const sent: string[] = []
  const write = async (text: string): Promise<void> => {
    sent.push((await friend.sendMessage({ peer: me, text })).id)
  }
  const state = async (index: number) => (await friend.message({ message: sent.at(index) ?? '' })).state
  const becomes = (index: number, expected: string, what: string) =>
    until(async () => (await state(index)) === expected, what)

  for (let n = 1; n <= 60; n++) await write(`line ${n}`)
  await message(window, 'line 60').waitFor()
  await becomes(-1, 'read', 'what arrives at the end is read')

  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  await write('behind the search')
  await page.getByRole('button', { name: /Susan.*1 unread/su }).waitFor()
  await becomes(-1, 'delivered', 'it has arrived')
  await page.keyboard.press('Escape')
  await becomes(-1, 'read', 'it is in sight again')

  const log = page.getByRole('log')
  await log.hover()
  const jump = page.getByRole('button', { name: 'Jump to latest' })
  // The list moves smoothly: what arrives while the end is near, or while it still moves, may be in sight, and read.
  let before = 0
  await until(async () => {
    await page.mouse.wheel(0, -900)
    const fromEnd = await log.evaluate(belowTheFold)
    const stands = fromEnd === before
    before = fromEnd
    return stands && fromEnd > 500 && jump.isVisible()
  }, 'the end is out of sight')
  await write('below the fold')
  await write('and another')
  await jump.getByText('2', { exact: true }).waitFor()
  await becomes(-1, 'delivered', 'it has arrived')
  assert.deepEqual([await state(-2), await state(-1)], ['delivered', 'delivered'])
  await jump.click()
  await becomes(-1, 'read', 'it is read now')
  await until(async () => !(await jump.isVisible()), 'the list is at its end')

  await page.keyboard.press('Control+j')
  await log.waitFor({ state: 'detached' })
  for (let n = 1; n <= 60; n++) await write(`later ${n}`)
  await page.getByRole('button', { name: /Susan.*60 unread/su }).waitFor()
  await open(window, 'Susan')
  await message(window, 'later 1').first().waitFor()
  await becomes(-60, 'read', 'the first of them is in sight')
  assert.equal(await state(-1), 'delivered')
  await jump.click()
  await becomes(-1, 'read', 'the last one is read')
  await page.getByRole('button', { name: /Susan/u }).getByText('unread').waitFor({ state: 'detached' })
  assert.deepEqual(window.complaints, [])
})
