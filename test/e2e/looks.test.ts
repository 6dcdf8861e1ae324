/** What a picture would show: signs that differ, notices beside what they would cover, text within its field. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { marked, message, pasteUnusable, say, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'

after(endDisplay)

test('read differs from delivered, a notice is above the composer, and long text keeps off its edges', async (t) => {
  const { window, friend, me } = await windowWithFriend(t, folder(t), 'Susan')
  const { page } = window
  await say(window, 'first')
  await marked(window, 'first', 'delivered')
  const sign = message(window, 'first').getByRole('img')
  const filled = (): Promise<string> =>
    sign.evaluate((element) => {
      const { getComputedStyle } = globalThis as unknown as {
        getComputedStyle(of: unknown): { backgroundColor: string }
      }
      return getComputedStyle(element).backgroundColor
    })
  assert.equal(await filled(), 'rgba(0, 0, 0, 0)')
  const [own] = await friend.messages({ peer: me, limit: 1 })
  await friend.markRead({ peer: me, upTo: own?.id ?? '' })
  await marked(window, 'first', 'read')
  assert.notEqual(await filled(), 'rgba(0, 0, 0, 0)', 'the sign for read is filled')

  await writing(window).fill('line\n'.repeat(30))
  const box = async (of: Locator) => (await of.boundingBox()) ?? assert.fail('it is shown')
  const [field, frame] = [await box(writing(window)), await box(page.locator('.composer-box'))]
  assert.ok(field.y - frame.y >= 6 && frame.y + frame.height - field.y - field.height >= 6, 'text is cut off within')

  for (let n = 0; n < 2; n++) await pasteUnusable(window)
  const notice = page.getByText('Save it as a file first')
  await notice.waitFor()
  assert.equal(await notice.count(), 1, 'the same notice is shown once')
  const shown = async () => (await box(notice)).y + (await box(notice)).height
  const composer = page.locator('.composer')
  assert.ok((await shown()) <= (await box(composer)).y, 'the notice does not cover the composer')
  await page.keyboard.press('Control+,')
  await composer.waitFor({ state: 'detached' })
  await until(async () => (await notice.count()) === 0 || (await shown()) > 700, 'without a composer it is at the edge')
})
