/**
 * Which dials a race starts, which one wins, and which of the others it ends. The test answers the dials and advances
 * the clock.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { raceDials, type DialRace } from '../../../protocol/net/dial-race.ts'
import { netLimits } from '../../../protocol/net/limits.ts'

const stagger = netLimits.dialStagger

interface Dial {
  over: AbortSignal
  answer(): Connection
  fail(): void
}

async function race(t: TestContext, options: Partial<DialRace>) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
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
      dials.set(address, { over, answer, fail: () => reject(new Error(address)) })
      return promise
    },
    ...options,
  })
  await setImmediate()
  return {
    made,
    started: () => [...dials.keys()],
    dial: (address: string): Dial => dials.get(address) ?? assert.fail(`${address} is not dialled`),
    advance: async (ms: number) => {
      t.mock.timers.tick(ms)
      await setImmediate()
    },
  }
}

test('addresses start one after another without waiting for an answer, circuits after their delay', async (t) => {
  const circuitsAfter = 3 * stagger
  const all = { addresses: ['one', 'two'], circuits: ['by a', 'by b'], circuitsAfter }
  const { made, started, dial, advance } = await race(t, all)
  assert.deepEqual(started(), ['one'])
  await advance(stagger - 1)
  assert.deepEqual(started(), ['one'])
  await advance(1)
  assert.deepEqual(started(), ['one', 'two'])
  await advance(2 * stagger - 1)
  assert.deepEqual(started(), ['one', 'two'])
  await advance(1)
  assert.deepEqual(started(), ['one', 'two', 'by a', 'by b'])
  const connection = dial('two').answer()
  assert.equal(await made, connection)
})

test('a direct answer ends every other dial, also those that have not begun', async (t) => {
  const { made, started, dial, advance } = await race(t, { addresses: ['one', 'two', 'late'], circuits: ['by a'] })
  await advance(stagger)
  const connection = dial('two').answer()
  assert.equal(await made, connection)
  assert.deepEqual([dial('one').over.aborted, dial('by a').over.aborted], [true, true])
  await advance(stagger)
  assert.deepEqual(started().toSorted(), ['by a', 'one', 'two'])
})

test('a circuit ends the other circuits, while direct dials go on', async (t) => {
  const { made, started, dial, advance } = await race(t, { addresses: ['one', 'two'], circuits: ['by a', 'by b'] })
  const connection = dial('by a').answer()
  assert.equal(await made, connection)
  assert.deepEqual([dial('one').over.aborted, dial('by b').over.aborted], [false, true])
  await advance(stagger)
  assert.ok(started().includes('two'))
})

test('a second direct connection is handed over, not lost', async (t) => {
  const surplus: Connection[] = []
  const options = { addresses: ['one', 'two'], surplus: (connection: Connection) => surplus.push(connection) }
  const { made, dial, advance } = await race(t, options)
  await advance(stagger)
  const [first, second] = [dial('one').answer(), dial('two').answer()]
  assert.equal(await made, first)
  await setImmediate()
  assert.deepEqual(surplus, [second])
})

test('when all dials fail, every error is reported, in the order of the addresses', async (t) => {
  const { made, dial, advance } = await race(t, { addresses: ['one', 'two'], circuits: ['by a'] })
  await advance(stagger)
  for (const address of ['by a', 'two', 'one']) dial(address).fail()
  await assert.rejects(made, (error) => {
    assert.ok(error instanceof AggregateError)
    assert.deepEqual(
      error.errors.map((one: Error) => one.message),
      ['one', 'two', 'by a'],
    )
    return true
  })
})

test('the signal of the race ends the dials that run and those that wait', async (t) => {
  const stop = new AbortController()
  const { made, started, dial, advance } = await race(t, { addresses: ['one', 'two'], signal: stop.signal })
  stop.abort(new Error('stopped'))
  assert.ok(dial('one').over.aborted)
  dial('one').fail()
  await assert.rejects(made, AggregateError)
  await advance(stagger)
  assert.deepEqual(started(), ['one'])
})
