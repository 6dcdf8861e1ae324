/** When a friend without a working path gets a dial request: at once, then at growing intervals, at a bounded rate. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { directoryRates } from '../../../protocol/directory/limits.ts'
import { silent } from '../../../protocol/base/log.ts'
import { ConnectionReversals } from '../../../protocol/paths/connection-reversal.ts'

function world(addresses: string[] = ['/ip4/192.0.2.7/tcp/1']) {
  const asked: string[] = []
  const clock = { now: 0 }
  const reversals = new ConnectionReversals({
    addresses: () => addresses,
    write: (peer) => Buffer.from(peer),
    push: async (peer, content) => {
      assert.equal(Buffer.from(content).toString(), peer)
      asked.push(peer)
    },
    log: silent,
    now: () => clock.now,
    random: () => 1,
  })
  return { reversals, asked, clock }
}

test('a friend gets a dial request at once, and again after growing intervals', async () => {
  const { reversals, asked, clock } = world()
  const { first, longest } = pathLimits.dialMeRetry
  const waits: number[] = []
  let last = 0
  for (let n = 1; n < 12; n += 1) {
    while (asked.length < n) {
      clock.now += first / 2
      await reversals.ask('ben')
    }
    waits.push(clock.now - last)
    last = clock.now
  }
  assert.deepEqual(waits.slice(1, 4), [first, 2 * first, 4 * first])
  assert.equal(Math.max(...waits), longest)
})

test('after a change of the network the friend gets a dial request at once', async () => {
  const { reversals, asked } = world()
  await reversals.ask('ben')
  await reversals.ask('ben')
  assert.equal(asked.length, 1)
  reversals.reset()
  await reversals.ask('ben')
  assert.equal(asked.length, 2)
})

test('a peer that cannot be dialled sends no dial requests', async () => {
  const { reversals, asked } = world([])
  await reversals.ask('ben')
  assert.deepEqual(asked, [])
})

test('a long list of absent friends leaves the node time for other work', async () => {
  const { reversals, asked } = world()
  for (let friend = 0; friend < 1000; friend += 1) await reversals.ask(`friend ${friend}`)
  assert.equal(asked.length, pathLimits.dialMes.tokens)
  assert.ok(pathLimits.dialMes.tokens < directoryRates.deliver.tokens)
})

test('an envelope that cannot be written is no error', async () => {
  const failing = new ConnectionReversals({
    addresses: () => ['/ip4/192.0.2.7/tcp/1'],
    write: () => assert.fail('the disk is full'),
    push: () => assert.fail('not even written'),
    log: silent,
  })
  await failing.ask('ben')
})
