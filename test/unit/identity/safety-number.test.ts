/** Safety numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safetyNumber } from '../../../protocol/identity/safety-number.ts'
import { alice, bob, carol } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

test('both sides compute the same number, and it never changes', () => {
  const pinned = '63905 30245 23696 55148 84010 82231 67000 26851 43085 14455 71185 81814'
  assert.equal(safetyNumber(alice.peer, bob.peer), pinned)
  assert.equal(safetyNumber(bob.peer, alice.peer), pinned)
})

test('it is 12 groups of 5 digits', () => {
  assert.match(safetyNumber(alice.peer, carol.peer), /^\d{5}( \d{5}){11}$/)
})

test('another key gives another number', () => {
  assert.notEqual(safetyNumber(alice.peer, carol.peer), safetyNumber(alice.peer, bob.peer))
})

test('only PeerIds have a safety number', () => {
  assert.throws(() => safetyNumber(alice.peer, 'bob'), refused('bad-request'))
})
