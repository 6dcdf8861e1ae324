/**
 * Hostile 80: a page whose process runs an attacker's code makes every call that its ports and the preload script
 * accept. What leads out of Quorum, cannot be undone or protects less is asked by the main process, and Cancel leaves
 * everything as it was. Files that nobody gave to the page are not sent.
 */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { CallResults, Friend } from '../../protocol/index.ts'
import type { Preferences } from '../../desktop/ipc/contract.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { hasMemory, needsMemory, rewrite } from '../support/memory-scan.ts'
import { drop, message, windowWithFriend } from '../support/people-at-windows.ts'
import { answerQuestions } from '../support/questions.ts'
import { takeOver } from '../support/taken-over.ts'
import { until } from '../support/until.ts'

after(endDisplay)

test('hostile 80: links, erasing, privacy, the passphrase, trust and nodes are asked by the main process', async (t) => {
  const { window, friend } = await windowWithFriend(t, folder(t), 'Susan')
  const { app, page, profile } = window
  await app.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = (url) => {
      opened.push(url)
      return Promise.resolve()
    }
  })
  const opened = (): Promise<string[]> => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened)
  const call = await takeOver(page)
  const privacy = async () => ((await call('peer', 'self')).result as CallResults['self']).privacy
  const susan = async () => ((await call('peer', 'friends')).result as Friend[]).find(({ peer }) => peer === friend.id)
  const lockAfter = async () => ((await call('main', 'setPreferences')).result as Preferences).lockAfter
  const stricter = { direct: 'never', lan: false, upnp: false, readReceipts: false, typingMarks: false }
  const weaker = { direct: 'only', lan: true, upnp: true, mdns: true, readReceipts: true, typingMarks: true }
  const node = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

  await t.test('on its own port to the peer process it has none of these calls', async () => {
    for (const [name, params] of [
      ['setPrivacy', weaker],
      ['verifyFriend', { peer: friend.id, verified: true }],
      ['addNode', { address: node }],
      ['setPassphrase', { next: 'only the attacker knows it' }],
      ['permitPassphrase', { change: 'set' }],
      ['erase', {}],
      ['forgetMe', { node }],
      ['sendFiles', { peer: friend.id, paths: ['/etc/passwd'] }],
    ] as const) {
      assert.equal((await call('peer', name, params)).error?.code, 'bad-request', name)
    }
  })

  await t.test('what protects more is not asked', async () => {
    const asked = await answerQuestions(window, 'no such button')
    await call('main', 'setPrivacy', stricter)
    assert.deepEqual(await privacy(), { ...stricter, mdns: false })
    await call('main', 'setPreferences', { lockAfter: 5, notifications: 'none' })
    assert.equal(await lockAfter(), 5)
    assert.deepEqual(await asked(), [])
  })

  await t.test('cancelled, nothing is done', async () => {
    const asked = await answerQuestions(window, 'no such button')
    await call('main', 'openLink', { url: 'https://example.org/?secret' })
    await call('main', 'setPrivacy', weaker)
    for (const patch of [{ lockAfter: 0 }, { lockAfter: 15 }, { notifications: 'full' }]) {
      await call('main', 'setPreferences', patch)
    }
    await call('main', 'verifyFriend', { peer: friend.id, verified: true })
    await call('main', 'addNode', { address: node })
    await call('main', 'runNode')
    assert.equal((await call('main', 'confirmPassphrase', { change: 'set' })).result, false)
    assert.equal(
      (await call('peer', 'setPassphrase', { next: 'only the attacker knows it' })).error?.code,
      'bad-request',
    )
    await call('main', 'erase')
    const questions = await asked()
    assert.deepEqual(
      questions.map(({ message }) => message),
      [
        'Open this link?',
        ...Array.from({ length: 4 }, () => 'Protect less than before?'),
        'Does \u2068Susan\u2069 see the same digits?',
        'Use this node?',
        'Run a node for my friends',
        'Use this passphrase from now on?',
        'Erase everything?',
      ],
    )
    for (const { buttons, defaultId, cancelId } of questions) {
      assert.deepEqual([buttons[0], defaultId, cancelId], ['Cancel', 0, 0], 'Enter and Escape cancel')
    }
    assert.deepEqual(await opened(), [])
    assert.deepEqual(await privacy(), { ...stricter, mdns: false })
    assert.equal(await lockAfter(), 5)
    assert.equal((await susan())?.verified, false)
    const { nodes } = (await call('peer', 'self')).result as CallResults['self']
    assert.equal(nodes.length, 1)
    assert.deepEqual((await call('peer', 'status')).result, { state: 'open', guarded: false })
    assert.ok(existsSync(join(profile, 'store.db')))
  })

  await t.test('only one is asked at a time: the others are cancelled', async () => {
    await app.evaluate(({ dialog }) => {
      const waiting = Promise.withResolvers<{ response: number; checkboxChecked: boolean }>()
      const shown: unknown[] = []
      Object.assign(globalThis, { waiting, shown })
      dialog.showMessageBox = (...given: unknown[]) => {
        shown.push(given)
        return waiting.promise
      }
    })
    const first = call('main', 'openLink', { url: 'https://example.org/first' })
    for (let n = 0; n < 5; n++) await call('main', 'openLink', { url: 'https://example.org/more' })
    const shown = await app.evaluate(() => {
      const { waiting, shown } = globalThis as unknown as { waiting: PromiseWithResolvers<object>; shown: unknown[] }
      waiting.resolve({ response: 2, checkboxChecked: false })
      return shown.length
    })
    await first
    assert.equal(shown, 1)
    assert.deepEqual(await opened(), ['https://example.org/first'])
  })

  await t.test('confirmed, it is done, once', async () => {
    await answerQuestions(window, 'Open')
    await call('main', 'openLink', { url: 'https://example.org/menu' })
    assert.deepEqual((await opened()).slice(1), ['https://example.org/menu'])
    await answerQuestions(window, 'They match: mark as verified')
    await call('main', 'verifyFriend', { peer: friend.id, verified: true })
    assert.equal((await susan())?.verified, true)
    const asked = await answerQuestions(window, 'Change it')
    await call('main', 'setPrivacy', weaker)
    assert.deepEqual(await privacy(), weaker)
    const [question] = await asked()
    for (const line of ['All friends, never through nodes', 'Ask the router', 'Tell friends when I am writing']) {
      assert.ok(question?.detail.includes(line), `${line} is in ${question?.detail}`)
    }
    await answerQuestions(window, 'Use passphrase')
    assert.equal((await call('main', 'confirmPassphrase', { change: 'set' })).result, true)
    assert.equal((await call('peer', 'setPassphrase', {})).error?.code, 'bad-request', 'removing was not confirmed')
    assert.equal((await call('peer', 'setPassphrase', { next: 'x' })).error?.code, 'bad-request', 'that used it up')
  })
})

