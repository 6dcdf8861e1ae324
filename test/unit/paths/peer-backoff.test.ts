/** How long a peer is not dialled after each failure, and what ends the wait early. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerBackoff } from '../../../protocol/paths/peer-backoff.ts'

function world() {
  const clock = { now: 0 }
  // No jitter: waits are whole.
  const backoff = new PeerBackoff({ first: 100, longest: 300, random: () => 1 }, () => clock.now)
  return { clock, backoff }
}

test('each wait is longer than the one before, up to the longest, and applies to one peer only', () => {
  const { clock, backoff } = world()
  for (const expected of [100, 200, 300, 300]) {
    assert.ok(backoff.of('ann').over)
    backoff.of('ann').begin()
    clock.now += expected - 1
    assert.ok(!backoff.of('ann').over)
    assert.ok(backoff.of('ben').over)
    clock.now += 1
  }
})

test('forget ends the wait of one peer, reset those of all, and both start over with a short one', () => {
  const { clock, backoff } = world()
  for (const again of ['forget', 'reset'] as const) {
    for (const peer of ['ann', 'ben']) backoff.of(peer).begin()
    backoff[again]('ann')
    assert.deepEqual([backoff.of('ann').over, backoff.of('ben').over], [true, again === 'reset'])
    backoff.of('ann').begin()
    clock.now += 100
    assert.ok(backoff.of('ann').over)
    backoff.reset()
  }
})

test('an attempt that began before a reset delays nothing when it fails afterwards', () => {
  const { backoff } = world()
  const wait = backoff.of('ann')
  backoff.reset()
  wait.begin()
  assert.ok(backoff.of('ann').over)
})
