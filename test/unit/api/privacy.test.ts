/** Stored privacy choices across versions and damage: an unreadable field becomes the most private, and is reported. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  lessPrivate,
  mostPrivate,
  privacyNames,
  readPrivacy,
  stillHolding,
  usualPrivacy,
} from '../../../protocol/api/privacy.ts'
import { PrivacyInForce } from '../../../protocol/identity/privacy-in-force.ts'
import { Settings } from '../../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'

test('without stored choices the default applies; choices are stored field by field', (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const settings = new Settings(store)
  assert.deepEqual(settings.privacy(), { chosen: {}, unreadable: [] })
  settings.choosePrivacy({ direct: 'verified' })
  settings.choosePrivacy({ lan: false })
  assert.deepEqual(settings.privacy(), { chosen: { direct: 'verified', lan: false }, unreadable: [] })
})

test('an unreadable value makes every field the most private, for any damage', (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const settings = new Settings(store)
  for (const raw of ['', '{"direct":"nev', 'null', '[]', '7', '"never"', '\u0000\u0001', '{"direct":"auto"}x']) {
    store.setSetting('privacy', Buffer.from(raw))
    assert.deepEqual(settings.privacy(), { chosen: mostPrivate, unreadable: privacyNames }, raw)
  }
  store.setSetting('privacy', Uint8Array.of(0xff, 0xfe, 0x7b))
  assert.deepEqual(settings.privacy().unreadable, privacyNames)
})

test('one unreadable field gets its most private value, and the others stay', () => {
  for (const wrong of [null, 1, 'yes', {}, [], 'nevr']) {
    for (const name of privacyNames) {
      const { chosen, unreadable } = readPrivacy({ ...usualPrivacy, mdns: true, [name]: wrong, later: 'version' })
      assert.deepEqual(unreadable, [name])
      assert.deepEqual(chosen, { ...usualPrivacy, mdns: true, [name]: mostPrivate[name] })
    }
  }
})

test('a new choice beside an unreadable value leaves the other fields at the most private', (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const settings = new Settings(store)
  store.setSetting('privacy', Buffer.from('{"dir'))
  settings.choosePrivacy({ typingMarks: true })
  assert.deepEqual(settings.privacy(), { chosen: { ...mostPrivate, typingMarks: true }, unreadable: [] })
})

test('while a change is carried out, or when that fails, the less private of the two is reported', async (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const steps: PromiseWithResolvers<void>[] = []
  const privacy = new PrivacyInForce({
    settings: new Settings(store),
    given: { upnp: false },
    apply: () => {
      const step = Promise.withResolvers<void>()
      steps.push(step)
      return step.promise
    },
  })
  assert.equal(privacy.holds.upnp, false)
  const hiding = privacy.change({ direct: 'never', upnp: true })
  await new Promise(setImmediate)
  assert.deepEqual([privacy.now.direct, privacy.holds.direct], ['never', 'auto'])
  assert.equal(privacy.now.upnp, true, 'a choice ends what was given for the run')
  steps[0]?.reject(new Error('a socket that cannot be closed'))
  await assert.rejects(hiding)
  assert.equal(privacy.holds.direct, 'auto')
  const again = privacy.change({})
  await new Promise(setImmediate)
  steps[1]?.resolve()
  await again
  assert.equal(privacy.holds.direct, 'never')
})

test('of two modes the more revealing one is reported; an option holds until another value is chosen', () => {
  const modes = (a: 'auto' | 'never', b: 'verified' | 'only') =>
    lessPrivate({ ...mostPrivate, direct: a }, { ...mostPrivate, direct: b }).direct
  assert.deepEqual(
    [modes('never', 'verified'), modes('auto', 'verified'), modes('auto', 'only')],
    ['verified', 'auto', 'only'],
  )
  assert.deepEqual(stillHolding({ direct: 'auto', lan: false }, { ...usualPrivacy }), { direct: 'auto' })
})
