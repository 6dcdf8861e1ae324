/** Names that look the same count as the same, and only the newcomer is the lookalike. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Friend } from '../../../protocol/index.ts'
import { lookalikeOf } from '../../../desktop/renderer/model/lookalike.ts'
import { isAmbiguous } from '../../../desktop/renderer/model/friend-display.ts'

function friend(peer: string, name: string, more: Partial<Friend> = {}): Friend {
  return { peer, name, state: 'friend', verified: false, online: false, path: 'none', addedAt: 1, unread: 0, ...more }
}

const susan = friend('susan', 'Susan Miller', { verified: true, handle: 'susan' })
const later = { addedAt: 2, state: 'incoming' as const }

test('another identity under a name that looks the same is a lookalike of the earlier friend', () => {
  for (const name of [
    'Susan Miller',
    'susan  miller',
    'Ѕuѕаn Мiller',
    'Susan MiIler',
    'Susán_Miller',
    'Ｓｕｓａｎ Miller',
    'Susan Mi11er',
    'Susan\u200d Miller',
    'Sus\u200can Miller',
    'Susan\u200e Miller',
    'Susan \u{1bca0}Miller',
    'Susan\ufff0 Miller',
    'Susan\u2800Miller',
    'SusanMiller',
    'Susan\u{e0100} Miller',
    'Susɑn Miller',
    'Susaո Miller',
    'ꓢusan Miller',
    'Sᴜsan Miller',
    'Susan rniller',
    'Susan Miⅼler',
    'Susan Miłler',
  ]) {
    const other = friend('other', name, later)
    assert.equal(lookalikeOf(other, [susan, other]), susan, name)
    assert.equal(lookalikeOf(susan, [susan, other]), undefined, `${name}: not the other way round`)
    assert.ok(isAmbiguous(other, [susan, other]) && isAmbiguous(susan, [susan, other]), `${name}: both with their ids`)
  }
  for (const name of ['Susanne Miller', 'Miller', 'سوزان']) {
    const other = friend('other', name, later)
    assert.equal(lookalikeOf(other, [susan, other]), undefined, name)
    assert.ok(!isAmbiguous(other, [susan, other]), name)
  }
})

test('a handle of another identity, and a friend who later takes the name of a verified friend, are lookalikes', () => {
  const other = friend('other', 'Somebody', { handle: 'susan', state: 'requested', addedAt: 2 })
  assert.equal(lookalikeOf(other, [susan, other]), susan)
  const renamed = friend('renamed', 'Susan Miller', { addedAt: 0 })
  assert.equal(lookalikeOf(renamed, [renamed, susan]), susan)
  assert.equal(lookalikeOf({ ...renamed, verified: true }, [renamed, susan]), undefined, 'verified: it is no lookalike')
})

test('of two unverified friends the first owns the name; strangers and removed friends own none', () => {
  const first = friend('first', 'Anna')
  const second = friend('second', 'Anna', { addedAt: 2 })
  assert.equal(lookalikeOf(second, [first, second]), first)
  assert.equal(lookalikeOf(first, [first, second]), undefined)
  assert.equal(lookalikeOf(second, [{ ...first, state: 'removed' }, second]), undefined)
  assert.equal(lookalikeOf(second, [{ ...first, state: 'incoming' }, second]), undefined)
  assert.equal(lookalikeOf(second, [{ ...first, state: 'blocked' }, second])?.peer, 'first')
})
