/**
 * Peers with two nodes: a reservation on both, and a conversation that survives the loss of either one. The test checks
 * the timers that decide the promised times in milliseconds. The actual duration is only printed.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { stageOwner } from '../support/cleanup.ts'
import { HeadlessNode } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { befriend, reservations, startNode, startPeer, tell, until } from '../support/network.ts'
import { startProxy } from '../support/proxy.ts'
import { portOf } from '../support/addresses.ts'
import { change } from '../support/numbers.ts'
import { directoryLimits } from '../../protocol/directory/limits.ts'

/** Promised time from the end of a node to the delivery of the next message, in milliseconds. */
const goesOn = 15_000

async function startTwo(t: TestContext): Promise<[HeadlessNode, HeadlessNode]> {
  const [one, two] = [new HeadlessNode(new Stage(stageOwner(t))), new HeadlessNode(new Stage(stageOwner(t)))]
  await Promise.all([one.start(), two.start()])
  return [one, two]
}

test('a silent node is detected, and another path is dialled, within the promised time', () => {
  assert.ok(chatLimits.receipt + netLimits.probe + limits.dialAddress <= goesOn)
})

/** A killed node is retried soon, so that the test waits no longer for it than for the other steps. */
function returnSoon(t: TestContext): void {
  change(t, directoryLimits, { nodeRetry: { first: 500, longest: 1000 } })
}

const addressOf = (node: HeadlessNode): string => node.addresses[0] ?? assert.fail('it does not listen')

test('with two nodes a peer is reserved on both, and the conversation survives the loss of either', async (t) => {
  returnSoon(t)
  const [one, two] = await startTwo(t)
  const nodes = [addressOf(one), addressOf(two)]
  const alice = await startPeer(t, { nodes, name: 'alice', direct: 'never' })
  const bob = await startPeer(t, { nodes, name: 'bob', direct: 'never' })
  const both = async (): Promise<boolean> => (await reservations(alice, bob)) === 4
  await until(both, 'both peers are reserved on both nodes')
  await befriend(alice, bob)
  const said: string[] = []
  const talk = async (text: string): Promise<void> => {
    const begun = performance.now()
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await tell(from, to, text)
      said.push(text)
    }
    t.diagnostic(`${text}: ${Math.round(performance.now() - begun)} ms`)
  }
  await talk('with both nodes')
  for (const round of ['first', 'second']) {
    // Kills the node that carries the conversation, because the loss of the other one changes nothing.
    const { via } = await alice.connection({ peer: bob.id })
    const carrying = via != null && addressOf(one).endsWith(via) ? one : two
    await carrying.kill9()
    await talk(`the carrying node was killed, ${round}`)
    const now = await alice.connection({ peer: bob.id })
    assert.equal(now.path, 'relayed')
    assert.notEqual(now.via, via)
    await carrying.start()
    await until(both, 'both peers are reserved on both nodes again')
    await talk(`both nodes are back, ${round}`)
  }
  for (const peer of [alice, bob]) {
    const other = peer === alice ? bob : alice
    assert.deepEqual(
      (await peer.messages({ peer: other.id })).map(({ text }) => text),
      said,
    )
  }
})

test('a node that stops answering without closing its connections is replaced by the other node', async (t) => {
  const links = await Promise.all(
    [await startNode(t), await startNode(t)].map(async (node) => {
      const [address = ''] = node.addresses()
      const proxy = await startProxy(t, portOf(address))
      return { peer: node.peer, proxy, address: address.replace(/tcp\/\d+/, `tcp/${proxy.port}`) }
    }),
  )
  const nodes = links.map(({ address }) => address)
  const [alice, bob] = [await startPeer(t, { nodes, direct: 'never' }), await startPeer(t, { nodes, direct: 'never' })]
  await until(async () => (await reservations(alice, bob)) === 4, 'all are reserved')
  await befriend(alice, bob)
  await tell(alice, bob, 'before')
  const { via } = await alice.connection({ peer: bob.id })
  links.find(({ peer }) => peer === via)?.proxy.silence()
  const begun = performance.now()
  await tell(alice, bob, 'into the silence')
  t.diagnostic(`went on after ${Math.round(performance.now() - begun)} ms`)
  await tell(bob, alice, 'and back')
  assert.equal((await bob.messages({ peer: alice.id })).length, 3)
})

test('peers on different nodes communicate through the node of the friend', async (t) => {
  const [ours, theirs] = [await startNode(t), await startNode(t)]
  const alice = await startPeer(t, { nodes: ours.addresses(), lan: false })
  const bob = await startPeer(t, { nodes: theirs.addresses(), lan: false })
  await until(async () => (await reservations(alice, bob)) === 2, 'each has a node of its own')
  await befriend(alice, bob)
  await tell(alice, bob, 'across')
  const { path, via } = await alice.connection({ peer: bob.id })
  assert.equal(path, 'relayed')
  assert.ok(via === ours.peer || via === theirs.peer)
  assert.deepEqual(
    (await alice.self()).nodes.map(({ peer }) => peer),
    [ours.peer],
    'the node of a friend is none of ours',
  )
})

test('a friend whose node failed is reached through its other node, by peers that use neither', async (t) => {
  returnSoon(t)
  const [one, two] = await startTwo(t)
  const own = await startNode(t)
  const alice = await startPeer(t, { nodes: [addressOf(one), addressOf(two)], lan: false })
  const bob = await startPeer(t, { nodes: own.addresses(), lan: false })
  await until(async () => (await reservations(alice, bob)) === 3, 'all are reserved')
  await befriend(alice, bob)
  await tell(bob, alice, 'before')
  for (const node of [one, two]) {
    await node.kill9()
    const begun = performance.now()
    await tell(bob, alice, 'after a kill')
    await tell(alice, bob, 'and back')
    t.diagnostic(`went on after ${Math.round(performance.now() - begun)} ms`)
    await node.start()
    await until(async () => (await reservations(alice)) === 2, 'alice is reserved on both again')
  }
})
