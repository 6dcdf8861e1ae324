/** Two windows that are never open at the same time, and a node that restarts in between. */
import assert from 'node:assert/strict'
import { join as joinPath } from 'node:path'
import { after, test } from 'node:test'
import { endDisplay } from '../support/display.ts'
import { HeadlessNode } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import {
  acceptShown,
  introduce,
  inviteShown,
  marked,
  message,
  open,
  say,
  writing,
} from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('what is written to a friend who is away arrives while its writer is away', async (t) => {
  const stage = new Stage(t)
  const node = await new HeadlessNode(stage).start()
  const args = node.addresses.flatMap((address) => ['--node', address])
  const [alice, bob] = await Promise.all(
    ['alice', 'bob'].map((name) => openWindow(t, { profile: joinPath(stage.folder, `window-${name}`), args })),
  )
  assert.ok(alice !== undefined && bob !== undefined)
  await introduce(alice, 'Alice')
  await alice.page.getByRole('button', { name: 'Start talking' }).click()
  await alice.page.keyboard.press('Control+n')
  const link = await inviteShown(alice.page)
  await alice.page.keyboard.press('Escape')
  await introduce(bob, 'Bob')
  await bob.page.getByRole('button', { name: 'Start talking' }).click()
  await bob.page.keyboard.press('Control+n')
  await bob.page.getByRole('tab', { name: 'I have an invite' }).click()
  await bob.page.getByLabel('Invite link, code or handle').fill(link)
  await bob.page.getByRole('button', { name: 'Send request' }).click()
  await alice.page.getByRole('button', { name: /1 friend request/u }).click()
  await acceptShown(alice)
  await until(async () => (await node.figure('quorum_mailboxes')) === 2, 'both can be left something')

  await writing(alice).waitFor()
  await alice.page.getByRole('button', { name: 'Details' }).click()
  await alice.page.getByText('Messages reach them').waitFor()
  await bob.close()
  await alice.page.getByRole('button', { name: 'Connection: Waiting for' }).waitFor()
  await writing(alice).fill('At nine')
  await alice.page.getByText('What you write reaches them when they are back').waitFor()
  await say(alice, 'At nine, at the harbour')
  await marked(alice, 'At nine', 'left for them')
  await alice.close()
  await node.restart()

  const bobAgain = await openWindow(t, { profile: bob.profile, args })
  await open(bobAgain, 'Alice')
  await message(bobAgain, 'At nine, at the harbour').waitFor()
  await say(bobAgain, 'I am there')
  await marked(bobAgain, 'I am there', 'left for them')
  await bobAgain.close()

  const aliceAgain = await openWindow(t, { profile: alice.profile, args })
  await open(aliceAgain, 'Bob')
  await message(aliceAgain, 'I am there').waitFor()
  // Whether it was read is a matter of when the window was closed.
  await message(aliceAgain, 'At nine')
    .getByRole('img', { name: /^(delivered|read)$/u })
    .waitFor()
  assert.deepEqual(
    [alice, bob, bobAgain, aliceAgain].flatMap(({ complaints }) => complaints),
    [],
  )
  await aliceAgain.close()
  await node.stop()
})
