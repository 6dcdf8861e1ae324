/** "Drop here" is shown while files are held over the conversation, and never after that. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { message, windowWithFriend } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'

after(endDisplay)

test('the place to drop disappears when the files leave, also while messages arrive under them', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Susan')
  const { page } = window
  const file = join(home, 'a.txt')
  writeFileSync(file, 'a')
  const here = page.getByText('Drop here to send to')
  const session = await page.context().newCDPSession(page)
  const drag = (type: 'dragEnter' | 'dragOver' | 'dragCancel', x: number, y: number): Promise<unknown> =>
    session.send('Input.dispatchDragEvent', {
      type,
      x,
      y,
      data: { items: [], files: [file], dragOperationsMask: 1 },
    })
  let sent = 0
  /** So many that the row under the files is no longer rendered. */
  const receive = async (): Promise<void> => {
    for (let n = 0; n < 60; n++) await friend.sendMessage({ peer: me, text: `line ${++sent}` })
    await message(window, `line ${sent}`).last().waitFor()
  }
  await receive()
  const box = (await page.getByRole('log').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  const [left, middle] = [box.x + 60, box.y + box.height / 2]

  await drag('dragEnter', left, middle)
  await drag('dragOver', left, middle + 5)
  await here.waitFor()
  await receive()
  await drag('dragOver', left, middle + 10)
  await here.waitFor()
  await drag('dragOver', 100, middle)
  await here.waitFor({ state: 'detached' })

  // It leaves the window from a row that has just disappeared: there is no event for that.
  await drag('dragOver', left, middle)
  await here.waitFor()
  await page.evaluate(
    `document.querySelector('.drop-here').addEventListener('dragleave', (e) => e.stopImmediatePropagation(), true)`,
  )
  await drag('dragCancel', left, middle)
  await page.mouse.move(left + 20, middle)
  await until(async () => (await here.count()) === 0, 'the pointer is back')
  await session.detach()
})
