/** How much of one friend is taken: the allowance, what comes back of it, the disk, and how fast it is looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { day } from '../../../protocol/base/units.ts'
import { Intake } from '../../../protocol/chat/intake.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'

const { tokens, per } = chatLimits.chatNewBytes
const { messageCost, diskFloor, diskFloorShare } = chatLimits
const kept = { taken: 0, takenAt: 0 }

/** An intake whose clocks and disk the test sets. */
function intake() {
  const set = { now: 1000 * day, clock: 0, free: Infinity, total: Infinity }
  const { now, clock } = { now: () => set.now, clock: () => set.clock }
  return { set, intake: new Intake({ space: () => set }, now, clock) }
}

test('every message counts with its bytes and what it costs, up to the allowance of a day', () => {
  const { intake: one } = intake()
  let allowance = kept
  let messages = 0
  for (;;) {
    const admitted = one.admit(allowance, 64_000)
    if ('held' in admitted) {
      assert.equal(admitted.held, 'too-much')
      break
    }
    allowance = admitted.allowance
    messages += 1
  }
  assert.equal(messages, Math.floor(tokens / (64_000 + messageCost)))
  assert.ok('held' in one.admit({ ...kept, taken: tokens, takenAt: 1000 * day }, 0), 'an empty one has a cost too')
})

test('the allowance comes back evenly; a clock that was set back gives nothing and takes nothing', () => {
  const { set, intake: one } = intake()
  const spent = { taken: tokens, takenAt: set.now }
  set.now += per / 4
  const later = one.admit(spent, 1000)
  assert.ok('allowance' in later)
  assert.equal(later.allowance.taken, (tokens * 3) / 4 + 1000 + messageCost)
  assert.equal(later.allowance.takenAt, set.now)
  set.now -= 500 * day
  assert.deepEqual(one.admit(spent, 1), { held: 'too-much' })
  set.now += 600 * day
  const long = one.admit(spent, 1)
  assert.ok('allowance' in long)
  assert.equal(long.allowance.taken, 1 + messageCost)
})

test('it recovers when enough is back, not with each byte', () => {
  const { set, intake: one } = intake()
  const spent = { taken: tokens, takenAt: set.now }
  set.now += per / 10
  assert.equal(one.recovered(spent), false)
  set.now += per / 5
  assert.equal(one.recovered(spent), true)
  set.free = 0
  assert.equal(one.recovered(spent), false)
})

test('nothing is taken below the floor of free disk, which is a share of a small disk', () => {
  const { set, intake: one } = intake()
  for (const [total, floor] of [
    [1000 * diskFloor, diskFloor],
    [diskFloor, diskFloor * diskFloorShare],
  ] as const) {
    Object.assign(set, { total, free: floor - 1 })
    assert.deepEqual(one.admit(kept, 1), { held: 'disk-full' })
    set.free = floor
    assert.ok('allowance' in one.admit(kept, 1))
  }
})

test('what arrives faster than it may is looked at later; one that waits is counted once', () => {
  const { set, intake: one } = intake()
  const { tokens: burst, per: refill } = chatLimits.chatArriving
  assert.equal(one.wait(burst), 0)
  assert.equal(one.wait(burst / 2), refill / 2)
  assert.equal(one.wait(burst / 2), refill / 2)
  set.clock += refill / 2
  assert.equal(one.wait(burst / 2), 0)
  assert.equal(one.wait(1), 1)
})
