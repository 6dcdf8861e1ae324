/** How much of one friend is taken: the allowance, what comes back of it, the disk, and how fast it is looked at. */
import { diskFloor, diskFloorShare } from '../../../protocol/base/disk-floor.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { day } from '../../../protocol/base/units.ts'
import { Intake } from '../../../protocol/chat/intake.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'

const { tokens, per } = chatLimits.chatNewBytes
const { messageCost, searchCost, searchedBytes } = chatLimits
const long = 64_000
const ofLong = long + searchCost * searchedBytes + messageCost
const ofShort = (bytes: number): number => bytes * (1 + searchCost) + messageCost
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
    const admitted = one.admit(allowance, long)
    if ('held' in admitted) {
      assert.equal(admitted.held, 'too-much')
      break
    }
    allowance = admitted.allowance
    messages += 1
  }
  assert.equal(messages, Math.floor(tokens / ofLong))
  assert.ok('held' in one.admit({ ...kept, taken: tokens, takenAt: 1000 * day }, 0), 'an empty one has a cost too')
})

test('the allowance comes back evenly; a clock that was set back gives nothing and takes nothing', () => {
  const { set, intake: one } = intake()
  const spent = { taken: tokens, takenAt: set.now }
  set.now += per / 4
  const later = one.admit(spent, 1000)
  assert.ok('allowance' in later)
  assert.equal(later.allowance.taken, (tokens * 3) / 4 + ofShort(1000))
  assert.equal(later.allowance.takenAt, set.now)
  set.now -= 500 * day
  assert.deepEqual(one.admit(spent, 1), { held: 'too-much' })
  set.now += 600 * day
  const afterLong = one.admit(spent, 1)
  assert.ok('allowance' in afterLong)
  assert.equal(afterLong.allowance.taken, ofShort(1))
})

test('an offer of files counts for more, since it may have to be refused in words', () => {
  const { intake: one } = intake()
  const admitted = one.admit(kept, 1000, true)
  assert.ok('allowance' in admitted)
  assert.equal(admitted.allowance.taken, ofShort(1000) + chatLimits.offerCost)
})

test('what arrives together is divided into parts that are stored at once, in order', () => {
  const { intake: one } = intake()
  const most = Math.floor(chatLimits.chatTogether / ofShort(258))
  const frames = Array.from({ length: 2 * most + 1 }, () => new Uint8Array(258))
  const parts = one.parts(frames)
  assert.deepEqual(
    parts.map(({ length }) => length),
    [most, most, 1],
  )
  assert.ok(parts.flat().every((frame, at) => frame === frames[at]))
  assert.deepEqual(one.parts([]), [])
  const large = [new Uint8Array(chatLimits.chatFrame), new Uint8Array(chatLimits.chatFrame)]
  assert.deepEqual(
    one.parts(large),
    large.map((frame) => [frame]),
  )
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
  const half = burst / 2 - searchCost * searchedBytes - messageCost
  assert.equal(one.wait([half, half]), 0)
  assert.equal(one.wait([half]), refill / 2)
  assert.equal(one.wait([half]), refill / 2)
  set.clock += refill / 2
  assert.equal(one.wait([half]), 0)
  assert.ok(one.wait([1]) > 0)
  set.clock += refill
  assert.equal(one.wait([10 * burst]), 0, 'more than a burst waits no longer than for a whole one')
})

test('many short messages cost what the search takes of them', () => {
  const { intake: one } = intake()
  const frames = Array.from({ length: 4000 }, () => 1000)
  assert.ok(one.wait(frames) === 0 && one.wait([1]) > 0, 'four million bytes of them are more than a burst')
})
