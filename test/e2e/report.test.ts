/** A report saved from the window: by keyboard, to a chosen path, with both logs, without names. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { until } from '../support/network.ts'
import { windowWithFriend } from '../support/people-at-windows.ts'

after(endDisplay)

test('Settings, About: a report is saved to the chosen path, and shown in its folder', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Susan')
  const { app, page } = window
  const file = join(home, 'for those who help.txt')
  // A test cannot operate the system's dialogs: it supplies their answers and records the requests.
  await app.evaluate(({ dialog, shell }, chosen) => {
    const seen = { answers: ['', chosen], shown: [] as string[] }
    Object.assign(globalThis, { seen })
    Object.assign(dialog, {
      showSaveDialog: async () => {
        const filePath = seen.answers.shift() ?? ''
        return { canceled: filePath === '', filePath }
      },
    })
    Object.assign(shell, { showItemInFolder: (path: string) => seen.shown.push(path) })
  }, file)
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'About' }).click()
  const save = page.getByRole('button', { name: 'Save a report' })

  await save.press('Enter')
  await until(
    async () =>
      app.evaluate(() => (globalThis as unknown as { seen: { answers: string[] } }).seen.answers.length === 1),
    'the dialog was called off',
  )
  assert.ok(!existsSync(file), 'called off, nothing is saved')

  await save.press('Enter')
  await page.getByText('The report is saved').waitFor()
  const text = readFileSync(file, 'utf8')
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  for (const part of ['electron: ', 'friends: friend: 1', 'the window opens', 'the profile is open', 'direct: auto'])
    assert.ok(text.includes(part), `${part} in ${text}`)
  for (const telling of ['Susan', me, friend.id, me.slice(-6), friend.id.slice(-6), home, '127.0.0.1'])
    assert.ok(!text.includes(telling), `${telling} in ${text}`)
  for (const name of ['quorum.log', 'window.log']) assert.ok(existsSync(join(window.profile, 'logs', name)), name)

  await page.getByRole('button', { name: 'Show in folder' }).press('Enter')
  await until(
    async () =>
      app.evaluate((_, chosen) => {
        return (globalThis as unknown as { seen: { shown: string[] } }).seen.shown.includes(chosen)
      }, file),
    'the folder is shown',
  )
})
