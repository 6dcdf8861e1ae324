/** Actions of people in the window, found by the visible text: first run, inviting, accepting, writing. */
import assert from 'node:assert/strict'
import { join as joinPath } from 'node:path'
import type { TestContext } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { folder } from './cleanup.ts'
import { startNode, startPeer, until } from './network.ts'
import type { TestPeer } from './network.ts'
import { openWindow } from './window.ts'
import type { Window } from './window.ts'

/** Types a name, and continues. */
export async function introduce({ page }: Pick<Window, 'page'>, name: string): Promise<void> {
  await page.getByLabel('What do your friends call you?').fill(name)
  await page.keyboard.press('Enter')
}

/** Runs a node here, and returns the invite that is shown then. */
async function runHere({ page }: Pick<Window, 'page'>): Promise<string> {
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('heading', { name: 'Invite a friend' }).waitFor()
  return inviteShown(page)
}

/** The link, once there is a node to include in it. */
export async function inviteShown(page: Page): Promise<string> {
  await page.getByText('no node is connected').waitFor({ state: 'detached' })
  const line = page.getByText(/^quorum:\/\/add\//u)
  await line.waitFor()
  return (await line.textContent()) ?? assert.fail('no link is shown')
}

/** Joins with an invite in the first run. */
export async function join({ page }: Pick<Window, 'page'>, link: string): Promise<void> {
  await page.getByLabel('Invite link or code').fill(link)
  await page.getByRole('button', { name: 'Join with the invite' }).click()
  await page.getByText('Request sent to').waitFor()
}

/** Accepts the only request; a first run shows it by itself. */
export async function acceptShown({ page }: Pick<Window, 'page'>): Promise<void> {
  await page.getByRole('button', { name: 'Accept', exact: true }).click()
}

/** Opens a conversation from the list. */
export async function open({ page }: Pick<Window, 'page'>, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Friends' }).getByRole('button', { name }).click()
  await writing({ page }).waitFor()
}

export function writing({ page }: Pick<Window, 'page'>): Locator {
  return page.getByRole('textbox', { name: /^Message to/u })
}

export async function say(window: Pick<Window, 'page'>, text: string): Promise<void> {
  await writing(window).fill(text)
  await writing(window).press('Enter')
}

/** One message on the screen. */
export function message({ page }: Pick<Window, 'page'>, text: string): Locator {
  return page.getByRole('log').getByRole('article').filter({ hasText: text })
}

/** Waits until a sent message has this mark. */
export async function marked(
  window: Window,
  text: string,
  mark: 'waiting' | 'sent' | 'left for them' | 'delivered' | 'read',
): Promise<void> {
  await message(window, text).getByRole('img', { name: mark }).waitFor()
}

/** Pastes something that is neither text nor a picture, nor a file of the disk. */
export async function pasteUnusable({ page }: Pick<Window, 'page'>): Promise<void> {
  await page.evaluate(`(() => {
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File(['?'], 'design.bin', { type: 'application/octet-stream' }))
    const target = document.querySelector('textarea')
    target.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  })()`)
}

/**
 * Drags files and folders from the disk into the conversation and drops them, by the browser's own events, as from a
 * file manager.
 */
export async function drop({ page }: Pick<Window, 'page'>, paths: string[]): Promise<void> {
  const box = (await page.getByRole('log').boundingBox()) ?? assert.fail('no conversation is open')
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  const session = await page.context().newCDPSession(page)
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', {
      type,
      ...at,
      data: { items: [], files: paths, dragOperationsMask: 1 },
    })
  }
  await session.detach()
}

/** Two windows that are friends, and where their profiles are. */
export async function twoFriends(t: TestContext): Promise<{ home: string; alice: Window; bob: Window }> {
  const opened = await twoWindows(t)
  await befriend(opened.alice, opened.bob)
  await writing(opened.alice).waitFor()
  return opened
}

/** Two windows that were never opened before, of the checkout or of `program`. */
export async function twoWindows(
  t: TestContext,
  program?: string,
): Promise<{ home: string; alice: Window; bob: Window }> {
  const home = folder(t)
  const [alice, bob] = await Promise.all([
    openWindow(t, { profile: joinPath(home, 'alice'), program }),
    openWindow(t, { profile: joinPath(home, 'bob'), program }),
  ])
  return { home, alice, bob }
}

/** Two windows on their first run become friends through a node that the first one runs. */
export async function befriend(alice: Window, bob: Window): Promise<void> {
  await introduce(alice, 'Alice')
  const link = await runHere(alice)
  await introduce(bob, 'Bob')
  await join(bob, link)
  await acceptShown(alice)
  await open(bob, 'Alice')
}

/** A window whose owner has one friend, who asked with a note. The friend and the node run in this process. */
export async function windowWithFriend(
  t: TestContext,
  home: string,
  name: string,
  {
    note = 'Hello',
    shown = note,
    env = {},
  }: { note?: string; shown?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<{ window: Window; friend: TestPeer; me: string; node: string; link: string }> {
  const node = (await startNode(t)).addresses()[0] ?? assert.fail('no address')
  const window = await openWindow(t, { profile: joinPath(home, 'me'), args: ['--node', node], env })
  const { page } = window
  await introduce(window, 'Me')
  await page.getByRole('button', { name: 'Start talking' }).click()
  await page.keyboard.press('Control+n')
  const link = await inviteShown(page)
  await page.keyboard.press('Escape')
  const friend = await startPeer(t, { nodes: [node], name })
  await friend.requestFriend({ to: link, note })
  await page.getByRole('button', { name: /1 friend request/u }).click()
  await page.getByText(shown).waitFor()
  await acceptShown(window)
  await writing(window).waitFor()
  await until(async () => (await friend.friends())[0]?.online === true, 'they are connected')
  const me = (await friend.friends())[0]?.peer ?? assert.fail('no friend')
  return { window, friend, me, node, link }
}
