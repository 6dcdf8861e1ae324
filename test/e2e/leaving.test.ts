/** Closing the window, its place, and the lock screen: nothing ends unsaid, and nobody is stuck. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { introduce, inviteShown } from '../support/people-at-windows.ts'
import { answerQuestions, askedOnce } from '../support/questions.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'

after(endDisplay)

async function withNode(t: TestContext): Promise<Window> {
  const window = await openWindow(t, { profile: join(folder(t), 'ada') })
  await introduce(window, 'Ada')
  await window.page.getByRole('button', { name: 'Use this computer' }).click()
  await inviteShown(window.page)
  return window
}

test('closing the window says what would end, and offers to keep it running', async (t) => {
  const window = await withNode(t)
  const { app, page, profile } = window
  const place = { x: 60, y: 50, width: 910, height: 630 }
  const placeFile = join(profile, 'window', 'place.json')
  const stored = (): unknown => (existsSync(placeFile) ? JSON.parse(readFileSync(placeFile, 'utf8')) : undefined)
  await app.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), place)
  await until(() => JSON.stringify(stored()) === JSON.stringify(place), 'the place is stored while the window is open')

  const close = (): Promise<unknown> => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  const isVisible = (): Promise<boolean | undefined> =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())
  const cancelled = await answerQuestions(window, 'no such button')
  await close()
  const asked = await askedOnce(cancelled, 'Quit Quorum?')
  assert.match(asked.detail, /through your node on this computer/u)
  assert.deepEqual(asked.buttons, ['Cancel', 'Keep running in the background', 'Quit'])
  assert.equal(await isVisible(), true)

  const kept = await answerQuestions(window, 'Keep running in the background')
  await close()
  await until(async () => (await isVisible()) === false, 'the window is hidden')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
  await close()
  await until(async () => (await isVisible()) === false, 'the window is hidden again')
  assert.equal((await kept()).length, 1, 'it is asked once')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
  await page.getByRole('button', { name: 'Start talking' }).click()
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Notifications' }).click()
  const keeps = page.getByRole('switch', { name: 'Keep running when the window is closed' })
  assert.equal(await keeps.isChecked(), true, 'the settings show the choice')

  await keeps.click()
  await answerQuestions(window, 'Quit')
  const ended = new Promise((resolve) => app.process().once('exit', resolve))
  await close()
  await ended

  const again = await openWindow(t, { profile, size: 'remembered' })
  const placed = await again.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())
  assert.deepEqual(placed, place, 'it opens where it was')
  assert.deepEqual([...window.complaints, ...again.complaints], [])
})

test('a locked profile whose passphrase is forgotten can be erased', async (t) => {
  const window = await withNode(t)
  const { app, page, profile } = window
  await page.getByRole('button', { name: 'Start talking' }).click()
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Privacy' }).click()
  await page.getByLabel('New passphrase', { exact: true }).fill('abc')
  await page.getByText('can guess a short one').waitFor()
  await page.getByLabel('New passphrase', { exact: true }).fill('correct horse')
  await page.getByLabel('Repeat new passphrase').fill('correct horse')
  await answerQuestions(window, 'Use passphrase')
  await page.getByRole('button', { name: 'Set passphrase' }).click()
  await page.getByRole('heading', { name: 'Quorum is locked' }).waitFor()
  await page.getByText('nothing arrives').waitFor()
  await page.getByText('Forgotten passphrase?').click()
  await page.getByText('Nobody can recover it').waitFor()
  await page.getByRole('button', { name: 'Quit Quorum' }).waitFor()
  await page.getByRole('button', { name: 'Erase everything…' }).click()
  await page.keyboard.type('erase')
  const asked = await answerQuestions(window, 'no such button')
  await page.getByRole('button', { name: 'Erase and quit' }).click()
  assert.equal((await askedOnce(asked, 'Erase everything?')).defaultId, 0)
  const ended = new Promise((resolve) => app.process().once('exit', resolve))
  await answerQuestions(window, 'Erase and quit')
  await page.getByRole('button', { name: 'Erase and quit' }).click()
  await ended
  assert.equal(existsSync(join(profile, 'store.key')), false)
  assert.deepEqual(window.complaints, [])
})
