/**
 * Pictures that are files nowhere: pasted from the clipboard, they are staged with a preview, sent whole, and removed
 * from the disk when nothing needs them. What cannot be pasted is said.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { open, pasteUnusable, windowWithFriend, writing } from '../support/people-at-windows.ts'
import { html, png } from '../support/pictures.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'

after(endDisplay)

/**
 * Puts a picture into the clipboard, as a program for screenshots does, and `text` beside it if there is any. Electron
 * 42 has its own function for that, later versions have the one of the web.
 */
async function copyPicture({ app }: Window, text = ''): Promise<void> {
  await app.evaluate(
    async ({ clipboard, nativeImage }, [picture = '', beside]) => {
      const write = clipboard.write.bind(clipboard) as unknown as (content: object) => Promise<void> | undefined
      const { ClipboardItem: Item } = globalThis as { ClipboardItem?: new (content: object) => object }
      if (Item === undefined) {
        const image = nativeImage.createFromBuffer(Buffer.from(picture, 'base64'))
        return write(beside === '' ? { image } : { image, text: beside })
      }
      const image = new Blob([Buffer.from(picture, 'base64')], { type: 'image/png' })
      return write([new Item({ 'image/png': image, ...(beside === '' ? {} : { 'text/plain': beside }) })])
    },
    [png(40, 30).toString('base64'), text],
  )
}

test('a picture of the clipboard is pasted, shown, sent and removed; what cannot be pasted is said', async (t) => {
  const { window, friend, node } = await windowWithFriend(t, folder(t), 'Susan')
  const { page, profile } = window
  const stored = (): string[] => globSync('pasted/*/*', { cwd: profile }).map((file) => join(profile, file))
  const chips = page.locator('.staged').getByRole('listitem')
  const paste = async (): Promise<void> => {
    await writing(window).click()
    await page.keyboard.press('Control+v')
  }

  await copyPicture(window)
  await paste()
  await chips.waitFor()
  assert.match((await chips.textContent()) ?? '', /^Picture \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png/u)
  const drawn = () =>
    chips.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)
  await until(async () => (await drawn()) === 40, 'the chip shows the picture')
  assert.deepEqual(
    stored().map((file) => statSync(file).mode & 0o777),
    [0o600],
  )
  await chips.getByRole('button', { name: /^Cancel/u }).click()
  await until(() => stored().length === 0, 'the picture is removed with its chip')

  await paste()
  await chips.waitFor()
  const [sent = ''] = stored()
  const bytes = readFileSync(sent)
  await page.keyboard.press('Enter')
  const offers = async () => (await friend.transfers({})).filter(({ direction }) => direction === 'in')
  await until(async () => (await offers()).length === 1, 'the picture is offered')
  assert.equal(await chips.count(), 0)

  await copyPicture(window, 'a table')
  await paste()
  assert.equal(await writing(window).inputValue(), 'a table', 'the text is meant, not the picture of it')
  await writing(window).fill('')
  assert.equal(stored().length, 1)

  await pasteUnusable(window)
  await page.getByText('Save it as a file first').waitFor()
  const staged = (type: string, content: string): Promise<unknown> =>
    page.evaluate(`window.quorum.stage([new File([${JSON.stringify(content)}], 'x.png', { type: '${type}' })])`)
  assert.deepEqual(await staged('image/png', html), { staged: [] }, 'only a picture is written to the disk')

  // One is in a draft that was never sent, the other one waits for Susan.
  await copyPicture(window)
  await paste()
  await chips.waitFor()
  assert.equal(stored().length, 2)
  await window.close()
  assert.deepEqual(stored(), [sent], 'what was not sent is removed')
  const again = await openWindow(t, { profile, args: ['--node', node] })
  await open(again, 'Susan')
  const id = (await offers())[0]?.id ?? ''
  const directory = folder(t)
  await friend.acceptTransfer({ transfer: id, directory })
  await until(async () => (await offers())[0]?.state === 'done', 'Susan has it')
  const [received = ''] = globSync('*.png', { cwd: directory })
  assert.ok(readFileSync(join(directory, received)).equals(bytes))
  await until(() => stored().length === 0, 'the picture is removed after it was sent')
})
