/**
 * Hostile 55-58 on the running app: the limits of a page, the effect of a peer's text, the answers to a compromised
 * page, and the actions that a link can start.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { callParams } from '../../protocol/api/calls.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { until } from '../support/network.ts'
import { introduce, message, windowWithFriend } from '../support/people-at-windows.ts'
import { hostileTexts } from '../support/hostile-texts.ts'
import { answerQuestions, askedOnce } from '../support/questions.ts'
import { random } from '../support/random.ts'
import { takeOver } from '../support/taken-over.ts'
import type { Answer } from '../support/taken-over.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)

test('the page is confined: policy, sandbox, isolation, navigation, windows, permissions, network', async (t) => {
  const window = await openWindow(t, { profile: join(folder(t), 'me') })
  const { app, page } = window
  await page.getByLabel('What do your friends call you?').waitFor()
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const [one] = BrowserWindow.getAllWindows()
    // Not in Electron's types, but the only way to read the effective settings.
    const contents = one?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
    return contents.getLastWebPreferences()
  })
  assert.equal(preferences['sandbox'], true)
  assert.equal(preferences['contextIsolation'], true)
  assert.equal(preferences['nodeIntegration'], false)
  assert.equal(preferences['webviewTag'], false)
  assert.notEqual(preferences['webSecurity'], false)

  const url = page.url()
  assert.match(url, /^app:\/\/quorum\//u)
  const seen = (await page.evaluate(`(async () => {
    const tried = {}
    tried.node = [typeof require, typeof process, typeof module, typeof Buffer].join()
    tried.bridge = Object.keys(window.quorum).join()
    tried.opened = window.open('https://example.org/') === null
    tried.fetched = await fetch('https://127.0.0.1:9/').then(() => 'yes', () => 'no')
    tried.file = await fetch('file:///etc/passwd').then(() => 'yes', () => 'no')
    tried.outside = await fetch('app://quorum/../../../package.json').then((got) => got.status, () => 'no')
    tried.socket = await new Promise((resolve) => { try { const s = new WebSocket('ws://127.0.0.1:9'); s.onopen = () => resolve('yes'); s.onerror = () => resolve('no') } catch { resolve('no') } })
    tried.eval = (() => { try { return new Function('return 1')() } catch { return 'no' } })()
    tried.markup = (() => { try { document.body.insertAdjacentHTML('beforeend', '<img src=x>'); return 'yes' } catch { return 'no' } })()
    const script = document.createElement('script')
    try { script.textContent = 'window.ran = 1'; document.body.append(script) } catch { window.ran = undefined }
    tried.script = window.ran ?? 'no'
    const frame = document.createElement('iframe')
    frame.src = 'https://example.org/'
    document.body.append(frame)
    tried.camera = await navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'yes', () => 'no')
    tried.place = await new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve('yes'), () => resolve('no')))
    tried.notify = await Notification.requestPermission()
    tried.clipboard = await navigator.clipboard.readText().then(() => 'yes', () => 'no')
    tried.kept = (() => { try { localStorage.setItem('a', 'b'); return 'memory' } catch { return 'no' } })()
    return tried
  })()`)) as Record<string, unknown>
  assert.deepEqual(
    { ...seen, kept: '' },
    {
      node: 'undefined,undefined,undefined,undefined',
      bridge: 'stage',
      opened: true,
      fetched: 'no',
      file: 'no',
      outside: 'no',
      socket: 'no',
      eval: 'no',
      markup: 'no',
      script: 'no',
      camera: 'no',
      place: 'no',
      notify: 'denied',
      clipboard: 'no',
      kept: '',
    },
  )

  await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    // Runs after the app's own listener, which has then prevented the event or not.
    const refused = new Promise((resolve) =>
      contents?.once('will-frame-navigate', (event) => resolve([event.url, event.defaultPrevented])),
    )
    Object.assign(globalThis, { refused })
  })
  await page.evaluate(`void (location.href = 'https://example.net/')`)
  const refused = await app.evaluate(() => (globalThis as { refused?: unknown }).refused)
  assert.deepEqual(refused, ['https://example.net/', true])
  assert.equal(page.url(), url)
  // The only address to which a page may navigate, and where nothing is.
  await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    Object.assign(globalThis, {
      ended: new Promise((resolve) => contents?.once('did-stop-loading', () => resolve(''))),
    })
  })
  await page.evaluate(`void (location.href = '/given/x')`)
  await app.evaluate(() => (globalThis as { ended?: unknown }).ended)
  assert.equal(page.url(), url)
  await page.getByLabel('What do your friends call you?').waitFor()
  const windows = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
  assert.equal(windows, 1)
})

test('hostile 55 56: names, notes and messages are shown as text; links lead only to the web, with a question', async (t) => {
  const home = folder(t)
  const name = '<img src=x onerror=alert(1)>\u202egnp.exe'
  const { window, friend, me } = await windowWithFriend(t, home, name, {
    note: '<script>window.hacked=1</script>\u0000\u001b[31m',
    shown: '<script>window.hacked=1</script>',
  })
  const { page, app, complaints } = window
  for (const text of hostileTexts) await friend.sendMessage({ peer: me, text })
  const sentinel = 'the last of them'
  await friend.sendMessage({ peer: me, text: sentinel })
  await message({ page }, sentinel).waitFor()
  const list = page.getByRole('log')
  // Scrolls through all of them, as a person would: a list that was not touched stays at its end.
  await list.hover()
  for (let at = 0; at < 60; at++) {
    await page.mouse.wheel(0, -600)
    const found = (await page.evaluate(`({
      hacked: window.hacked ?? 0,
      strange: [...document.querySelectorAll('#root script, #root iframe, #root object, #root img, #root form, #root style')].length,
      links: [...document.querySelectorAll('#root a')].map((link) => link.href),
      controls: /[\\u0000-\\u0008\\u001b\\u202a-\\u202e\\u2066\\u2067]/.test(document.body.innerText),
    })`)) as { hacked: number; strange: number; links: string[]; controls: boolean }
    assert.deepEqual({ ...found, links: [] }, { hacked: 0, strange: 0, links: [], controls: false })
    for (const href of found.links) assert.match(href, /^https?:\/\/[^@]*$/u)
  }

  await page.getByRole('button', { name: 'Jump to latest' }).click()
  await message({ page }, sentinel).waitFor()
  await friend.sendMessage({ peer: me, text: 'see https://аррӏе.com/login' })
  const asked = await answerQuestions(window, 'Copy link')
  await message({ page }, 'see https').getByRole('link').click()
  const { detail } = await askedOnce(asked, 'Open this link?')
  assert.match(
    detail,
    /^xn--80ak6aa92e\.com\n\nhttps:\/\/xn--80ak6aa92e\.com\/login\n\n.*letters from another alphabet/u,
  )
  await until(
    async () => (await app.evaluate(({ clipboard }) => clipboard.readText())) === 'https://xn--80ak6aa92e.com/login',
    'the link is copied',
  )
  assert.deepEqual(complaints, [])
  assert.equal(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1)
})

test('hostile 57: a compromised page with arbitrary calls gets refusals or answers, but no path and no key', async (t) => {
  const home = folder(t)
  const profile = join(home, 'secret-folder-name', 'me')
  mkdirSync(join(home, 'secret-folder-name'))
  const window = await openWindow(t, { profile })
  const { page } = window
  await takeOver(page)
  const names = [
    ...Object.keys(callParams),
    'status',
    'unlock',
    'start',
    'sendFiles',
    'chooseNothing',
    'setPreferences',
    'openLink',
    'copy',
    'unstage',
    'acceptTransfer',
    'showTransfer',
    'constructor',
    '__proto__',
    'hasOwnProperty',
    'toString',
  ]
  const { seed } = random(t)
  const fuzz = `(async () => {
    let seed = ${seed}
    const random = (n) => { seed = (seed * 1664525 + 1013904223) >>> 0; return seed % n }
    const names = ${JSON.stringify(names)}
    const odd = () => [null, undefined, 0, -1, 1e308, NaN, '', 'x'.repeat(random(5000)), '../../etc/passwd', '/etc/passwd', 'file:///etc/passwd', '\\u0000', [], [[]], {}, { __proto__: null }, new Date(), new Map(), new Uint8Array(9), true][random(20)]
    const keys = ['peer', 'text', 'to', 'note', 'transfer', 'paths', 'directory', 'staged', 'url', 'limit', 'before', 'name', 'handle', 'address', 'node', 'active', 'passphrase', 'theme']
    const params = () => random(4) === 0 ? odd() : Object.fromEntries(Array.from({ length: random(4) }, () => [keys[random(keys.length)], odd()]))
    const frames = []
    for (const port of Object.values(window.ports)) {
      port.answers.length = 0
      for (let n = 1; n <= 10000; n++) {
        const name = random(20) === 0 ? odd() : names[random(names.length)]
        if (['stop', 'erase', 'quit', 'runNode', 'endNode', 'chooseFiles', 'chooseDownloads', 'lock', 'setPassphrase'].includes(name)) continue
        port.postMessage(random(50) === 0 ? odd() : { id: random(60) === 0 ? odd() : n, call: name, params: params() })
        if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve))
      }
    }
    for (const call of ['stop', 'sendFiles', 'acceptTransfer', 'transferFile']) window.ports.peer.postMessage({ id: 'x', call }), window.ports.peer.postMessage({ id: 20000 + call.length, call, params: { paths: ['/etc/passwd'], peer: 'a', transfer: 'b', directory: '/' } })
    window.ports.peer.postMessage({ id: 30000, call: 'status', params: {} })
    window.ports.main.postMessage({ id: 30000, call: 'openLink', params: { url: 'file:///etc/passwd' } })
    const done = () => Object.values(window.ports).every(({ answers }) => answers.some(({ id }) => id === 30000))
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 10))
    return Object.fromEntries(Object.entries(window.ports).map(([name, { answers }]) => [name, answers]))
  })()`
  const { peer = [], main = [] } = (await page.evaluate(fuzz)) as Record<string, Answer[]>
  assert.ok(peer.length > 8000 && main.length > 8000, `${peer.length} and ${main.length} answers, seed ${seed}`)
  const all = JSON.stringify([peer, main])
  assert.ok(!all.includes('secret-folder-name'), `no path crosses, seed ${seed}`)
  assert.ok(!all.includes('/etc/passwd:') && !all.includes('root:'), `no file is read, seed ${seed}`)
  for (const call of ['stop', 'sendFiles', 'acceptTransfer', 'transferFile']) {
    assert.equal(peer.find(({ id }) => id === 20000 + call.length)?.error?.code, 'bad-request', call)
  }
  assert.equal(main.find(({ id }) => id === 30000)?.error?.code, 'bad-request')
  assert.deepEqual(peer.find(({ id }) => id === 30000)?.result, { state: 'open', guarded: false })
})

test('hostile 58: a link that opens Quorum is shown and must be confirmed, whatever it contains', async (t) => {
  const home = folder(t)
  const hostile = 'quorum://add/<script>alert(1)</script>'
  const { page, complaints } = await openWindow(t, { profile: join(home, 'me'), args: [hostile] })
  await introduce({ page }, 'Me')
  assert.equal(await page.getByLabel('Invite link or code').inputValue(), hostile)
  await page.getByRole('alert').getByText('This is not a valid invite').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Join with the invite' }).isDisabled())
  assert.deepEqual(complaints, [])
})
