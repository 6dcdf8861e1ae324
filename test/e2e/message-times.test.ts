/** A message that waited shows when it was said, and tells beside it when it arrived. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { v7 as uuid } from 'uuid'
import { clock, fullWhen } from '../../desktop/renderer/model/format.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { filledProfile } from '../support/filled-profile.ts'
import { message, open } from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

const minute = 60_000

test('a message that waited shows when it was said, for the eye and for a screen reader', async (t) => {
  const profile = join(folder(t), 'me')
  const arrived = Date.now()
  const said = arrived - 95 * minute
  await receive(profile, [
    { text: 'See you at nine', sentAt: said, receivedAt: arrived },
    { text: 'Said just now', sentAt: arrived, receivedAt: arrived },
  ])
  const window = await openWindow(t, { profile })
  await open(window, 'Susan')
  const waited = message(window, 'See you at nine')
  assert.equal(await waited.locator('time').textContent(), clock(said, 'en'))
  assert.ok((await waited.getAttribute('aria-label'))?.includes(clock(said, 'en')))
  const both = `Sent: ${fullWhen(said, 'en')}. Arrived: ${fullWhen(arrived, 'en')}`
  assert.equal(await waited.locator('time').getAttribute('title'), both)
  assert.equal(await waited.getAttribute('aria-description'), both)

  const prompt = message(window, 'Said just now')
  assert.equal(await prompt.locator('time').textContent(), clock(arrived, 'en'))
  assert.equal(await prompt.getAttribute('aria-description'), null, 'there is nothing to add')
  assert.deepEqual(window.complaints, [])
})

/** Makes a profile with one friend, from whom these messages have come. */
async function receive(
  profile: string,
  messages: { text: string; sentAt: number; receivedAt: number }[],
): Promise<void> {
  await filledProfile(profile, (store, susan) => {
    for (const [index, one] of messages.entries())
      store.receiveMessage(susan, { id: uuid(), seq: index + 1, hash: randomBytes(32), recalled: false, ...one })
  })
}
