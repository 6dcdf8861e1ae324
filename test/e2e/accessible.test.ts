/**
 * Accessibility: axe finds no serious and no critical problem on any view, in both themes; tooltips and menus are
 * reached by keyboard.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import { endDisplay } from '../support/display.ts'
import { folder } from '../support/cleanup.ts'
import { befriend, message, say, twoWindows, windowWithFriend, writing } from '../support/people-at-windows.ts'

after(endDisplay)

test('axe finds no serious problem on any view, light and dark', async (t) => {
  const { alice, bob } = await twoWindows(t)
  const { page } = alice
  await page.getByLabel('What do your friends call you?').waitFor()
  const problems: string[] = []
  const look = async (view: string): Promise<void> => {
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme === 'dark' ? 'dark' : 'light', reducedMotion: 'reduce' })
      await page.locator(`html[data-theme=${theme}]`).waitFor({ state: 'attached' })
      // The themes differ only in colours.
      const found = await problemsOn(page, theme === 'dark' ? ['color-contrast'] : undefined)
      problems.push(...found.map((problem) => `${view}, ${theme}: ${problem}`))
    }
  }
  await look('first run')
  await page.getByRole('button', { name: 'I have a backup' }).click()
  await look('restore')
  await page.getByRole('button', { name: 'Back' }).click()
  await befriend(alice, bob)
  await writing(alice).waitFor()
  await look('an empty conversation')
  await say(alice, 'Hello')
  await say(bob, 'Hello! https://example.org/')
  await message(alice, 'Hello!').waitFor()
  await page.keyboard.press('Control+i')
  await page.getByRole('complementary').waitFor()
  await look('conversation and details')
  await page.getByRole('button', { name: 'Compare safety number' }).click()
  await page.getByRole('button', { name: /mark as verified/u }).waitFor()
  await look('safety number')
  await page.keyboard.press('Escape')
  for (const [keys, name] of [
    ['Control+k', 'Search'],
    ['Control+n', 'Add a friend'],
  ] as const) {
    await page.keyboard.press(keys)
    await page.getByRole('dialog', { name }).waitFor()
    await look(name)
    await page.keyboard.press('Escape')
  }
  await page.keyboard.press('Control+g')
  await page.getByLabel('Name of the group').fill('Trip')
  await page.getByRole('checkbox', { name: 'Bob' }).click()
  await look('new group')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary').getByText('Founder').waitFor()
  await say(alice, 'Welcome')
  await bob.page.getByRole('button', { name: 'Join' }).click()
  await page.getByRole('button', { name: /^\u20682 members/u }).waitFor()
  await say(bob, 'Here I am')
  await message(alice, 'Here I am').waitFor()
  await look('a group and its members')
  await page.locator('.person:not(.group)').click()
  await page
    .getByRole('log')
    .getByRole('region', { name: /Invitation/u })
    .waitFor()
  await look('an invitation to a group')
  await page.keyboard.press('Control+j')
  await look('files')
  await page.keyboard.press('Control+,')
  for (const tab of ['Profile', 'Nodes', 'Privacy', 'Notifications', 'Appearance', 'Storage', 'About']) {
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: tab }).click()
    await page.getByRole('heading', { name: tab, exact: true }).waitFor()
    await look(tab)
    if (tab !== 'Storage') continue
    await page.getByRole('button', { name: 'Back up…' }).click()
    await page.getByLabel('It is opened with').selectOption('passphrase')
    await look('backup')
    await page.keyboard.press('Escape')
  }
  assert.deepEqual(problems, [])
})

test('the keyboard focus shows a tooltip and moves through a menu, and both stay within the window', async (t) => {
  const { window, friend, me } = await windowWithFriend(t, folder(t), 'Susan')
  const { page, complaints } = window
  await friend.sendMessage({ peer: me, text: 'Hello' })
  await message(window, 'Hello').waitFor()
  await writing(window).focus()
  await page.keyboard.press('Shift+Tab')
  const attach = page.getByRole('button', { name: 'Send files' })
  const tooltip = page.getByRole('tooltip', { name: 'Send files' })
  await tooltip.waitFor()
  await assertInside(page, tooltip, attach)
  await page.keyboard.press('Enter')
  await tooltip.waitFor({ state: 'detached' })
  const menu = page.getByRole('menu', { name: 'Send files' })
  await assertInside(page, menu, attach)
  const [first, second] = [menu.getByRole('menuitem').first(), menu.getByRole('menuitem').last()]
  for (const [key, item] of [
    ['ArrowDown', second],
    ['ArrowDown', first],
    ['End', second],
    ['Home', first],
    ['c', second],
  ] as const) {
    await page.keyboard.press(key)
    await item.and(page.locator(':focus')).waitFor()
  }
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await attach.and(page.locator(':focus')).waitFor()

  // At the edge of the window there is room only on the other side.
  const emoji = page.getByRole('button', { name: 'Emoji' })
  await emoji.click()
  await assertInside(page, page.getByRole('dialog', { name: 'Emoji' }), emoji)
  await page.keyboard.press('Escape')
  await message(window, 'Hello').getByRole('button', { name: 'Message actions' }).click()
  await assertInside(page, page.getByRole('menu'), page.getByRole('button', { name: 'Message actions' }))
  assert.deepEqual(complaints, [])
})

test('a tab of the settings has a tooltip only while its label is not shown', async (t) => {
  const { window } = await windowWithFriend(t, folder(t), 'Susan')
  const { app, page } = window
  await page.keyboard.press('Control+,')
  await page.clock.install()
  const nodes = page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Nodes' })
  const tooltip = page.getByRole('tooltip')
  await nodes.hover()
  await page.clock.runFor(5000)
  assert.equal(await tooltip.count(), 0)
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(640, 480))
  await page.waitForFunction('innerHeight === 480')
  await page.getByRole('heading', { name: 'Settings' }).hover()
  await nodes.hover()
  await page.clock.runFor(5000)
  await tooltip.filter({ hasText: 'Nodes' }).waitFor()
})

/** The panel is within the window, beside its button, and does not cover it. */
async function assertInside(page: Page, panel: Locator, button: Locator): Promise<void> {
  const [box, anchor] = [await panel.boundingBox(), await button.boundingBox()]
  assert.ok(box !== null && anchor !== null)
  const { width, height } = await page.evaluate<{ width: number; height: number }>(
    '({ width: innerWidth, height: innerHeight })',
  )
  const shown = JSON.stringify({ box, anchor, width, height })
  assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, shown)
  const gap = Math.max(box.y - (anchor.y + anchor.height), anchor.y - (box.y + box.height))
  assert.ok(gap >= 0 && gap < 16, shown)
}

async function problemsOn(page: Page, rules: string[] | undefined): Promise<string[]> {
  // The default mode opens another page, which this window refuses.
  const axe = new AxeBuilder({ page }).setLegacyMode()
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}
