/**
 * Two friends who are never or seldom there together, in many worlds: see test/support/away-world.ts. `QUORUM_SEED`
 * runs the world of that seed, `QUORUM_WORLDS` sets how many follow from it, `QUORUM_TRACE` tells what happens in them.
 */
import assert from 'node:assert/strict'
import { mock, test, type TestContext } from 'node:test'
import { KiB } from '../../protocol/base/units.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { Outbox } from '../../protocol/chat/outbox.ts'
import { Words } from '../../protocol/chat/words.ts'
import { mailboxLimits } from '../../protocol/mailbox/limits.ts'
import { World, type Outcome } from '../support/away-world.ts'
import { change } from '../support/numbers.ts'

const first = Number(process.env.QUORUM_SEED ?? 1)
const worlds = Number(process.env.QUORUM_WORLDS ?? (process.env.QUORUM_SEED == null ? 200 : 1))
const together = 20

/** For the time of one test: others may run in this process. */
function prepare(t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.after(() => mock.timers.reset())
  // An earlier version names no features, and says nothing of parcels.
  const { tell } = Words.prototype
  t.mock.method(Words.prototype, 'tell', function (this: Words, ...args: Parameters<Words['tell']>) {
    const { mail, ...word } = tell.apply(this, args)
    return word.name === 'older' ? { ...word, features: [] } : { ...word, ...(mail == null ? {} : { mail }) }
  })
}

/** A tenth and less of the real bounds, in the same proportions: they are met sooner, and each step costs less. */
const smallBounds = {
  keysTogether: 12,
  keysInParcel: 4,
  keysMissing: 2,
  keysKept: 25,
  keysGiven: 50,
  parcelsOut: 20,
  parcelsOutBytes: 300 * KiB,
  parcelBodies: 8,
  parcelBodyBytes: 70 * KiB,
}
const smallBox = { perTicket: { parcels: 40, bytes: 400 * KiB } }

async function run(t: TestContext, seeds: Iterable<number>): Promise<Outcome[]> {
  const failing: Outcome[] = []
  for (const seed of seeds) {
    const log = process.env.QUORUM_TRACE == null ? undefined : (...what: unknown[]) => console.log(...what)
    const outcome = await new World(seed, log).run()
    if (outcome.faults.length === 0) continue
    t.diagnostic(`QUORUM_SEED=${seed}: ${outcome.faults.join('; ')}`)
    failing.push(outcome)
  }
  return failing
}

const seeds = Array.from({ length: worlds }, (_, at) => first + at)
const large = seeds.filter((seed) => seed % 10 === 0)
const small = seeds.filter((seed) => seed % 10 !== 0)

for (let from = 0; from < small.length; from += together) {
  const some = small.slice(from, from + together)
  test(`friends who are away, worlds ${some[0]} to ${some.at(-1)}: everything arrives, once`, async (t) => {
    prepare(t)
    change(t, chatLimits, smallBounds)
    change(t, mailboxLimits, smallBox)
    assert.deepEqual(await run(t, some), [])
  })
}

/**
 * Worlds that failed once: holes reported at each start; a message that neither has, and that is counted; an older copy
 * that has nothing to write, and a friend who counts as delivered what only the other copy got.
 */
const failedOnce = [5073, 675, 6013]

test(`friends who are away, worlds ${failedOnce.join(', ')}, which failed once`, async (t) => {
  prepare(t)
  change(t, chatLimits, smallBounds)
  change(t, mailboxLimits, smallBox)
  assert.deepEqual(await run(t, failedOnce), [])
})

if (large.length > 0) {
  test(`friends who are away, worlds ${large[0]} to ${large.at(-1)} with the real bounds`, async (t) => {
    prepare(t)
    assert.deepEqual(await run(t, large), [])
  })
}

/** Takes one rule out of the real parts for the time of a test. */
type Without = (t: TestContext) => void

/** Each rule is there because without it some world fails; with a world that does. */
const rules: [rule: string, world: number, without: Without][] = [
  ['only the newest word counts', 3, (t) => replace(t, Words.prototype, 'hear', (hear) => (word) => hear(word, true))],
  [
    'what does not open is told',
    5,
    (t) => replace(t, Words.prototype, 'owe', (owe) => (news) => owe(news?.unopened == null ? news : {})),
  ],
  ['a writer adopts what its friend holds', 7, (t) => replace(t, Outbox.prototype, 'compare', () => () => undefined)],
  ['without a receipt the same bytes are left again', 3, (t) => change(t, chatLimits, { parcelAgain: Infinity })],
  ['a parcel that is known is answered again', 9, (t) => change(t, chatLimits, { parcelAnswered: Infinity })],
  [
    'who has no ticket or no key says where it stands',
    3,
    (t) => replace(t, Words.prototype, 'stand', () => () => undefined),
  ],
]

for (const [rule, world, without] of rules) {
  test(`without the rule that ${rule}, some world fails`, async (t) => {
    prepare(t)
    change(t, chatLimits, smallBounds)
    change(t, mailboxLimits, smallBox)
    without(t)
    for (let seed = world; seed < world + 20; seed += 1) {
      const { faults } = await new World(seed).run({ firstFault: true })
      if (faults.length === 0) continue
      t.diagnostic(`world ${seed}: ${faults.join('; ')}`)
      return
    }
    assert.fail('no world needs it')
  })
}

/** Replaces a method for the time of the test; `by` gets the original one. */
function replace<T extends object, K extends keyof T>(
  t: TestContext,
  prototype: T,
  name: K,
  by: (original: T[K]) => T[K],
): void {
  const original = prototype[name] as (...args: unknown[]) => unknown
  t.mock.method(
    prototype,
    name as never,
    function (this: T, ...args: unknown[]) {
      const bound = (...rest: unknown[]): unknown => original.apply(this, rest)
      return (by(bound as T[K]) as typeof original)(...args)
    } as never,
  )
}
