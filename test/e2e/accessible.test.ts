/** What axe finds on every view, in both themes: nothing serious, nothing critical. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { endDisplay } from '../support/display.ts'
import { befriend, message, say, twoWindows, writing } from '../support/people-at-windows.ts'

after(endDisplay)

test('axe finds nothing serious on any view, light and dark', async (t) => {
  const { alice, bob } = await twoWindows(t)
  const { page } = alice
  await page.getByLabel('What do your friends call you?').waitFor()
  const problems: string[] = []
  const look = async (view: string): Promise<void> => {
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme === 'dark' ? 'dark' : 'light', reducedMotion: 'reduce' })
      await page.locator(`html[data-theme=${theme}]`).waitFor({ state: 'attached' })
      // The themes differ in nothing but colours.
      const found = await problemsOn(page, theme === 'dark' ? ['color-contrast'] : undefined)
      problems.push(...found.map((problem) => `${view}, ${theme}: ${problem}`))
    }
  }
  await look('first run')
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
  await message(alice, 'Hello!').getByRole('link').click()
  await look('link dialog')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+j')
  await look('files')
  await page.keyboard.press('Control+,')
  for (const tab of ['Profile', 'Nodes', 'Privacy', 'Notifications', 'Appearance', 'Storage', 'About']) {
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: tab }).click()
    await page.getByRole('heading', { name: tab, exact: true }).waitFor()
    await look(tab)
  }
  assert.deepEqual(problems, [])
})

async function problemsOn(page: Page, rules: string[] | undefined): Promise<string[]> {
  // The usual mode opens another page, which this window refuses.
  const axe = new AxeBuilder({ page }).setLegacyMode()
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}
