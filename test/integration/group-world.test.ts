/**
 * Groups of 2 to 20 members in many worlds: see test/support/group-world.ts. `QUORUM_SEED` runs the world of that seed,
 * `QUORUM_WORLDS` sets how many follow from it, `QUORUM_MEMBERS` how large each is, `QUORUM_TRACE` tells what happens.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Chains } from '../../protocol/group/chains.ts'
import { groupLimits } from '../../protocol/group/limits.ts'
import { GroupWorld, type Outcome } from '../support/group-world.ts'
import { change } from '../support/numbers.ts'

const first = Number(process.env.QUORUM_SEED ?? 1)
const worlds = Number(process.env.QUORUM_WORLDS ?? (process.env.QUORUM_SEED == null ? 300 : 1))
const together = 50

function membersOf(seed: number): number {
  return Number(process.env.QUORUM_MEMBERS ?? 2 + (seed % 19))
}

function run(t: TestContext, seeds: Iterable<number>): Outcome[] {
  const failing: Outcome[] = []
  let [said, shown] = [0, 0]
  for (const seed of seeds) {
    const log = process.env.QUORUM_TRACE == null ? undefined : (...what: unknown[]) => console.log(...what)
    const outcome = new GroupWorld(seed, membersOf(seed), log).run()
    said += outcome.said
    shown += outcome.shown
    if (outcome.faults.length === 0) continue
    t.diagnostic(`QUORUM_SEED=${seed}: ${outcome.faults.slice(0, 3).join('; ')}`)
    failing.push(outcome)
  }
  t.diagnostic(`${said} messages, ${shown} of them shown in the end`)
  return failing
}

for (let from = first; from < first + worlds; from += together) {
  const count = Math.min(together, first + worlds - from)
  test(`groups in worlds ${from} to ${from + count - 1}: the same members and messages everywhere`, (t) => {
    assert.deepEqual(
      run(
        t,
        Array.from({ length: count }, (_, at) => from + at),
      ),
      [],
    )
  })
}

test('groups in worlds 2628 and 3846, which failed once', (t) => {
  assert.deepEqual(run(t, [2628, 3846]), [])
})

/** Each rule is there because without it some world fails. */
const rules: [rule: string, without: (t: TestContext) => void][] = [
  [
    'an entry is taken only when all is held that it knew of the ledger',
    (t) => {
      const { mayCount } = Chains.prototype
      t.mock.method(Chains.prototype, 'mayCount', function (this: Chains, entry: Parameters<typeof mayCount>[0]) {
        return mayCount.call(this, { ...entry, ledger: [] })
      })
    },
  ],
  [
    'a lamport that is too large is not taken, nor counted on from',
    (t) => change(t, groupLimits, { lamportTaken: Infinity, lamportFollowed: Infinity }),
  ],
]

for (const [rule, without] of rules) {
  test(`without the rule that ${rule}, some world fails`, (t) => {
    without(t)
    for (let seed = 1; seed <= 400; seed += 1) {
      const { faults } = new GroupWorld(seed, membersOf(seed)).run()
      if (faults.length === 0) continue
      t.diagnostic(`world ${seed}: ${faults.slice(0, 3).join('; ')}`)
      return
    }
    assert.fail('no world needs it')
  })
}
