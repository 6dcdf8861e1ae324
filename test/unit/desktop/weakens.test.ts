/** Which changes of settings protect less than before, and so are confirmed by the person. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostPrivate, privacyNames, usualPrivacy } from '../../../protocol/api/privacy.ts'
import type { DirectMode } from '../../../protocol/api/privacy.ts'
import { notificationKinds } from '../../../desktop/ipc/contract.ts'
import type { Preferences } from '../../../desktop/ipc/contract.ts'
import { weakenedPreferences, weakenedPrivacy } from '../../../desktop/main/weakens.ts'
import { preferencesPatch } from '../../../desktop/main/preferences.ts'

const preferences: Preferences = {
  theme: 'system',
  textSize: 'normal',
  language: 'system',
  notifications: 'name',
  lockAfter: 15,
  startAtLogin: false,
  closeToTray: false,
}

test('each privacy choice is weaker in one direction only', () => {
  const most = { ...usualPrivacy, direct: 'only', mdns: true } as const
  assert.deepEqual(weakenedPrivacy(mostPrivate, most), privacyNames)
  assert.deepEqual(weakenedPrivacy(most, mostPrivate), [])
  assert.deepEqual(weakenedPrivacy(most, most), [])
  const order: DirectMode[] = ['never', 'verified', 'auto', 'only']
  for (const [less, before] of order.entries()) {
    for (const [more, direct] of order.entries()) {
      const found = weakenedPrivacy({ ...mostPrivate, direct: before }, { ...mostPrivate, direct })
      assert.deepEqual(found, more > less ? ['direct'] : [], `${before} to ${direct}`)
    }
  }
})

test('one choice that protects more does not hide another that protects less', () => {
  assert.deepEqual(weakenedPrivacy(usualPrivacy, { ...mostPrivate, mdns: true }), ['mdns'])
  assert.deepEqual(weakenedPreferences(preferences, { ...preferences, notifications: 'off', lockAfter: 60 }), [
    'lockAfter',
  ])
})

test('notifications that show more, and a lock that comes later or never, are weaker', () => {
  const changes = (patch: Partial<Preferences>): string[] =>
    weakenedPreferences(preferences, { ...preferences, ...patch })
  const shown = notificationKinds.map((notifications) => [notifications, changes({ notifications }).length])
  assert.deepEqual(Object.fromEntries(shown), { full: 1, name: 0, none: 0, off: 0 })
  assert.deepEqual(changes({ lockAfter: 5 }), [])
  assert.deepEqual(changes({ lockAfter: 16 }), ['lockAfter'])
  assert.deepEqual(changes({ lockAfter: 0 }), ['lockAfter'])
  assert.deepEqual(weakenedPreferences({ ...preferences, lockAfter: 0 }, preferences), [])
  const looks = { theme: 'dark', textSize: 'larger', language: 'de', startAtLogin: true, closeToTray: true } as const
  assert.deepEqual(changes(looks), [])
})

test('a setting is not brought back to its default, past the question, by leaving its value out', () => {
  assert.ok(!preferencesPatch.safeParse({ lockAfter: undefined }).success)
  assert.ok(preferencesPatch.safeParse({ lockAfter: 1 }).success)
})
