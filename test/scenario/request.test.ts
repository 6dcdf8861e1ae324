/**
 * How two people become friends: by every way of naming a peer, with either side away, with a node that restarts in
 * between, and without a node at all.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'

interface Cast {
  node: HeadlessNode
  alice: HeadlessPeer
  bob: HeadlessPeer
}

/** A running node, and two peers who know it and have not been started. */
async function cast(t: TestContext): Promise<Cast> {
  const stage = new Stage(t)
  const node = await new HeadlessNode(stage).start()
  const setup = { nodes: node.addresses }
  return { node, alice: new HeadlessPeer(stage, 'alice', setup), bob: new HeadlessPeer(stage, 'bob', setup) }
}

async function talkBothWays(a: HeadlessPeer, b: HeadlessPeer): Promise<void> {
  await talking(a, b)
  await Promise.all([a.send(b, `${a.name} was here`), b.send(a, `${b.name} was here`)])
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    await from.has(to, `${from.name} was here`, 'delivered')
    const { direction } = await to.has(from, `${from.name} was here`, 'delivered')
    assert.equal(direction, 'in')
  }
}

/** Every way of naming a peer. `name` runs while Bob is running, and returns the text that Alice types. */
const ways: { way: string; everOnline: boolean; name: (bob: HeadlessPeer) => Promise<string> }[] = [
  { way: 'link', everOnline: false, name: async (bob) => (await bob.call('invite', {})).link },
  { way: 'PeerId', everOnline: false, name: async (bob) => bob.id },
  { way: 'code', everOnline: true, name: async (bob) => (await bob.call('invite', {})).code.toLowerCase() },
  {
    way: 'handle',
    everOnline: true,
    name: async (bob) => (await bob.call('setProfile', { handle: 'bob.of-york' })).handle ?? '',
  },
]

for (const { way, everOnline, name } of ways) {
  const been = everOnline ? 'is away' : 'has never been online'
  test(`a request by ${way} to a peer that ${been} survives a restart of the node`, async (t) => {
    const { node, alice, bob } = await cast(t)
    // For a link he needs the node's address, but need not have been connected to the node.
    if (!everOnline) await node.stop()
    await bob.start()
    if (everOnline) await bob.event('node-state', ({ state }) => state === 'connected')
    const to = await name(bob)
    await bob.stop()
    if (!everOnline) await node.start()

    await alice.start()
    const requested = await alice.call('requestFriend', { to, note: `by ${way}` })
    assert.deepEqual([requested.peer, requested.state, requested.online], [bob.id, 'requested', false])
    await node.holds(1)
    await node.restart()
    await node.holds(1)

    await bob.start()
    const { state, ...request } = await bob.event('friend-request')
    assert.deepEqual([request.peer, request.name, request.note, state], [alice.id, 'alice', `by ${way}`, 'incoming'])
    assert.equal((await bob.call('acceptFriend', { peer: alice.id })).state, 'friend')
    await talkBothWays(alice, bob)
    const friend = await alice.friend(bob)
    assert.deepEqual([friend?.state, friend?.name], ['friend', 'bob'])
    await node.holds(0)
    await Promise.all([alice.stop(), bob.stop()])
  })
}

test('never both online before the end: asked, accepted and answered through a node that restarts each time', async (t) => {
  const { node, alice, bob } = await cast(t)
  await bob.start()
  const { link } = await bob.call('invite', { once: true })
  await bob.stop()

  await alice.start()
  await alice.call('requestFriend', { to: link })
  await node.holds(1)
  await alice.stop()
  await node.restart()

  await bob.start()
  await bob.event('friend-request', ({ peer }) => peer === alice.id)
  await node.holds(0)
  await bob.call('acceptFriend', { peer: alice.id })
  await node.holds(1)
  await bob.send(alice, 'waits for you')
  await bob.stop()
  await node.restart()

  await alice.start()
  await alice.event('friend-changed', ({ peer, state }) => peer === bob.id && state === 'friend')
  await alice.send(bob, 'waits for you too')
  await bob.start()
  await talkBothWays(alice, bob)
  await alice.has(bob, 'waits for you', 'delivered')
  await bob.has(alice, 'waits for you too', 'delivered')
})

test('asked and accepted while the node is down: both are delivered when it is back', async (t) => {
  const { node, alice, bob } = await cast(t)
  // Without direct paths everything goes through the node.
  for (const peer of [alice, bob]) peer.setup = { ...peer.setup, args: ['--direct', 'never'] }
  await Promise.all([alice.start(), bob.start()])
  const { link } = await bob.call('invite', {})
  await node.stop()
  await alice.event('node-state', ({ state }) => state === 'unreachable')
  assert.equal((await alice.call('requestFriend', { to: link })).state, 'requested')
  await alice.stop()
  await node.start()
  await alice.start()
  await bob.event('friend-request')

  await node.kill9()
  await bob.event('node-state', ({ state }) => state === 'unreachable')
  assert.equal((await bob.call('acceptFriend', { peer: alice.id })).state, 'friend')
  await bob.kill9()
  await bob.start()
  await node.start()
  await talkBothWays(alice, bob)
})

test('without any node: two peers that know only the direct address in an invite', async (t) => {
  const stage = new Stage(t)
  const [alice, bob] = [new HeadlessPeer(stage, 'alice'), new HeadlessPeer(stage, 'bob')]
  await Promise.all([alice.start(), bob.start()])
  const { link } = await bob.call('invite', {})
  await alice.call('requestFriend', { to: link, note: 'over the wire' })
  assert.equal((await bob.event('friend-request')).note, 'over the wire')
  await bob.call('acceptFriend', { peer: alice.id })
  await talkBothWays(alice, bob)
  assert.equal((await alice.call('connection', { peer: bob.id })).path, 'direct')
  assert.deepEqual((await alice.call('self')).nodes, [])

  // Her port has changed; she knows his address.
  await alice.kill9()
  await bob.sees(alice, false)
  await bob.send(alice, 'while you were away')
  await alice.start()
  await talking(alice, bob)
  await bob.has(alice, 'while you were away', 'delivered')
})
