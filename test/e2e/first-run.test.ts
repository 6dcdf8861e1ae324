/** The first run: an invite that is pasted where the name belongs is used where it belongs, and there is a way back. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { introduce } from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('an invite is no name, and goes to the next step; Back leads to the name, which can be changed', async (t) => {
  const window = await openWindow(t, { profile: join(folder(t), 'bob') })
  const { app, page } = window
  const invite = `quorum://add/${'A'.repeat(90)}`
  await app.evaluate(async ({ clipboard }, text) => clipboard.writeText(text), `Here: <${invite}> See you!`)
  const name = page.getByLabel('What do your friends call you?')
  await name.fill('')
  await name.press('Control+v')
  await page.getByText('That is an invite: it is used in the next step.').waitFor()
  assert.equal(await name.inputValue(), '')
  await name.fill('quorum://add/typed')
  assert.ok(await page.getByRole('button', { name: 'Continue' }).isDisabled())
  await introduce(window, 'Bob')

  const field = page.getByLabel('Invite link or code')
  await field.waitFor()
  assert.equal(await field.inputValue(), invite)
  await page.getByRole('button', { name: 'Back' }).click()
  assert.equal(await name.inputValue(), 'Bob')
  await introduce(window, 'Bobby')
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('button', { name: 'Start talking' }).click()
  await page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name: 'Bobby' }).click()

  const own = page.getByLabel('Your name')
  await own.fill('quorum://add/typed')
  await own.press('Enter')
  await page.getByText('That is an invite. Use it with Add a friend.').waitFor()
  assert.deepEqual(window.complaints, [])
})
