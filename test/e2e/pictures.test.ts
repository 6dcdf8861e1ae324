/**
 * Hostile 59 on the running app: received pictures are shown once they are complete, one opens large and Escape closes
 * it; a false picture is shown as a placeholder of the same size. Nothing in it runs, and no path is requested.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { until } from '../support/network.ts'
import { windowWithFriend } from '../support/people-at-windows.ts'
import { gif, html, png, svg } from '../support/pictures.ts'

after(endDisplay)

test('hostile 59: pictures only after receipt; a bomb, SVG, HTML and partial pictures become a placeholder', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Susan')
  const { page } = window
  /** As the window's own encoder makes them. */
  const encoded = async (type: string): Promise<Buffer> => {
    const url = (await page.evaluate(`(() => {
      const canvas = document.createElement('canvas')
      canvas.width = 320
      canvas.height = 200
      const context = canvas.getContext('2d')
      context.fillStyle = 'teal'
      context.fillRect(20, 20, 280, 160)
      return canvas.toDataURL('${type}')
    })()`)) as string
    return Buffer.from(url.split(',')[1] ?? '', 'base64')
  }
  const offered = async (name: string, bytes: Buffer | string): Promise<Locator> => {
    const file = join(home, name)
    writeFileSync(file, bytes)
    await friend.sendFiles({ peer: me, paths: [file] })
    const card = page.getByRole('log').getByRole('region', { name })
    await card.getByRole('button', { name: 'Accept' }).waitFor()
    return card
  }
  const accept = async (card: Locator): Promise<void> => {
    await card.getByRole('button', { name: 'Accept' }).click()
    await card.getByText('Saved as').waitFor()
  }
  const drawn = (card: Locator): Promise<boolean> =>
    card.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth > 0)

  const good = {
    'view.png': png(320, 200),
    'view.jpg': await encoded('image/jpeg'),
    'view.webp': await encoded('image/webp'),
    'view.gif': gif([3, 3]),
    'more.png': Buffer.concat([png(320, 200), Buffer.from(html)]),
  }
  for (const [name, bytes] of Object.entries(good)) {
    const card = await offered(name, bytes)
    assert.equal(await card.locator('.picture').count(), 0, 'nothing is drawn of an offer')
    await accept(card)
    await card.getByRole('img', { name }).waitFor()
    await until(() => drawn(card), `${name} is drawn`)
  }

  const card = page.getByRole('log').getByRole('region', { name: 'more.png' })
  const place = await card.locator('.picture').boundingBox()
  await card.getByRole('button', { name: /^Show larger/u }).click()
  const large = page.getByRole('dialog', { name: 'more.png' })
  await large.getByRole('img', { name: 'more.png' }).waitFor()
  await page.keyboard.press('Escape')
  await large.waitFor({ state: 'detached' })

  const bad = {
    'drawing.png': svg,
    'page.gif': html,
    'bomb.png': png(60_000, 60_000, { pixels: false }),
    'half.jpg': good['view.jpg'].subarray(0, 400),
    // Complete, but with an invalid bit depth.
    'broken.png': Buffer.from(good['view.png']).fill(77, 24, 25),
    'bomb.gif': gif([65_535, 65_535], { frames: 50 }),
    'frames.gif': gif([1, 1], { frame: [65_000, 65_000] }),
  }
  for (const [name, bytes] of Object.entries(bad)) {
    const card = await offered(name, bytes)
    await accept(card)
    await card.getByText('No preview').waitFor()
    assert.equal(await card.locator('img').count(), 0, name)
    assert.equal(
      (await card.locator('.picture').boundingBox())?.height,
      place?.height,
      'the placeholder has the same height',
    )
  }
  const drawing = await offered('drawing.svg', svg)
  await accept(drawing)
  assert.equal(await drawing.locator('.picture').count(), 0)

  const album = join(home, 'album')
  mkdirSync(join(album, 'inner'), { recursive: true })
  for (const name of ['a.png', 'inner/b.png', 'notes.txt']) writeFileSync(join(album, name), good['view.png'])
  await friend.sendFiles({ peer: me, paths: [album] })
  const folderCard = page.getByRole('log').getByRole('region', { name: 'album' })
  await accept(folderCard)
  for (const name of ['a.png', 'b.png']) await folderCard.getByRole('img', { name }).waitFor()
  await until(async () => (await folderCard.locator('img').count()) === 2, 'both pictures are drawn, the text is not')

  const { transfer, asked, hacked } = (await page.evaluate(`(async () => {
    const [, , transfer] = new URL(document.querySelector('.picture img').src).pathname.split('/')
    const load = (src) => new Promise((resolve) => {
      const image = new Image()
      image.onload = () => resolve('drawn')
      image.onerror = () => resolve('no')
      image.src = src
    })
    const asked = {}
    const names = [transfer + '/9', transfer + '/-1', transfer + '/0/..', '../index.html', 'etc/passwd', '%2e%2e/0', 'file:///etc/passwd']
    for (const name of names) asked[name] = await load('/picture/' + name)
    asked.data = await load('data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA7')
    asked.fetched = await fetch('/picture/' + transfer + '/0').then(() => 'yes', () => 'no')
    return { transfer, asked, hacked: window.hacked ?? 0 }
  })()`)) as { transfer: string; asked: Record<string, string>; hacked: number }
  assert.match(transfer, /^[0-9a-f-]{36}$/u)
  assert.deepEqual(new Set(Object.values(asked)), new Set(['no']))
  assert.equal(hacked, 0)
  // Only refused content is reported on the console.
  assert.deepEqual(
    window.complaints.filter((line) => !/Content Security Policy|violates/u.test(line)),
    [],
  )
})
