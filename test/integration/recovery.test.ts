/**
 * A node is killed and restarted, and peers and nodes start in any order: all of them reconnect without manual action.
 * The test asserts the timers that decide the promised times in milliseconds. The actual duration depends on the load
 * of the machine, so it is only printed.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openSqliteStore } from '../../protocol/index.ts'
import { limits } from '../../protocol/base/limits.ts'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { folder, stageOwner } from '../support/cleanup.ts'
import { HeadlessNode } from '../support/headless.ts'
import type { LightPeers } from '../support/light-peers.ts'
import { Stage } from '../support/line-process.ts'
import {
  befriend,
  online,
  pathBetween,
  reservations,
  startPeer,
  tell,
  until,
  type TestPeer,
} from '../support/network.ts'
import { startWorker } from '../support/worker.ts'

/** Promised from the start of the node to the first message, in milliseconds: for two peers, and for 200. */
const twoAreBack = 15_000
const allAreBack = 30_000
const many = 200
const writing = 20

async function startHeadlessNode(t: TestContext): Promise<{ node: HeadlessNode; address: string }> {
  const node = await new HeadlessNode(new Stage(stageOwner(t))).start()
  return { node, address: node.addresses[0] ?? assert.fail() }
}

/** The clock runs from the moment the node was asked to start. */
function stopwatch(): () => string {
  const begun = performance.now()
  return () => `${((performance.now() - begun) / 1000).toFixed(1)} s`
}

test('the longest wait before a retry to a node that is down is within the promised time', () => {
  assert.ok(directoryLimits.nodeRetry.longest <= twoAreBack)
  assert.ok(directoryLimits.nodeRetry.longest + limits.friendRetry.first <= allAreBack)
})

test('after the node was killed, both peers are reserved again and exchange messages', async (t) => {
  const { node, address } = await startHeadlessNode(t)
  const alice = await startPeer(t, { nodes: [address], name: 'alice', direct: 'never' })
  const bob = await startPeer(t, { nodes: [address], name: 'bob', direct: 'never' })
  await befriend(alice, bob)
  await tell(alice, bob, 'before')

  for (const round of ['first', 'second']) {
    await node.kill9()
    await until(async () => (await alice.self()).nodes[0]?.state === 'unreachable', 'alice sees the node gone')
    const waiting = await bob.sendMessage({ peer: alice.id, text: `written without a node, ${round}` })
    assert.equal(waiting.state, 'queued')

    const elapsed = stopwatch()
    await node.start()
    await until(async () => (await reservations(alice, bob)) === 2, 'both are reserved')
    await online(alice, bob)
    await tell(alice, bob, `after, ${round}`)
    const arrived = async () => (await alice.messages({ peer: bob.id })).some(({ id }) => id === waiting.id)
    await until(arrived, 'what waited arrived')
    t.diagnostic(`the ${round} time both were back after ${elapsed()}; ${twoAreBack / 1000} s are promised`)
    assert.deepEqual(await pathBetween(alice, bob), ['relayed', 'relayed'])
  }
  assert.deepEqual(
    (await bob.messages({ peer: alice.id })).map(({ text }) => text),
    ['before', 'written without a node, first', 'after, first', 'written without a node, second', 'after, second'],
  )
})

test(`after the node was killed, ${many} peers are reserved again and exchange messages (threats.md 24)`, async (t) => {
  const { node, address } = await startHeadlessNode(t)
  const { calls } = startWorker<LightPeers>(t, 'light-peers')
  await calls.start(address, many)
  let state = { reserved: 0, online: 0 }
  const all = (what: string): Promise<void> =>
    until(
      async () => {
        state = await calls.state()
        return state.reserved === many && state.online === many
      },
      () => `${what}: ${JSON.stringify(state)} of ${many}`,
      () => JSON.stringify(state),
    )
  await all('all are there')
  assert.equal(await node.figure('quorum_reservations'), many)

  await node.kill9()
  await until(async () => (await calls.state()).online === 0, 'nobody is online')
  await calls.write('written without a node', writing)

  const elapsed = stopwatch()
  await node.start()
  await all('all are back')
  await calls.write('written after', writing)
  for (const text of ['written without a node', 'written after']) {
    let delivered = 0
    await until(
      async () => (delivered = await calls.delivered(text, writing)) === writing,
      () => `${text}: ${delivered} of ${writing} are delivered`,
      () => delivered,
    )
  }
  t.diagnostic(`all were back and had talked after ${elapsed()}; ${allAreBack / 1000} s are promised`)
  assert.equal(await node.figure('quorum_reservations'), many)
})

test('peers find each other in any start order of peers and node', async (t) => {
  const { node, address } = await startHeadlessNode(t)
  const profiles = { alice: folder(t), bob: folder(t) }
  const start = async (name: keyof typeof profiles): Promise<TestPeer> => {
    const store = await openSqliteStore({ directory: profiles[name] })
    return startPeer(t, { store, nodes: [address], name, direct: 'never' })
  }
  let [alice, bob] = [await start('alice'), await start('bob')]
  await befriend(alice, bob)

  type Party = 'node' | 'alice' | 'bob'
  const orders: Party[][] = [
    ['alice', 'node', 'bob'],
    ['bob', 'alice', 'node'],
    ['node', 'bob', 'alice'],
  ]
  for (const order of orders) {
    await Promise.all([alice.stop(), bob.stop()])
    await node.stop()
    for (const party of order) {
      if (party === 'node') await node.start()
      else if (party === 'alice') alice = await start('alice')
      else bob = await start('bob')
      // Each one has made its first attempt, and failed where it had to, before the next one starts.
      if (party !== 'node') {
        const self = party === 'alice' ? alice : bob
        await until(async () => (await self.self()).nodes[0]?.state !== 'connecting', `${party} has tried`)
      }
    }
    await online(alice, bob)
    await tell(alice, bob, order.join())
    await tell(bob, alice, order.join())
  }
})
