/** The files of a folder that do not arrive: named in both windows' cards, with a reason, and sent again alone. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { drop, windowWithFriend } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'

after(endDisplay)

/** A folder with two files and one whose name is no text. */
function folderIn(home: string, name: string): string {
  const made = join(home, name)
  mkdirSync(made)
  writeFileSync(join(made, 'photo.jpg'), 'a photo')
  writeFileSync(join(made, 'app.log'), 'started')
  writeFileSync(Buffer.concat([Buffer.from(join(made, 'x')), Buffer.from([0xff])]), 'no text')
  return made
}

test('files that do not arrive are listed with a reason; the sender sends them again with a click', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Susan')
  const { page } = window
  const card = (name: string) => page.getByRole('log').getByRole('region', { name })

  // Received: what cannot be offered is listed before anybody accepts, what changed meanwhile after it.
  const theirs = folderIn(home, 'Project')
  await friend.sendFiles({ peer: me, paths: [theirs] })
  await card('Project').getByText('1 file cannot be sent:').waitFor()
  appendFileSync(join(theirs, 'app.log'), ', and went on')
  await card('Project').getByRole('button', { name: 'Accept' }).click()
  await card('Project').getByText('2 files missing:').waitFor()
  const listed = card('Project').locator('.missing')
  await listed
    .getByRole('listitem')
    .filter({ hasText: 'app.log' })
    .getByText(/changed, moved or removed/u)
    .waitFor()
  await listed
    .getByRole('listitem')
    .getByText(/its name is no text/u)
    .waitFor()
  await listed.getByText('Your friend can send them again.').waitFor()
  assert.equal(await listed.getByRole('button').count(), 0)
  assert.equal(readFileSync(join(`${window.profile}-downloads`, 'Project', 'photo.jpg'), 'utf8'), 'a photo')

  // Sent.
  const ours = folderIn(home, 'Album')
  await drop(window, [ours])
  await page.getByRole('listitem').filter({ hasText: 'Album' }).waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const offers = async () => (await friend.transfers({})).filter(({ direction }) => direction === 'in')
  const offered = async (count: number) => {
    await until(async () => (await offers()).length === count, 'it is offered')
    return (await offers()).at(-1) ?? assert.fail('no offer')
  }
  const first = await offered(1)
  appendFileSync(join(ours, 'app.log'), ', and went on')
  const directory = join(home, 'received')
  await friend.acceptTransfer({ transfer: first.id, directory })
  await card('Album').getByText('2 files missing:').waitFor()
  await card('Album').getByRole('button', { name: 'Send these again' }).press('Enter')
  const again = await offered(2)
  assert.deepEqual(
    again.files.map(({ path }) => path),
    ['Album/app.log'],
  )
  await friend.acceptTransfer({ transfer: again.id, directory })
  await card('app.log').getByText('Done').waitFor()
  assert.deepEqual(window.complaints, [])
})
