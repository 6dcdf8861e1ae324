/**
 * Files between two windows: dropped ones with a bar, accepted into the downloads and shown; a chosen folder; declined;
 * a large one paused, its receiver killed, and resumed to the last byte.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { endDisplay } from '../support/display.ts'
import { until } from '../support/network.ts'
import { drop, message, open, say, twoFriends } from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('a file dropped, a folder chosen, one declined, a large one paused, its receiver killed, resumed', async (t) => {
  const { home, alice, bob } = await twoFriends(t)
  let received = `${bob.profile}-downloads`
  const offer = (name: string) => bob.page.getByRole('log').getByRole('region', { name })

  const photo = join(home, 'photo.jpg')
  writeFileSync(photo, randomBytes(300_000))
  await drop(alice, [photo])
  await alice.page.getByText('photo.jpg').waitFor()
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await offer('photo.jpg').getByText('300 kB').waitFor()
  await offer('photo.jpg').getByRole('button', { name: 'Accept' }).click()
  await offer('photo.jpg').getByText('Saved as').waitFor()
  assert.deepEqual(readFileSync(join(received, 'photo.jpg')), readFileSync(photo))
  await alice.page.getByRole('region', { name: 'photo.jpg' }).getByText('Done').waitFor()

  const album = join(home, 'album')
  mkdirSync(join(album, 'inner'), { recursive: true })
  for (const name of ['a.txt', 'b.txt', 'inner/c.txt']) writeFileSync(join(album, name), name)
  await alice.app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, album)
  await alice.page.getByRole('button', { name: 'Send files' }).click()
  await alice.page.getByRole('menuitem', { name: 'Choose a folder…' }).click()
  await alice.page.getByRole('listitem').getByText('album').waitFor()
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await offer('album').getByText('3 files').waitFor()
  await offer('album').getByRole('button', { name: 'Accept' }).click()
  await offer('album').getByText('Saved as').waitFor()
  assert.equal(readFileSync(join(received, 'album', 'inner', 'c.txt'), 'utf8'), 'inner/c.txt')

  // Another folder for later transfers.
  received = join(home, 'elsewhere')
  mkdirSync(received)
  await bob.app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, received)
  await bob.page.keyboard.press('Control+,')
  await bob.page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Storage' }).click()
  await bob.page.getByRole('button', { name: 'Choose another folder…' }).click()
  await bob.page.getByText('They are saved in the folder').getByText('elsewhere').waitFor()
  await open(bob, 'Alice')

  // A folder and a file in one drop.
  const trip = join(home, 'trip')
  mkdirSync(trip)
  writeFileSync(join(trip, 'map.txt'), 'to the harbour')
  writeFileSync(join(home, 'list.txt'), 'bread')
  await drop(alice, [trip, join(home, 'list.txt')])
  await alice.page.getByRole('listitem').filter({ hasText: 'trip' }).getByText('Folder').waitFor()
  await alice.page.getByRole('listitem').getByText('list.txt').waitFor()
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await offer('trip').getByText('2 files').waitFor()
  await offer('trip')
    .getByText(/and 1 more$/u)
    .waitFor()
  const friends = bob.page.getByRole('navigation', { name: 'Friends' })
  await friends.getByRole('button', { name: 'Alice' }).getByText('trip and 1 more').waitFor()
  await offer('trip').getByRole('button', { name: 'Accept' }).click()
  await offer('trip').getByText('Saved in').getByText('elsewhere').waitFor()
  assert.equal(readFileSync(join(received, 'trip', 'map.txt'), 'utf8'), 'to the harbour')
  assert.equal(readFileSync(join(received, 'list.txt'), 'utf8'), 'bread')

  const program = join(home, 'holiday.jpg.exe')
  writeFileSync(program, 'x')
  await drop(alice, [program])
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await offer('holiday.jpg.exe').getByText('can run programs').waitFor()
  await offer('holiday.jpg.exe').getByRole('button', { name: 'Decline' }).click()
  await alice.page.getByRole('region', { name: 'holiday.jpg.exe' }).getByText('Declined').waitFor()
  assert.ok(!existsSync(join(received, 'holiday.jpg.exe')))

  const film = join(home, 'film.mkv')
  writeFileSync(film, randomBytes(200_000_000))
  await drop(alice, [film])
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await offer('film.mkv').getByRole('button', { name: 'Accept' }).click()
  await offer('film.mkv').getByRole('button', { name: 'Pause' }).click()
  await offer('film.mkv').getByText('Paused by you').waitFor()
  await alice.page.getByRole('region', { name: 'film.mkv' }).getByText('Paused by your friend').waitFor()
  bob.app.process().kill('SIGKILL')
  await bob.close()
  await alice.page.getByRole('button', { name: 'Connection: Waiting for' }).waitFor()
  // Offered while he is away, and shown at once.
  writeFileSync(join(home, 'ticket.txt'), 'Lyon')
  await drop(alice, [join(home, 'ticket.txt')])
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await alice.page.getByRole('region', { name: 'ticket.txt' }).getByText('They can answer when they are back').waitFor()
  const again = await openWindow(t, { profile: bob.profile })
  await open(again, 'Alice')
  const film2 = again.page.getByRole('log').getByRole('region', { name: 'film.mkv' })
  await film2.getByRole('button', { name: 'Resume' }).click()
  await film2.getByText('Saved as').waitFor()
  assert.ok(readFileSync(join(received, 'film.mkv')).equals(readFileSync(film)))

  await again.page.keyboard.press('Control+j')
  await again.page.getByRole('heading', { name: 'Files' }).waitFor()
  await until(async () => (await again.page.getByRole('main').getByRole('region').count()) === 6, 'all six are listed')
  await again.page.getByRole('main').getByRole('button', { name: 'Close' }).click()
  await say(again, 'Thank you')
  await message(alice, 'Thank you').waitFor()
  assert.deepEqual([...alice.complaints, ...again.complaints], [])
})
