/** What a person chose about the window, over restarts, older versions and files that are none of ours. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PreferencesFile, preferencesPatch } from '../../../desktop/main/preferences.ts'
import { folder } from '../../support/cleanup.ts'

test('what was chosen is there after a restart, and the window learns no path', (t) => {
  const file = join(folder(t), 'window.json')
  const first = new PreferencesFile(file)
  first.change({ direct: 'verified', typingMarks: false })
  first.change({ downloads: '/home/ada/received' })
  const again = new PreferencesFile(file)
  assert.equal(again.downloads, '/home/ada/received')
  assert.deepEqual([again.value.direct, again.value.typingMarks, again.value.readReceipts], ['verified', false, true])
  assert.ok(!JSON.stringify(again.value).includes('received'))
  assert.ok(!preferencesPatch.safeParse({ downloads: '/etc' }).success)
})

test('whoever hid the address while it was yes or no stays hidden', (t) => {
  const file = join(folder(t), 'window.json')
  for (const [kept, direct] of [
    [false, 'never'],
    [true, 'auto'],
  ] as const) {
    writeFileSync(file, JSON.stringify({ direct: kept, lan: false }))
    assert.equal(new PreferencesFile(file).value.direct, direct)
    assert.equal(new PreferencesFile(file).value.lan, false)
  }
})

test('a choice that does not fit costs no other: whoever is hidden stays hidden', (t) => {
  const file = join(folder(t), 'window.json')
  writeFileSync(file, JSON.stringify({ theme: 'of another version', direct: 'never', downloads: 7 }))
  const read = new PreferencesFile(file)
  assert.deepEqual([read.value.theme, read.value.direct, read.downloads], ['system', 'never', undefined])
})

test('a file that is none of ours costs the choices, not the start', (t) => {
  const file = join(folder(t), 'window.json')
  const usual = new PreferencesFile(file).value
  for (const content of ['', '{', 'null', '[]', '7', '{"theme": 7}']) {
    writeFileSync(file, content)
    assert.deepEqual(new PreferencesFile(file).value, usual)
  }
})
