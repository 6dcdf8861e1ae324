/**
 * Faults during a conversation of two windows: their node is killed and restarts, the peer's process is killed, Quorum
 * is opened twice, a link opens it, the profile is locked. The screen reports each, and nothing is lost.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { folder, stageOwner } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { Stage } from '../support/line-process.ts'
import type { LineProcess } from '../support/line-process.ts'
import { until } from '../support/network.ts'
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
import { answerQuestions, askedOnce } from '../support/questions.ts'
import { hasMemory, processTree, roleOf } from '../support/memory-scan.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'
import { portOf } from '../support/addresses.ts'

after(endDisplay)

test('node killed and back, peer process killed, opened twice, by a link, locked and unlocked', async (t) => {
  const stage = new Stage(stageOwner(t))
  const home = folder(t)
  let node = stage.start('node', nodeArgs(home, 0))
  const address = await ready(node)
  const [alice, bob] = await Promise.all([
    openWindow(t, { profile: join(home, 'alice'), args: ['--node', address] }),
    openWindow(t, { profile: join(home, 'bob'), args: ['--node', address] }),
  ])
  await introduce(alice, 'Alice')
  const link = await inviteShown(alice.page)
  await introduce(bob, 'Bob')
  // With a node from the start the first run has no second step: the invite is used from the list.
  await bob.page.getByRole('button', { name: 'Start talking' }).click()
  await again(t, bob, link)
  await bob.page.getByText('Nothing is sent until you confirm.').waitFor()
  await bob.page.getByText(/asks .?Alice.? to be your friend/u).waitFor()
  await bob.page.getByRole('button', { name: 'Send request' }).click()
  await acceptShown(alice)
  await writing(bob).waitFor()
  await say(bob, 'Hello')
  await message(alice, 'Hello').waitFor()
  await marked(bob, 'Hello', 'read')

  await t.test(
    'the node is killed: shown with the time; the direct conversation continues; restarted: the banner is gone',
    async () => {
      node.kill9()
      await node.ended
      const banner = alice.page.getByText(/No node has been reachable since/u)
      await banner.waitFor()
      await alice.page
        .getByRole('navigation')
        .getByText('Cannot be reached')
        .or(alice.page.getByText('Connecting…'))
        .first()
        .waitFor()
      await say(alice, 'Still here?')
      await marked(alice, 'Still here?', 'read')
      node = stage.start('node', nodeArgs(home, portOf(address)))
      await ready(node)
      await banner.waitFor({ state: 'detached' })
    },
  )

  await t.test('the peer process is killed: shown, restarted, nothing lost', async () => {
    const [pid] = peerProcesses(alice)
    assert.ok(pid !== undefined, 'there is a peer process')
    await alice.page.keyboard.press('Control+n')
    const dialog = alice.page.getByRole('dialog')
    await dialog.waitFor()
    process.kill(pid, 'SIGKILL')
    await alice.page.getByText('has stopped and is restarting').waitFor()
    // Within it: what is outside a dialog lies below it.
    await dialog.getByText('It is running again. Nothing was lost.').waitFor()
    await alice.page.keyboard.press('Escape')
    await message(alice, 'Still here?').waitFor()
    await say(alice, 'Back again')
    await marked(alice, 'Back again', 'read')
    assert.notDeepEqual(peerProcesses(alice), [pid])
  })

  await t.test('a second Quorum on the same profile exits and brings the first one to the front', async () => {
    await bob.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    assert.equal(await again(t, bob), 0)
    await until(
      () => bob.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false),
      'the first window is shown',
    )
  })

  await t.test(
    'a new passphrase locks it, and so do sleep and the lock of the screen; locked it shows nothing, a wrong one does not unlock it, the right one does',
    async () => {
      const { page } = bob
      await page.keyboard.press('Control+,')
      await page.getByRole('button', { name: 'Privacy' }).click()
      await page.getByLabel('New passphrase', { exact: true }).fill('correct horse')
      await page.getByLabel('Repeat new passphrase').fill('correct horse')
      const asked = await answerQuestions(bob, 'Use passphrase')
      await page.getByRole('button', { name: 'Set passphrase' }).click()
      await page.getByRole('heading', { name: 'Quorum is locked' }).waitFor()
      await askedOnce(asked, 'Use this passphrase from now on?')
      await page.getByLabel('Passphrase').fill('correct horse')
      await page.keyboard.press('Enter')
      await open(bob, 'Alice')
      for (const event of ['suspend', 'lock-screen'] as const) {
        await bob.app.evaluate(({ powerMonitor }, name) => powerMonitor.emit(name), event)
        await page.getByRole('heading', { name: 'Quorum is locked' }).waitFor()
        await page.getByLabel('Passphrase').fill('correct horse')
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { name: 'Choose a conversation' }).waitFor()
        await until(() => page.evaluate(`document.activeElement !== document.body`), 'something has the focus')
        await open(bob, 'Alice')
      }
      await page.keyboard.press('Control+,')
      await page.getByRole('button', { name: 'Privacy' }).click()
      await page.getByRole('button', { name: 'Lock now' }).click()
      await page.getByRole('heading', { name: 'Quorum is locked' }).waitFor()
      assert.equal((await page.textContent('body'))?.includes('Alice'), false)
      await page.getByLabel('Passphrase').fill('wrong')
      await page.keyboard.press('Enter')
      await page.getByText('Wrong passphrase.').waitFor()
      await page.getByLabel('Passphrase').fill('correct horse')
      await page.keyboard.press('Enter')
      await open(bob, 'Alice')
      await message(bob, 'Back again').waitFor()
      await page.keyboard.press('Control+,')
      await page.getByRole('button', { name: 'Privacy' }).click()
      await answerQuestions(bob, 'Remove passphrase')
      await page.getByLabel('Current passphrase').fill('wrong')
      await page.getByRole('button', { name: 'Remove passphrase' }).click()
      await page.getByText('Wrong passphrase.').waitFor()
      await page.getByLabel('Current passphrase').fill('correct horse')
      await page.getByRole('button', { name: 'Remove passphrase' }).click()
      // The page that knew the passphrase is replaced.
      await page.getByRole('heading', { name: 'Choose a conversation' }).waitFor()
      await open(bob, 'Alice')
      await message(bob, 'Back again').waitFor()
    },
  )

  await t.test(
    'erase everything: only after the word is typed; then Quorum has ended and the profile is removed',
    async () => {
      const { page } = alice
      await page.keyboard.press('Control+,')
      await page.getByRole('button', { name: 'Storage' }).click()
      await page.getByRole('button', { name: 'Erase everything…' }).click()
      const erase = page.getByRole('button', { name: 'Erase and quit' })
      assert.equal(await erase.isDisabled(), true)
      await page.keyboard.type('erase')
      const processes = processTree(alice.app.process().pid ?? 0)
      const ended = new Promise((resolve) => alice.app.process().once('exit', resolve))
      const asked = await answerQuestions(alice, 'no such button')
      await erase.click()
      assert.equal((await askedOnce(asked, 'Erase everything?')).defaultId, 0)
      await answerQuestions(alice, 'Erase and quit')
      await erase.click()
      await ended
      assert.ok(processes.length > 2)
      await until(() => !processes.some(hasMemory), 'no process keeps anything in its memory')
      assert.deepEqual(globSync('store.*', { cwd: alice.profile }), [])
    },
  )
  assert.deepEqual([...alice.complaints, ...bob.complaints], [])
})

function nodeArgs(home: string, port: number): string[] {
  return ['--data', join(home, 'node'), '--listen', `/ip4/127.0.0.1/tcp/${port}`, '--http', '127.0.0.1:0']
}

/** The address in the node's first line. */
async function ready(node: LineProcess): Promise<string> {
  await until(() => node.lines.length > 0, 'the node is ready')
  const { data } = JSON.parse(node.lines[0] ?? '') as { data: { addresses: string[] } }
  return data.addresses[0] ?? assert.fail('the node has no address')
}

/** Starts Quorum on a profile that has a window already; returns its exit code. */
async function again(t: TestContext, first: Window, link?: string): Promise<number> {
  const running = first.app.process()
  const argv = running.spawnargs
    .slice(1)
    .filter((arg) => !/^(?:--inspect|--remote-debugging|-r$|.*loader\.js$)/u.test(arg))
  const env = { ...process.env, DISPLAY: await first.app.evaluate(() => process.env['DISPLAY'] ?? '') }
  const child = spawn(running.spawnfile, [...argv, ...(link === undefined ? [] : [link])], { env, stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? -1)))
}

/** Process ids of the peers that belong to a window. */
function peerProcesses({ app }: Window): number[] {
  return processTree(app.process().pid ?? 0).filter((pid) => roleOf(pid) === 'peer')
}
