/**
 * Right click, the menu key and Shift F10: messages, links, files, pictures and friends have a menu in the page, text
 * fields and selected text one of the system. Over a dialog the menu is used, and closed, alone.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { message, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { png } from '../support/pictures.ts'
import { until } from '../support/until.ts'

after(endDisplay)

interface Shown {
  label: string
  role?: string
  enabled: boolean
}

const isFocused = (element: unknown): boolean => (element as { matches(selector: string): boolean }).matches(':focus')

test('everything with actions has a menu, by mouse and by keyboard', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Susan')
  const { app, page } = window
  const menu = page.getByRole('menu')
  const items = async (): Promise<string[]> => {
    await menu.waitFor()
    return menu.getByRole('menuitem').allTextContents()
  }
  const rightClick = async (element: Locator): Promise<string[]> => {
    await element.click({ button: 'right' })
    return items()
  }
  const close = async (): Promise<void> => {
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'detached' })
  }

  await friend.sendMessage({ peer: me, text: 'look at https://example.org/map please' })
  const text = message(window, 'look at')
  assert.deepEqual(await rightClick(text.getByText('please')), ['Reply', 'Copy text'])
  await menu.getByRole('menuitem', { name: 'Reply' }).click()
  await page.getByText('Reply to').waitFor()
  assert.ok(await writing(window).evaluate(isFocused), 'then the reply can be typed')
  await page.keyboard.press('Escape')
  assert.deepEqual(await rightClick(text.getByRole('link')), ['Open link…', 'Copy link', 'Reply', 'Copy text'])
  await menu.getByRole('menuitem', { name: 'Copy link' }).click()
  const copied = () => app.evaluate(({ clipboard }) => clipboard.readText())
  await until(async () => (await copied()) === 'https://example.org/map', 'the link is copied')
  // By keyboard, where the focus is.
  for (const key of ['ContextMenu', 'Shift+F10']) {
    await text.getByRole('link').focus()
    await page.keyboard.press(key)
    assert.equal((await items())[0], 'Open link…', key)
    await page.keyboard.press('ArrowDown')
    assert.ok(await menu.getByRole('menuitem', { name: 'Copy link' }).evaluate(isFocused))
    await close()
    assert.ok(await text.getByRole('link').evaluate(isFocused), 'the focus is back')
  }

  const picture = join(home, 'view.png')
  writeFileSync(picture, png(60, 40))
  await friend.sendFiles({ peer: me, paths: [picture] })
  const card = page.getByRole('log').getByRole('region', { name: 'view.png' })
  assert.deepEqual(await rightClick(card.getByText('view.png').first()), ['Accept', 'Save in…', 'Decline'])
  await menu.getByRole('menuitem', { name: 'Accept' }).click()
  await card.getByRole('img', { name: 'view.png' }).waitFor()
  assert.deepEqual(await rightClick(card.getByRole('img', { name: 'view.png' })), ['Show larger', 'Show in folder'])
  await close()

  const person = page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: 'Susan' })
  const all = ['Details', 'Search in this conversation', 'Compare safety number', 'Remove friend', 'Block']
  assert.deepEqual(await rightClick(person), all)
  await menu.getByRole('menuitem', { name: 'Block' }).click()
  await page.getByRole('dialog', { name: /^Block/u }).waitFor()
  await page.keyboard.press('Escape')

  await app.evaluate(({ Menu }) => {
    const shown: Shown[][] = []
    Object.assign(globalThis, { shown })
    Menu.prototype.popup = function (this: Electron.Menu) {
      shown.push(
        this.items
          .filter(({ type }) => type !== 'separator')
          .map(({ label, role, enabled }) => ({ label, role: String(role).toLowerCase(), enabled })),
      )
    }
  })
  const shown = () => app.evaluate(() => (globalThis as unknown as { shown: Shown[][] }).shown)
  await app.evaluate(({ clipboard }) => clipboard.writeText('from elsewhere'))
  await writing(window).click({ button: 'right' })
  await until(async () => (await shown()).length === 1, 'a text field has a menu')
  await writing(window).fill('some words')
  await writing(window).press('Control+a')
  await page.keyboard.press('Shift+F10')
  await until(async () => (await shown()).length === 2, 'also by keyboard')
  const [empty, selected] = await shown()
  assert.deepEqual(
    empty?.map(({ label, role }) => `${label}: ${role}`),
    ['Cut: cut', 'Copy: copy', 'Paste: paste', 'Select all: selectall'],
  )
  assert.deepEqual([empty?.[0]?.enabled, empty?.[2]?.enabled], [false, true])
  assert.deepEqual([selected?.[0]?.enabled, selected?.[1]?.enabled], [true, true])

  // Where the system checks the spelling.
  await app.evaluate(({ BrowserWindow }) => {
    const editFlags = { canCut: true, canCopy: true, canPaste: true, canSelectAll: true }
    const word = { isEditable: true, selectionText: 'wrods', misspelledWord: 'wrods', dictionarySuggestions: ['words'] }
    BrowserWindow.getAllWindows()[0]?.webContents.emit('context-menu', {}, { editFlags, ...word })
  })
  const [first, second] = (await shown())[2] ?? []
  assert.deepEqual([first?.label, second?.label], ['words', 'Cut'])
  assert.deepEqual(window.complaints, [])
})

test('a menu over a dialog: it has the focus, and Escape or a press outside ends it and not the dialog', async (t) => {
  const home = folder(t)
  const { window, friend, me, link } = await windowWithFriend(t, home, 'Susan')
  const { app, page } = window
  const [menu, dialog] = [page.getByRole('menu'), page.getByRole('dialog')]
  const picture = join(home, 'view.png')
  writeFileSync(picture, png(60, 40))
  await friend.sendFiles({ peer: me, paths: [picture] })
  const card = page.getByRole('log').getByRole('region', { name: 'view.png' })
  await card.getByRole('button', { name: 'Accept' }).click()
  await card.getByRole('button', { name: /^Show larger/u }).click()
  const large = dialog.getByRole('img', { name: 'view.png' })
  await large.waitFor()

  const opens: readonly (() => Promise<void>)[] = [
    () => large.click({ button: 'right' }),
    () => page.keyboard.press('Shift+F10'),
    () => page.keyboard.press('ContextMenu'),
  ]
  for (const open of opens) {
    await open()
    const item = menu.getByRole('menuitem', { name: 'Show in folder' })
    await item.waitFor()
    assert.ok(await item.evaluate(isFocused), 'the menu is not inert under the dialog')
    await page.keyboard.press('ArrowDown')
    assert.ok(await item.evaluate(isFocused), 'and takes keys')
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'detached' })
    assert.ok(await large.isVisible(), 'the dialog stays')
    assert.ok(await large.evaluate(isFocused), 'and has the focus again')
  }
  await large.click({ button: 'right' })
  await menu.waitFor()
  await page.mouse.click(5, 5)
  await menu.waitFor({ state: 'detached' })
  assert.ok(await large.isVisible(), 'a press outside closes the menu first')
  await page.mouse.click(5, 5)
  await dialog.waitFor({ state: 'detached' })

  await friend.sendMessage({ peer: me, text: 'Susan was here' })
  await message(window, 'was here').waitFor()
  await page.keyboard.press('Control+k')
  const field = dialog.getByRole('combobox')
  await field.fill('susan')
  const [person, found] = [dialog.getByRole('option').first(), dialog.getByRole('option', { name: 'was here' })]
  await found.click({ button: 'right' })
  await menu.getByRole('menuitem', { name: 'Copy text' }).waitFor()
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  assert.ok(await field.evaluate(isFocused), 'typing goes on')
  await found.click({ button: 'right' })
  await menu.getByRole('menuitem', { name: 'Copy text' }).click()
  const copied = () => app.evaluate(({ clipboard }) => clipboard.readText())
  await until(async () => (await copied()) === 'Susan was here', 'what was found is copied')
  await person.click({ button: 'right' })
  await menu.getByRole('menuitem', { name: 'Compare safety number' }).click()
  await page.getByRole('dialog', { name: /^Safety number/u }).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  // A dialog that opens by itself ends a menu that would be under it.
  await page
    .getByRole('navigation', { name: 'Friends' })
    .getByRole('button', { name: 'Susan' })
    .click({ button: 'right' })
  await menu.waitFor()
  await app.evaluate(({ app: program }, url) => program.emit('second-instance', {}, [url], ''), link)
  await dialog.waitFor()
  await menu.waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.deepEqual(window.complaints, [])
})
