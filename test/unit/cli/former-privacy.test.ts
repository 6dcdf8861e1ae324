/** Privacy choices of the version that kept them in window.json, taken over by whatever opens the profile first. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mostPrivate } from '../../../protocol/api/privacy.ts'
import { Settings } from '../../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { takeOverPrivacy } from '../../../scripts/cli/former-privacy.ts'
import { folder } from '../../support/cleanup.ts'

/** What holds on a profile whose folder has this window.json. */
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

test('what the window kept is the profile’s; `direct` as yes or no too; the rest of the file is nothing of it', (t) => {
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

test('a file that is cut short or none of ours means the most private choice; a damaged field only that one', (t) => {
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

test('what the profile has counts, and an old file later does not', (t) => {
  const home = folder(t)
  const store = openMemoryStore()
  t.after(() => store.close())
  takeOverPrivacy(store, home)
  writeFileSync(join(home, 'window.json'), '{"direct":"nev')
  takeOverPrivacy(store, home)
  assert.deepEqual(new Settings(store).privacy(), { chosen: {}, unreadable: [] })
})
