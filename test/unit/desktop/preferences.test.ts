/** What a person chose about the window, over restarts, older versions and files that are none of ours. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PreferencesFile, preferencesPatch } from '../../../desktop/main/preferences.ts'
import { folder } from '../../support/cleanup.ts'

test('what was chosen is there after a restart, and the window learns no path', (t) => {
  const file = join(folder(t), 'window.json')
  const first = new PreferencesFile(file)
  first.change({ theme: 'dark', closeToTray: true })
  first.change({ downloads: '/home/ada/received' })
  const again = new PreferencesFile(file)
  assert.equal(again.downloads, '/home/ada/received')
  assert.deepEqual([again.value.theme, again.value.closeToTray, again.value.startAtLogin], ['dark', true, false])
  assert.ok(!JSON.stringify(again.value).includes('received'))
  assert.ok(!preferencesPatch.safeParse({ downloads: '/etc' }).success)
  assert.ok(!preferencesPatch.safeParse({ direct: 'auto' }).success, 'privacy is the profile’s')
})

test('privacy that an older version kept here stays until the profile has it, and goes with the next write', (t) => {
  const file = join(folder(t), 'window.json')
  const kept = (): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ theme: 'dark', direct: 'never', readReceipts: false }))
  const preferences = new PreferencesFile(file)
  preferences.change({ textSize: 'large' })
  assert.deepEqual([kept()['direct'], kept()['readReceipts'], kept()['theme']], ['never', false, 'dark'])
  preferences.privacyTakenOver()
  preferences.change({ theme: 'light' })
  assert.deepEqual([kept()['direct'], kept()['readReceipts'], kept()['theme']], [undefined, undefined, 'light'])
})

test('a cut-short file written over before the profile was opened does not become “nothing was chosen”', (t) => {
  const file = join(folder(t), 'window.json')
  writeFileSync(file, '{"direct":"nev')
  new PreferencesFile(file).change({ theme: 'dark' })
  const { direct, typingMarks } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  assert.deepEqual([direct, typingMarks], ['unreadable', 'unreadable'])
})

test('a choice that does not fit costs no other', (t) => {
  const file = join(folder(t), 'window.json')
  writeFileSync(file, JSON.stringify({ theme: 'of another version', textSize: 'large', downloads: 7 }))
  const read = new PreferencesFile(file)
  assert.deepEqual([read.value.theme, read.value.textSize, read.downloads], ['system', 'large', undefined])
})

test('a file that is none of ours costs the choices, not the start', (t) => {
  const file = join(folder(t), 'window.json')
  const usual = new PreferencesFile(file).value
  for (const content of ['', '{', 'null', '[]', '7', '{"theme": 7}']) {
    writeFileSync(file, content)
    assert.deepEqual(new PreferencesFile(file).value, usual)
  }
})
