/** A bound on bytes in memory that addresses share. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteRoom } from '../../../protocol/base/byte-room.ts'
import { refused } from '../../support/refused.ts'

test('nobody takes more than there is, nor one key more than its part; what is given back can be taken again', () => {
  const room = new ByteRoom(100, 60)
  const [one, same, other] = [room.of('a'), room.of('a'), room.of('b')]
  one.take(40)
  same.take(20)
  assert.throws(() => one.take(1), refused('rate-limited'))
  other.take(40)
  assert.throws(() => room.of('c').take(1), refused('rate-limited'))
  one.give(10)
  room.of('c').take(10)
  assert.equal(room.held, 100)
  // More than it holds is not given.
  one.give(1000)
  assert.equal(room.held, 70)
  same.end()
  other.end()
  assert.equal(room.held, 10)
  other.take(60)
  assert.equal(room.held, 70)
})
