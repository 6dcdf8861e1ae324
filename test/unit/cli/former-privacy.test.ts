/** Privacy choices of an older version that stored them in window.json are migrated when the profile is opened. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mostPrivate } from '../../../protocol/api/privacy.ts'
import { Settings, storedPrivacy } from '../../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { takeOverPrivacy, textOfChoices } from '../../../scripts/cli/former-privacy.ts'
import { folder } from '../../support/cleanup.ts'

/** The choices of a profile whose folder has this window.json. */
function takenOver(content: string | undefined, home: string): ReturnType<Settings['privacy']> {
  const store = openMemoryStore()
  try {
    if (content !== undefined) writeFileSync(join(home, 'window.json'), content)
    takeOverPrivacy(store, home)
    return new Settings(store).privacy()
  } finally {
    store.close()
  }
}

test('choices of window.json move to the profile; a boolean `direct` too; the rest of the file is ignored', (t) => {
  const home = folder(t)
  assert.deepEqual(takenOver(undefined, home), { chosen: {}, unreadable: [] })
  assert.deepEqual(takenOver('{"theme":"dark","direct":"verified","typingMarks":false}', home), {
    chosen: { direct: 'verified', typingMarks: false },
    unreadable: [],
  })
  assert.deepEqual(takenOver('{"direct":false,"lan":false}', home).chosen, { direct: 'never', lan: false })
  assert.deepEqual(takenOver('{"direct":true}', home).chosen, { direct: 'auto' })
  assert.deepEqual(takenOver('{"theme":"dark"}', home), { chosen: {}, unreadable: [] })
})

test('a truncated or foreign file gives the most private choice; a damaged field gives it for that field only', (t) => {
  const home = folder(t)
  for (const content of ['', '{"direct":"nev', 'null', '[]', '7']) {
    const { chosen, unreadable } = takenOver(content, home)
    assert.deepEqual([chosen, unreadable.length], [mostPrivate, 6], content)
  }
  assert.deepEqual(takenOver('{"direct":"nevr","lan":true}', home), {
    chosen: { direct: 'never', lan: true },
    unreadable: ['direct'],
  })
  const odd = folder(t)
  mkdirSync(join(odd, 'window.json'))
  assert.deepEqual(takenOver(undefined, odd).chosen, mostPrivate, 'something that is no file')
})

test('the choices of the profile apply, and an old file that appears later does not', (t) => {
  const home = folder(t)
  const store = openMemoryStore()
  t.after(() => store.close())
  takeOverPrivacy(store, home)
  writeFileSync(join(home, 'window.json'), '{"direct":"nev')
  takeOverPrivacy(store, home)
  assert.deepEqual(new Settings(store).privacy(), { chosen: {}, unreadable: [] })
})

test('a link that leads nowhere, a pipe, and a huge file are unreadable choices, never the absence of choices', (t) => {
  const place = folder(t)
  const file = (name: string): string => join(place, name)
  symlinkSync(file('nowhere'), file('link'))
  execFileSync('mkfifo', [file('pipe')])
  writeFileSync(file('huge'), '{}')
  truncateSync(file('huge'), 600 * 1024 * 1024)
  for (const name of ['link', 'pipe', 'huge']) assert.equal(textOfChoices(file(name)), '', name)
  assert.equal(textOfChoices(file('none')), undefined)
})

test('choices that the library stored first do not hide those that the window had', (t) => {
  const place = folder(t)
  writeFileSync(join(place, 'window.json'), '{"direct":"never","readReceipts":false}')
  const store = openMemoryStore()
  store.setSetting('privacy', Buffer.from('{"readReceipts":true,"typingMarks":false}'))
  takeOverPrivacy(store, place)
  const { direct, readReceipts, typingMarks } = storedPrivacy(store)
  assert.deepEqual([direct, readReceipts, typingMarks], ['never', true, false])
})
