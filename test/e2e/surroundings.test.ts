/**
 * The integration with the desktop: notifications, the tray with its badge and Quit, the start with the session, and
 * the language of connection messages. Not every machine has these system services: the test records Electron's calls
 * to them.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ElectronApplication } from 'playwright-core'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { until } from '../support/network.ts'
import type { Transfer } from '../../protocol/index.ts'
import { drop, message, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { answerQuestions } from '../support/questions.ts'

interface Seen {
  notifications: { title: string; body: string; click(): void }[]
  toolTips: string[]
  menu: { label: string; click(): void }[]
}

after(endDisplay)

test('notifications, tray, start with the session, language', async (t) => {
  const home = folder(t)
  // The app reads these variables, so that files of the person who runs the test stay untouched.
  process.env.XDG_CONFIG_HOME = join(home, 'config')
  const name = '<b>Susan</b>\u202e & co'
  const { window, friend, me } = await windowWithFriend(t, home, name)
  const { app, page } = window
  await watch(app)
  const shown = (): Promise<{ title: string; body: string }[]> =>
    app.evaluate(() =>
      (globalThis as unknown as { seen: Seen }).seen.notifications.map(({ title, body }) => ({ title, body })),
    )
  const toolTip = (): Promise<string> =>
    app.evaluate(() => (globalThis as unknown as { seen: Seen }).seen.toolTips.at(-1) ?? '')
  const tell = (text: string): Promise<unknown> => friend.sendMessage({ peer: me, text })
  /** Also leaves the conversation: under Playwright the page always reports that it has the focus. */
  const leave = async (): Promise<void> => {
    await page.keyboard.press('Control+j')
    await page.getByRole('heading', { name: 'Files', exact: true }).waitFor()
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
  }
  await answerQuestions(window, 'Change it')
  const choose = async (label: string): Promise<void> => {
    await page.keyboard.press('Control+,')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Notifications' }).click()
    await page.getByLabel('Notifications show').selectOption({ label })
    await page.keyboard.press('Escape')
  }

  await t.test(
    'none while the window has the focus; then one, as text, and a badge; a click opens the conversation',
    async () => {
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.focus())
      await tell('looked at')
      await message(window, 'looked at').waitFor()
      await until(async () => (await friend.messages({ peer: me })).at(-1)?.state === 'read', 'it counts as looked at')
      // The same number as before would not be shown again: that of the request, or of this message.
      const title = (): Promise<string> =>
        app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle() ?? '')
      await until(async () => !(await title()).startsWith('('), 'nothing counts as unread')
      assert.deepEqual(await shown(), [])
      await leave()
      await tell('<img src=x> & <a href="https://example.org">that</a>')
      await until(async () => (await shown()).length === 1, 'a notification is shown')
      const [first] = await shown()
      assert.equal(first?.title, '<b>Susan</b> & co', 'a title is never markup; what hides the direction is gone')
      const body = '<img src=x> & <a href="https://example.org">that</a>'
      const escaped = body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
      assert.equal(first?.body, process.platform === 'linux' ? escaped : body)
      await until(async () => (await toolTip()).endsWith('1 unread'), 'the tray shows the number of unread messages')
      await app.evaluate(() => (globalThis as unknown as { seen: Seen }).seen.notifications[0]?.click())
      await message(window, 'that').waitFor()
      await until(async () => (await toolTip()) === 'Quorum', 'after reading, the tray shows no number')
    },
  )

  await t.test('a notification shows as much as the setting allows', async () => {
    for (const [label, expected] of [
      ['Only the name', { title: '<b>Susan</b> & co', body: 'New message' }],
      ['Only that there is something', { title: 'Quorum', body: 'New message' }],
    ] as const) {
      await choose(label)
      const before = (await shown()).length
      await leave()
      await tell('a secret')
      await until(async () => (await shown()).length > before, 'a notification is shown')
      assert.deepEqual((await shown()).at(-1), expected)
      await app.evaluate(() => (globalThis as unknown as { seen: Seen }).seen.notifications.at(-1)?.click())
      await writing(window).waitFor()
      // Who leaves before the message was shown has not read it; and the tray may still show the number of before it.
      await until(async () => (await friend.messages({ peer: me })).at(-1)?.state === 'read', 'it is read')
      await until(async () => (await toolTip()) === 'Quorum', 'the tray shows no number')
    }
    await choose('No notifications')
    const before = (await shown()).length
    await leave()
    await tell('not a word')
    await until(async () => (await toolTip()).endsWith('1 unread'), 'it has arrived')
    assert.equal((await shown()).length, before)
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
  })

  await t.test('one for files that have arrived at the friend; a click leads there', async () => {
    await choose('Name and message')
    await page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: /Susan/u }).click()
    await writing(window).waitFor()
    const file = join(home, 'report.txt')
    writeFileSync(file, 'a report')
    await drop(window, [file])
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    let offered: Transfer | undefined
    await until(async () => (offered = (await friend.transfers({}))[0]) !== undefined, 'it is offered')
    await leave()
    await friend.acceptTransfer({ transfer: offered?.id ?? '', directory: home })
    await until(async () => (await shown()).at(-1)?.body === 'Has received your files: report.txt', 'it is said')
    await app.evaluate(() => (globalThis as unknown as { seen: Seen }).seen.notifications.at(-1)?.click())
    await writing(window).waitFor()
  })

  await t.test('the start with the session: on and off', { skip: process.platform !== 'linux' }, async () => {
    await page.keyboard.press('Control+,')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Notifications' }).click()
    const start = page.getByRole('switch', { name: 'Start when I log in' })
    await start.click()
    const entries = (): string[] => globSync(join(home, 'config', 'autostart', 'quorum-*.desktop'))
    await until(() => entries().length === 1, 'an entry is written')
    const entry = readFileSync(entries()[0] ?? '', 'utf8')
    const [, command = ''] = /^Exec=(.*)$/mu.exec(entry) ?? []
    const words = [...command.matchAll(/"([^"]*)"/gu)].map(([, word]) => word)
    assert.ok(existsSync(words[0] ?? ''), 'it names a program')
    assert.deepEqual(words.slice(-3), ['--hidden', '--profile', window.profile])
    await start.click()
    await until(() => entries().length === 0, 'the entry is removed')
  })

  await t.test('in German, the obstacle to a better connection is shown in German', async () => {
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Appearance' }).click()
    await page.getByLabel('Language').selectOption('de')
    await page.getByRole('heading', { name: 'Aussehen' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+i')
    await friend.stop()
    await page.getByText('Vermutlich ist dort gerade niemand online').waitFor()
    await page.getByText('Technische Details').click()
    assert.equal(await page.locator('[lang=en]').count(), 0, 'no text is in English')
  })

  await t.test('Quit in the tray ends the program', async () => {
    assert.deepEqual(window.complaints, [])
    const ended = new Promise((resolve) => app.process().once('exit', resolve))
    await app.evaluate(() =>
      (globalThis as unknown as { seen: Seen }).seen.menu.find(({ label }) => label === 'Quorum beenden')?.click(),
    )
    await ended
  })
})

/** Records the app's calls to the system from now on. */
async function watch(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ Notification, Tray }) => {
    const seen: Seen = { notifications: [], toolTips: [], menu: [] }
    Object.assign(globalThis, { seen })
    // Without a notification service on this machine, Electron would not even try.
    Notification.isSupported = () => true
    const { show } = Notification.prototype
    Notification.prototype.show = function watched() {
      const { title, body } = this
      seen.notifications.push({ title, body, click: () => void this.emit('click') })
      show.call(this)
    }
    const { setToolTip, setContextMenu } = Tray.prototype
    Tray.prototype.setToolTip = function watched(text) {
      seen.toolTips.push(text)
      setToolTip.call(this, text)
    }
    Tray.prototype.setContextMenu = function watched(menu) {
      seen.menu = (menu?.items ?? []).map((item) => ({
        label: item.label,
        click: () => void Reflect.apply(item.click, item, []),
      }))
      setContextMenu.call(this, menu)
    }
  })
}
