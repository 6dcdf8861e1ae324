/** A friend who wrote more than a day allows: what the window says, and what the person can do (docs/threats.md 78). */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, test } from 'node:test'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { openSqliteStore } from '../../protocol/store/sqlite.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { message, open, windowWithFriend } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('what a friend writes beyond a day’s allowance waits; the line says so, and Go on takes it', async (t) => {
  const home = folder(t)
  const { window, friend, me, node } = await windowWithFriend(t, home, 'Bob')
  await window.close()
  const profile = path.join(home, 'me')
  // As after a day’s messages, which would take a minute; more, so that none of it is back during the test.
  const store = await openSqliteStore({ directory: profile })
  store.setTaken(friend.id, { taken: 2 * chatLimits.chatNewBytes.tokens, takenAt: Date.now() })
  store.close()

  const again = await openWindow(t, { profile, args: ['--node', node] })
  const { page } = again
  await open(again, 'Bob')
  const { id } = await friend.sendMessage({ peer: me, text: 'One more of many' })
  const line = page.getByRole('alert').filter({ hasText: /Bob.? sends very much/u })
  await line.waitFor()
  assert.equal(await message(again, 'One more of many').count(), 0)
  assert.equal((await friend.message({ message: id })).state, 'sent')
  await line.getByRole('button', { name: 'Block' }).waitFor()
  await line.getByRole('button', { name: 'Go on' }).click()
  await message(again, 'One more of many').waitFor()
  await line.waitFor({ state: 'detached' })
  await until(async () => (await friend.message({ message: id })).state !== 'sent', 'it is acknowledged')
  assert.deepEqual(again.complaints, [])
})
