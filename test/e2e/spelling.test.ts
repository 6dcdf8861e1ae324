/**
 * What is written is checked by nobody elsewhere: Chromium's spelling checker would fetch a dictionary from a server of
 * Google. Every request of Chromium goes through a proxy here, which records where it would lead.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { windowWithFriend, writing } from '../support/people-at-windows.ts'
import { until } from '../support/until.ts'
import type { Window } from '../support/window.ts'

after(endDisplay)

/** Languages that would be fetched: of the test's machine, and of others. */
const languages = ['en-US', 'de-DE', 'fr', 'ru']
const elsewhere = process.platform !== 'darwin'

test(
  'no dictionary is fetched, whatever is written, asked for or set',
  { skip: !elsewhere && 'macOS fetches none' },
  async (t) => {
    const { proxy, asked } = await recordingProxy(t)
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const env = { http_proxy: address, https_proxy: address, all_proxy: address, no_proxy: '' }
    const home = folder(t)
    // As an earlier version left it.
    mkdirSync(join(home, 'me', 'window'), { recursive: true })
    const stored = { spellcheck: { dictionaries: ['en-US', 'de-DE'] }, browser: { enable_spellchecking: true } }
    writeFileSync(join(home, 'me', 'window', 'Preferences'), JSON.stringify(stored))
    const { window } = await windowWithFriend(t, home, 'Susan', { env })
    const { app, page } = window
    assert.deepEqual(await checked(window), [false, false, 0, 0], 'in no session')
    for (const text of ['some wrods in Englsh', 'ein par deutsche Wörrter', 'какието слова']) {
      await writing(window).fill('')
      await writing(window).pressSequentially(text)
      await writing(window).click({ button: 'right' })
      await page.keyboard.press('Escape')
    }
    await page.keyboard.press('Control+,')
    await page.getByRole('button', { name: 'Appearance' }).click()
    await page.getByLabel('Language').selectOption('de')
    await page.getByRole('heading', { name: 'Aussehen' }).waitFor()
    // A page that was taken over can ask for the languages as little as for anything else.
    assert.equal(await page.evaluate('typeof require + typeof process'), 'undefinedundefined')

    // The same Chromium fetches one for a language: the proxy would have seen it.
    const before = [...asked]
    await app.evaluate(({ session }, given) => {
      const own = session.fromPartition('control')
      own.setSpellCheckerEnabled(true)
      own.setSpellCheckerLanguages(given)
    }, languages)
    await until(() => asked.length > before.length, 'a dictionary is asked for')
    assert.deepEqual(before, [])
    t.diagnostic(`asked for with the checker: ${[...new Set(asked)].join(', ')}`)
  },
)

/** Whether the session of the window, and the default one, check the spelling, and of how many languages. */
function checked({ app }: Window): Promise<unknown[]> {
  return app.evaluate(({ BrowserWindow, session }) => {
    const own = BrowserWindow.getAllWindows()[0]?.webContents.session
    const all = own === undefined ? [] : [own, session.defaultSession]
    return [
      ...all.map((one) => one.isSpellCheckerEnabled()),
      ...all.map((one) => one.getSpellCheckerLanguages().length),
    ]
  })
}

/** Refuses every request, and records its host. */
async function recordingProxy(t: TestContext): Promise<{ proxy: Server; asked: string[] }> {
  const asked: string[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(502).end()
  })
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  proxy.listen(0, '127.0.0.1')
  t.after(() => proxy.close())
  await once(proxy, 'listening')
  return { proxy, asked }
}