test('a question ends with the page that caused it', async (t) => {
  const { window, friend, me } = await windowWithFriend(t, folder(t), 'Susan')
  const { app } = window
  await friend.sendMessage({ peer: me, text: 'https://example.org/menu' })
  await app.evaluate(({ dialog }) => {
    const real = dialog.showMessageBox as (...given: unknown[]) => Promise<{ response: number }>
    const seen: { shown: number; answers: number[] } = { shown: 0, answers: [] }
    Object.assign(globalThis, { seen })
    dialog.showMessageBox = (async (...given: unknown[]) => {
      seen.shown += 1
      const answer = await real(...given)
      seen.answers.push(answer.response)
      return answer
    }) as typeof dialog.showMessageBox
  })
  const seen = () => app.evaluate(() => (globalThis as unknown as { seen: { shown: number; answers: number[] } }).seen)
  await message(window, 'example.org').getByRole('link').click()
  await until(async () => (await seen()).shown === 1, 'the system shows the question')
  assert.deepEqual((await seen()).answers, [])
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer())
  await until(async () => (await seen()).answers.length === 1, 'it is closed')
  assert.deepEqual((await seen()).answers, [0], 'as if it was cancelled')
})

test(
  'hostile 80: a path that the page invents, in its own memory, ends the page and is not staged',
  needsMemory,
  async (t) => {
    const home = folder(t)
    const { window } = await windowWithFriend(t, home, 'Susan')
    const { app, page } = window
    writeFileSync(join(home, 'given-to-quorum.txt'), 'for Susan')
    writeFileSync(join(home, 'never-given-out.txt'), 'for nobody')
    await page.evaluate(
      `addEventListener('drop', ({ dataTransfer }) => { window.dropped = [...dataTransfer.files] }, true)`,
    )
    await drop(window, [join(home, 'given-to-quorum.txt')])
    await page.getByText('given-to-quorum.txt').waitFor()
    const stage = 'window.quorum.stage(window.dropped).then(({ staged }) => staged.map(({ name }) => name))'
    assert.deepEqual(await page.evaluate(stage), ['given-to-quorum.txt'])
    const pid = await app.evaluate(
      ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0,
    )
    assert.ok(rewrite(pid, 'given-to-quorum', 'never-given-out') > 0, 'the path is in the memory of the page')
    await assert.rejects(page.evaluate(stage), /crash/u)
    await until(() => !hasMemory(pid), 'the process of the page has ended')
  },
)
