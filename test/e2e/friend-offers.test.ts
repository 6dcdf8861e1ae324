/** Offers beyond what waits for an answer: what the windows of both sides say and show (docs/threats.md 87). */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileLimits } from '../../protocol/file/limits.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { change } from '../support/numbers.ts'
import { drop, open, windowWithFriend } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'

after(endDisplay)

test('of too many offers the window says that they were refused, and shows fifty at a time; the sender is told why', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Bob')
  const { page } = window
  const file = path.join(home, 'a.txt')
  writeFileSync(file, 'a')
  const { offers } = fileLimits.offersOpen
  for (let n = 0; n < offers; n += 1) await friend.sendFiles({ peer: me, paths: [file] })
  const { id } = await friend.sendFiles({ peer: me, paths: [file] })
  const sent = async () => friend.transfer({ transfer: id })
  await until(async () => (await sent()).state === 'failed', 'the last one is refused')
  assert.equal((await sent()).error?.code, 'rate-limited')
  await page.getByText(/Bob.? offers more files than you have answered/u).waitFor()
  await page.getByRole('log').getByText('Files that were not taken').waitFor()

  await page.keyboard.press('Control+j')
  const cards = page.getByRole('region', { name: 'a.txt' })
  await page.getByRole('button', { name: 'Show older (150)' }).waitFor()
  assert.equal(await cards.count(), 50)
  await page.getByRole('button', { name: 'Show older (150)' }).click()
  await page.getByRole('button', { name: 'Show older (100)' }).waitFor()
  assert.equal(await cards.count(), 100)

  // The other way: the friend takes no offer.
  change(t, fileLimits, { offersOpen: { offers: 0, entries: 0 } })
  await open(window, 'Bob')
  const mine = path.join(home, 'mine.txt')
  writeFileSync(mine, 'mine')
  await drop(window, [mine])
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const card = page.getByRole('log').getByRole('region', { name: 'mine.txt' })
  await card.getByText('Your friend has too many of your files to answer').waitFor()
  assert.deepEqual(window.complaints, [])
})
