/** Hostile 55: payloads as the name of a friend, and as the name and the note of files on offer. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { hostileTexts } from '../support/hostile-texts.ts'
import { until } from '../support/network.ts'
import { message, windowWithFriend } from '../support/people-at-windows.ts'

after(endDisplay)

/** Effects of a payload at any time: elements that the app never creates, control characters, false links. */
const watch = `
  window.found = []
  window.names = new Set()
  const look = () => {
    waiting = false
    const root = document.querySelector('#root')
    const strange = root.querySelectorAll('script, iframe, object, embed, form, style, base, meta, link, video, math, img').length
    const links = [...root.querySelectorAll('a')].map((link) => link.href).filter((href) => !/^https?:\\/\\/[^@]*$/u.test(href))
    const acts = /[\\u0000-\\u0008\\u001b\\u202a-\\u202e\\u2028\\u2029]/u.exec(root.textContent)
    window.names.add(root.querySelector('nav, aside')?.textContent)
    if (strange > 0 || links.length > 0 || acts || window.hacked) window.found.push({ strange, links, acts, hacked: window.hacked })
  }
  let waiting = false
  new MutationObserver(() => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(look)
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })`

test('hostile 55: 200 names of a friend and of files, and notes, are shown as text, whatever they contain', async (t) => {
  const home = folder(t)
  const { window, friend, me } = await windowWithFriend(t, home, 'Mallory')
  const { page, complaints } = window
  await page.evaluate(watch)

  const payloads = hostileTexts.filter((text) => text.length <= limits.noteCharacters)
  assert.ok(payloads.length >= 200)
  for (const [at, name] of payloads.entries()) {
    await friend.setProfile({ name: [...name].slice(0, 40).join('') })
    // Everything sent before a message arrives before it.
    if (at % 4 > 0) continue
    await friend.sendMessage({ peer: me, text: `after name ${at}.` })
    await message(window, `after name ${at}.`).waitFor()
  }

  const offered = payloads.slice(0, 190)
  for (const [at, text] of offered.entries()) {
    mkdirSync(join(home, `${at}`))
    const file = join(home, `${at}`, text.replaceAll('/', '⁄').replaceAll('\u0000', '').slice(0, 60) || 'empty')
    writeFileSync(file, 'x')
    await friend.sendFiles({ peer: me, paths: [file], note: text })
  }
  await friend.sendMessage({ peer: me, text: 'the last of them' })
  await message(window, 'the last of them').waitFor()
  await page.getByRole('log').hover()
  for (let at = 0; at < 120; at++) {
    await page.mouse.wheel(0, -600)
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
  assert.deepEqual(await page.evaluate('window.found'), [])
  await until(async () => Number(await page.evaluate('window.names.size')) > 20, 'the names were seen')
  assert.deepEqual(complaints, [])
})
