/** The smallest window, with the largest text and the longest words: everything in the settings can be used. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { introduce, message, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

/** What the page says about one tab of the settings, in pixels. */
interface Measured {
  room: number
  /** Beyond the right edge. */
  cut: string[]
  /** Labels, hints and fields that are narrower than half of the room. */
  narrow: string[]
}

test('the settings fit 640 x 480, also in German with larger text', async (t) => {
  const window = await openWindow(t, { profile: join(folder(t), 'ada'), size: { width: 640, height: 480 } })
  const { page } = window
  await introduce(window, 'Ada')
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('button', { name: 'Start talking' }).click()
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Appearance' }).click()
  await page.getByLabel('Text size').selectOption('larger')
  await page.getByLabel('Language').selectOption('de')
  const tabs = page.getByRole('navigation', { name: 'Einstellungen' }).getByRole('button')
  assert.equal(await tabs.count(), 7)
  for (const tab of await tabs.all()) {
    await tab.click()
    const name = await tab.textContent()
    const { room, cut, narrow } = (await page.evaluate(measure)) as Measured
    assert.ok(room > 250, `${name}: ${room} pixels`)
    assert.deepEqual({ cut, narrow }, { cut: [], narrow: [] }, `${name}`)
  }
  assert.deepEqual(window.complaints, [])
})

test('dialogs end within the smallest window, however much is in them', async (t) => {
  const { window } = await windowWithFriend(t, folder(t), 'Susan')
  const { app, page } = window
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(640, 480))
  await page.waitForFunction('innerHeight === 480')
  for (const [keys, shown] of [
    ['Control+n', page.getByText('The link works for a week.')],
    ['Control+k', page.getByRole('combobox')],
  ] as const) {
    await page.keyboard.press(keys)
    await shown.waitFor()
    await page.evaluate(
      `document.styleSheets[0].insertRule('dialog::after { content: "."; display: block; height: 2000px }')`,
    )
    const box = await page.getByRole('dialog').boundingBox()
    assert.ok(box !== null && box.y > 0 && box.y + box.height < 480, `${keys}: ${JSON.stringify(box)}`)
    await page.keyboard.press('Escape')
  }
})

test('with larger text, details cover the conversation, and leave it its width', async (t) => {
  const { window } = await windowWithFriend(t, folder(t), 'Susan')
  const { app, page } = window
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(1100, 760))
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Appearance' }).click()
  await page.getByLabel('Text size').selectOption('larger')
  await page.keyboard.press('Escape')
  await writing(window).waitFor()
  const width = async (): Promise<number> => (await page.getByRole('log').boundingBox())?.width ?? 0
  const before = await width()
  await page.keyboard.press('Control+i')
  await page.getByRole('complementary').waitFor()
  assert.equal(await width(), before)
  assert.ok(before > 600, `${before} pixels`)
})

test('in the smallest window a long name ends before the buttons, and nothing waits behind the details', async (t) => {
  const name = 'Maximilian Alexander von Habsburg-Lothringen zu Österreich'
  const { window } = await windowWithFriend(t, folder(t), name)
  const { app, page } = window
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(640, 480))
  await page.waitForFunction('innerHeight === 480')
  const head = page.getByRole('main').locator('header').getByRole('heading', { level: 2 })
  const button = page.getByRole('main').getByRole('button', { name: 'Search in this conversation' })
  const [text, next] = [await head.boundingBox(), await button.boundingBox()]
  assert.ok(text !== null && next !== null && text.x + text.width <= next.x, JSON.stringify([text, next]))

  const details = page.getByRole('complementary')
  const focused = 'document.activeElement.closest("aside, textarea")?.tagName'
  await page.keyboard.press('Control+i')
  await details.waitFor()
  assert.equal(await page.evaluate(focused), 'ASIDE', 'they cover the message')
  await page.keyboard.press('Escape')
  await details.waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(focused), 'TEXTAREA')
  await page.keyboard.press('Control+i')
  await details.waitFor()
  await page.keyboard.type('hello')
  await details.waitFor({ state: 'detached' })
  assert.equal(await writing(window).inputValue(), 'hello', 'what is typed can be seen')
  await page.keyboard.press('Control+i')
  await details.waitFor()
  const box = await page.getByRole('log').boundingBox()
  await page.mouse.click((box?.x ?? 0) + 20, (box?.y ?? 0) + 40)
  await details.waitFor({ state: 'detached' })
  const person = page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: /^Maximilian/u })
  await person.click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Details' }).click()
  await details.waitFor()
  assert.equal(await page.evaluate(focused), 'ASIDE')
  assert.deepEqual(window.complaints, [])
})

test('beside text from right to left, a time keeps its order', async (t) => {
  const { window, friend, me } = await windowWithFriend(t, folder(t), 'Susan')
  await friend.sendMessage({ peer: me, text: 'שלום, מה שלומך?' })
  await message(window, 'שלום').locator('time').waitFor()
  const lefts = (await window.page.evaluate(positions)) as number[]
  assert.ok(lefts.length >= 4)
  assert.deepEqual(
    lefts,
    lefts.toSorted((a, b) => a - b),
  )
})

/** The left edges of the characters of the time below that message, in the order of its text. */
const positions = `(() => {
  const rows = [...document.querySelectorAll('article, [role=article]')]
  const node = rows.find((row) => row.textContent.includes('שלום')).querySelector('time').firstChild
  return [...node.textContent].map((_, at) => {
    const range = document.createRange()
    range.setStart(node, at)
    range.setEnd(node, at + 1)
    return range.getBoundingClientRect().left
  })
})()`

const measure = `(() => {
  const body = document.querySelector('.settings-body')
  const style = getComputedStyle(body)
  const room = body.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
  const say = (element) => element.tagName + ' ' + element.textContent.slice(0, 40)
  const visible = [...document.querySelectorAll('.settings *')].filter((one) => one.getClientRects().length > 0)
  const cut = visible.filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map(say)
  const read = body.querySelectorAll('.setting > label, .setting > .hint, .setting select, .field > .field-row > input')
  const narrow = [...read].filter((one) => one.getBoundingClientRect().width < room / 2).map(say)
  return { room, cut: cut.slice(0, 5), narrow: narrow.slice(0, 5) }
})()`
