/** What a relay counts: a day's amount and its end, what an earlier run relayed, and how concentrated the use is. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { day, hour } from '../../../protocol/base/units.ts'
import { netLimits } from '../../../protocol/net/limits.ts'
import { RelayUsage, type RelayUsageOptions } from '../../../protocol/net/relay-usage.ts'
import { change } from '../../support/numbers.ts'

/** At noon of day 20,000. */
function usage(options: RelayUsageOptions = {}) {
  const clock = { now: 20_000 * day + 12 * hour }
  const told: boolean[] = []
  const counted = new RelayUsage({ now: () => clock.now, onSpent: (spent) => told.push(spent), ...options })
  return { clock, told, counted, carry: counted.meter(['alice', 'bob'], ['192.0.2.1', '192.0.2.2']) }
}

test('a day’s amount is used up once, and there is a new one at midnight', () => {
  const { clock, told, counted, carry } = usage({ perDay: 1000 })
  carry(999)
  assert.equal(counted.spent, false)
  carry(1)
  carry(5)
  assert.deepEqual([counted.spent, counted.today, told], [true, { day: 20_000, bytes: 1005 }, [true]])
  clock.now += 12 * hour - 1
  assert.equal(counted.spent, true)
  clock.now += 1
  assert.deepEqual([counted.spent, counted.today, told], [false, { day: 20_001, bytes: 0 }, [true, false]])
  carry(10)
  assert.deepEqual([counted.today.bytes, counted.total], [10, 1015])
})

test('without an amount nothing is ever used up', () => {
  const { told, counted, carry } = usage()
  carry(Number.MAX_SAFE_INTEGER)
  assert.deepEqual([counted.spent, told], [false, []])
})

test('what an earlier run relayed today counts, what it relayed on another day does not', () => {
  for (const [before, bytes] of [
    [{ day: 20_000, bytes: 900 }, 900],
    [{ day: 19_999, bytes: 900 }, 0],
    [{ day: 20_001, bytes: 900 }, 0],
  ] as const) {
    const { counted } = usage({ perDay: 900, before })
    assert.deepEqual([counted.today.bytes, counted.spent, counted.total], [bytes, bytes === 900, 0])
  }
})

test('shares tell how many had how much, and which part the first ones had, by peer and by address', () => {
  const { clock, counted, carry } = usage()
  carry(2_000_000_000)
  counted.meter(['carol', 'alice'], ['192.0.2.3', '192.0.2.3'])(500_000)
  const { peers, addresses } = counted.shares
  assert.deepEqual(peers.more, { 0: 3, 1e6: 2, 1e7: 2, 1e8: 2, 1e9: 2, 1e10: 0, 1e11: 0 })
  assert.equal(peers.top[1], 2_000_500_000 / 4_001_000_000)
  assert.equal(peers.top[10], 1)
  // Both ends of one address: once.
  assert.deepEqual([addresses.more[0], addresses.more[1e6]], [3, 2])
  assert.equal(addresses.top[1], 2_000_000_000 / 4_000_500_000)
  clock.now += day
  assert.deepEqual([counted.shares.peers.more[0], counted.shares.addresses.top[1]], [0, 0])
})

test('shares name nobody, and what is kept for them has a bound', (t: TestContext) => {
  change(t, netLimits, { relayedCounted: 2 })
  const { counted, carry } = usage()
  carry(10)
  counted.meter(['carol', 'alice'], ['192.0.2.9'])(10)
  assert.deepEqual([counted.shares.peers.more[0], counted.shares.peers.top[1]], [2, 20 / 30])
  assert.doesNotMatch(JSON.stringify(counted.shares), /alice|192\.0\.2/)
})
