/** The settings of the window: after a restart, from an older version, and in a damaged file. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PreferencesFile, preferencesPatch } from '../../../desktop/main/preferences.ts'
import { folder } from '../../support/cleanup.ts'

test('choices survive a restart, and the window learns no path', (t) => {
  const file = join(folder(t), 'window.json')
  const first = new PreferencesFile(file)
  first.change({ theme: 'dark', closeToTray: true })
  first.change({ downloads: '/home/ada/received' })
  const again = new PreferencesFile(file)
  assert.equal(again.downloads, '/home/ada/received')
  assert.deepEqual([again.value.theme, again.value.closeToTray, again.value.startAtLogin], ['dark', true, false])
  assert.ok(!JSON.stringify(again.value).includes('received'))
  assert.ok(!preferencesPatch.safeParse({ downloads: '/etc' }).success)
  assert.ok(!preferencesPatch.safeParse({ direct: 'auto' }).success, 'privacy belongs to the profile')
})

test('privacy of an older version stays until the profile has taken it over, and the next write removes it', (t) => {
  const file = join(folder(t), 'window.json')
  const stored = (): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ theme: 'dark', direct: 'never', readReceipts: false }))
  const preferences = new PreferencesFile(file)
  preferences.change({ textSize: 'large' })
  assert.deepEqual([stored()['direct'], stored()['readReceipts'], stored()['theme']], ['never', false, 'dark'])
  preferences.privacyTakenOver()
  preferences.change({ theme: 'light' })
  assert.deepEqual([stored()['direct'], stored()['readReceipts'], stored()['theme']], [undefined, undefined, 'light'])
})

test('writing over a truncated file before the profile was opened does not lose that privacy was chosen', (t) => {
  const file = join(folder(t), 'window.json')
  writeFileSync(file, '{"direct":"nev')
  new PreferencesFile(file).change({ theme: 'dark' })
  const { direct, typingMarks } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  assert.deepEqual([direct, typingMarks], ['unreadable', 'unreadable'])
})

test('an invalid field gets its default and the other fields stay', (t) => {
  const file = join(folder(t), 'window.json')
  writeFileSync(file, JSON.stringify({ theme: 'of another version', textSize: 'large', downloads: 7 }))
  const read = new PreferencesFile(file)
  assert.deepEqual([read.value.theme, read.value.textSize, read.downloads], ['system', 'large', undefined])
})

test('a profile with a passphrase locks after 15 minutes, unless something else was chosen, "never" too', (t) => {
  const file = join(folder(t), 'window.json')
  const preferences = new PreferencesFile(file)
  preferences.change({ theme: 'dark' })
  assert.equal(new PreferencesFile(file).value.lockAfter, 15, 'another choice is none about locking')
  preferences.change({ lockAfter: 0 })
  assert.equal(new PreferencesFile(file).value.lockAfter, 0)
})

test('what is stored about locking does not outlast the passphrase: older versions stored "never" unasked', (t) => {
  const file = join(folder(t), 'window.json')
  writeFileSync(file, JSON.stringify({ theme: 'dark', lockAfter: 0, downloads: '/home/ada/received' }))
  const preferences = new PreferencesFile(file)
  assert.equal(preferences.value.lockAfter, 0, 'it may have been chosen')
  preferences.withoutPassphrase()
  const again = new PreferencesFile(file)
  assert.deepEqual([again.value.lockAfter, again.value.theme, again.downloads], [15, 'dark', '/home/ada/received'])
})

test('a damaged file gives the defaults', (t) => {
  const file = join(folder(t), 'window.json')
  const defaults = new PreferencesFile(file).value
  for (const content of ['', '{', 'null', '[]', '7', '{"theme": 7}']) {
    writeFileSync(file, content)
    assert.deepEqual(new PreferencesFile(file).value, defaults)
  }
})
