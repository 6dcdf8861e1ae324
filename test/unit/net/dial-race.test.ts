/** Which dials a race starts, which one wins, and which of the others it ends. The dials are answered by the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { raceDials, type DialRace } from '../../../protocol/net/dial-race.ts'
import { netLimits } from '../../../protocol/net/limits.ts'
import { until } from '../../support/network.ts'

interface Dial {
  at: number
  over: AbortSignal
  answer(): Connection
  fail(): void
}

/** So many that the last one starts ten seconds after the first, which no test waits for. */
const many = Array.from({ length: 100 }, (_, index) => `address ${index}`)

function race(options: Partial<DialRace>) {
  const dials = new Map<string, Dial>()
  const made = raceDials({
    addresses: [],
    signal: new AbortController().signal,
    dial: (address, over) => {
      const { promise, resolve, reject } = Promise.withResolvers<Connection>()
      const answer = (): Connection => {
        const connection = { id: address } as Connection
        resolve(connection)
        return connection
      }
      dials.set(address, { at: performance.now(), over, answer, fail: () => reject(new Error(address)) })
      return promise
    },
    ...options,
  })
  const dial = async (address: string): Promise<Dial> => {
    await until(() => dials.has(address), `${address} is dialled`)
    return dials.get(address) ?? assert.fail()
  }
  return { made, dials, dial }
}

test('addresses start one after another without waiting for an answer, circuits after their delay', async () => {
  const circuitsAfter = 5 * netLimits.dialStagger
  const { made, dial } = race({ addresses: ['one', 'two'], circuits: ['by a', 'by b'], circuitsAfter })
  const [one, two, a, b] = [await dial('one'), await dial('two'), await dial('by a'), await dial('by b')]
  // Timers may fire a millisecond early by this clock.
  assert.ok(two.at - one.at >= netLimits.dialStagger - 2, `${two.at - one.at}`)
  for (const { at } of [a, b]) assert.ok(at - one.at >= circuitsAfter - 2, `${at - one.at}`)
  const connection = two.answer()
  assert.equal(await made, connection)
})

test('a direct answer ends every other dial, also those that have not begun', async () => {
  const { made, dials, dial } = race({ addresses: ['one', 'two', ...many], circuits: ['by a'], circuitsAfter: 0 })
  const [one, two, a] = [await dial('one'), await dial('two'), await dial('by a')]
  const connection = two.answer()
  assert.equal(await made, connection)
  assert.deepEqual([one.over.aborted, a.over.aborted], [true, true])
  assert.ok(!dials.has('address 99'))
})

test('a circuit ends the other circuits, while direct dials go on', async () => {
  const { made, dial } = race({ addresses: ['one'], circuits: ['by a', 'by b'] })
  const [one, a, b] = [await dial('one'), await dial('by a'), await dial('by b')]
  const connection = a.answer()
  assert.equal(await made, connection)
  assert.deepEqual([one.over.aborted, b.over.aborted], [false, true])
})

test('a direct connection that comes second is handed over, not lost', async () => {
  const surplus: Connection[] = []
  const { made, dial } = race({ addresses: ['one', 'two'], surplus: (connection) => surplus.push(connection) })
  const [one, two] = [await dial('one'), await dial('two')]
  const [first, second] = [one.answer(), two.answer()]
  assert.equal(await made, first)
  await until(() => surplus.length > 0, 'the second is handed over')
  assert.deepEqual(surplus, [second])
})

test('when all fail it reports every error in order; its signal ends what is running and what waits', async () => {
  const all = race({ addresses: ['one', 'two'], circuits: ['by a'] })
  for (const address of ['by a', 'two', 'one']) (await all.dial(address)).fail()
  await assert.rejects(all.made, (error) => {
    assert.ok(error instanceof AggregateError)
    assert.deepEqual(
      error.errors.map((one: Error) => one.message),
      ['one', 'two', 'by a'],
    )
    return true
  })
  const stop = new AbortController()
  const stopped = race({ addresses: ['one', ...many], signal: stop.signal })
  const one = await stopped.dial('one')
  stop.abort(new Error('stopped'))
  assert.ok(one.over.aborted)
  for (const { fail } of stopped.dials.values()) fail()
  await assert.rejects(stopped.made, AggregateError)
  assert.ok(!stopped.dials.has('address 99'))
})
