/** The pace of attempts to reach friends that are away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { TryQueue } from '../../../protocol/paths/try-queue.ts'

test('some attempts are made at once, the others take turns at the rate; a skipped wait takes none', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const queue = new TryQueue({ tokens: 3, per: 300 })
  const tried: string[] = []
  for (const peer of 'abcdef') void queue.take(peer).then(() => tried.push(peer))
  const after = async (ms: number) => {
    t.mock.timers.tick(ms)
    await setImmediate()
    return tried.join('')
  }
  assert.equal(await after(0), 'abc')
  assert.equal(await after(100), 'abcd')
  assert.equal(queue.skip('f'), true)
  assert.equal(queue.skip('f'), false)
  assert.equal(await after(0), 'abcdf')
  assert.equal(await after(100), 'abcdfe')
  // Idle, it saves up no more than it began with.
  await after(10_000)
  for (const peer of 'ghij') void queue.take(peer).then(() => tried.push(peer))
  assert.equal(await after(0), 'abcdfeghi')
  queue.stop()
  assert.equal(await after(0), 'abcdfeghij')
})
