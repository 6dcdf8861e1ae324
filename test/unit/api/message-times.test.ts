/** The time that is shown of a message: when it was said, unless the sender's clock cannot be right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addedAt, saidAt } from '../../../protocol/api/message-times.ts'

const hour = 3_600_000
const now = Date.UTC(2026, 10, 27)

test('a message that waited shows when it was said; a clock that cannot be right is not believed', () => {
  const times = (ago: number) => ({ sentAt: now - ago, receivedAt: now })
  assert.equal(saidAt({ sentAt: now }), now, 'an own message')
  assert.equal(saidAt(times(0)), now)
  assert.equal(saidAt(times(7 * 24 * hour)), now - 7 * 24 * hour)
  assert.equal(saidAt(times(-1)), now, 'not after it arrived')
  assert.equal(saidAt({ sentAt: 0, receivedAt: now }), now, 'not in 1970')
  assert.deepEqual([addedAt(times(hour)), addedAt({ sentAt: now })], [now, now])
})
