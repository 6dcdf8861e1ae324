/** Two programs run with one identity at the same node: a person is told, in one line and once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { ReplacedSessions } from '../../protocol/directory/replaced-sessions.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { startNode, startPeer, until, type TestPeer } from '../support/network.ts'

const warnings = ({ events }: TestPeer): string[] =>
  events.flatMap((one) => (one.event === 'warning' ? one.data.code : []))

test('102: two copies of a profile run, and both say so', async (t) => {
  const node = await startNode(t)
  const nodes = [node.addresses()[0] ?? assert.fail()]
  const copy = (): ReturnType<typeof openMemoryStore> => {
    const store = openMemoryStore()
    store.setSetting('seed', Buffer.alloc(32, 7))
    return store
  }
  const one = await startPeer(t, { nodes, store: copy() })
  await until(async () => (await one.self()).nodes[0]?.state === 'connected', 'one is connected')
  const two = await startPeer(t, { nodes, store: copy() })
  assert.equal(one.id, two.id)
  await until(() => [one, two].every((peer) => warnings(peer).length > 0), 'both are told')
  for (const peer of [one, two]) assert.deepEqual(warnings(peer), ['profile-twice'])
})

test('a profile seems to run twice after so many sessions in so long, and this is said once', () => {
  let now = 0
  const said: string[] = []
  const replaced = new ReplacedSessions(
    ({ code }) => said.push(code),
    () => now,
  )
  const { most, within } = directoryLimits.sessionsReplaced
  for (let n = 1; n < 3 * most; n++) {
    assert.equal(replaced.ended(), false, 'rarely enough')
    now += within / (most - 1)
  }
  for (let n = 1; n < most - 2; n++) replaced.ended()
  assert.deepEqual(said, [])
  assert.equal(replaced.ended(), false, 'once more, for the other copy')
  assert.deepEqual(said, ['profile-twice'])
  assert.equal(replaced.ended(), true)
  assert.equal(replaced.ended(), true)
  now += within
  assert.equal(replaced.ended(), false)
  assert.deepEqual(said, ['profile-twice'])
})
