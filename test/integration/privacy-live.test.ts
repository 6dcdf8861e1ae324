/** A privacy choice that changes while a peer runs applies when the call returns, also to connections that are open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '../../protocol/index.ts'
import { inviteFromLink } from '../../protocol/identity/invite-link.ts'
import { friendProtocol } from '../../protocol/net/policy.ts'
import { startAttacker } from '../support/attacker.ts'
import { befriend, online, pathBetween, startNode, startPeer, tell, until } from '../support/network.ts'

test('hiding the address while the peer runs: no socket, no direct connection, no address sent; and back', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const seen = openMemoryStore()
  const ours = openMemoryStore()
  const alice = await startPeer(t, { nodes, store: ours })
  const bob = await startPeer(t, { nodes, store: seen })
  await befriend(alice, bob)
  const path = async (wanted: string): Promise<boolean> =>
    (await pathBetween(alice, bob)).every((one) => one === wanted)
  const announced = (): number => seen.friend(alice.id)?.addresses.length ?? 0
  await until(() => path('direct'), 'they are direct')
  await until(() => announced() > 0, 'and Bob knows where')
  const [address] = (await alice.self()).listen
  const invited = async (): Promise<readonly string[]> => inviteFromLink((await alice.invite({})).link).addresses
  assert.notDeepEqual(await invited(), [])

  const hidden = await alice.setPrivacy({ direct: 'never' })
  assert.deepEqual(await invited(), [], 'an invite contains no address')
  assert.equal(hidden.privacy.direct, 'never')
  assert.deepEqual(hidden.listen, [])
  assert.notEqual((await alice.connection({ peer: bob.id })).path, 'direct')
  const attacker = await startAttacker(t)
  await assert.rejects(attacker.dial(address ?? ''))
  await until(() => announced() === 0, 'Bob is told no address any more')
  await until(() => path('relayed'), 'they talk through the node')
  await online(alice, bob)
  await tell(alice, bob, 'from nowhere')
  assert.ok(alice.events.some(({ event, data }) => event === 'privacy-changed' && data.direct === 'never'))

  const shown = await alice.setPrivacy({ direct: 'auto' })
  assert.equal(shown.privacy.direct, 'auto')
  assert.notEqual(shown.listen.length, 0)
  await until(() => path('direct'), 'they are direct again')
  const visitor = await startAttacker(t)
  await visitor.open(await visitor.dial(shown.listen[0] ?? ''), friendProtocol)
})

test('"verified friends only", chosen while the peer runs, refuses every other peer', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const alice = await startPeer(t, { nodes })
  const bob = await startPeer(t, { nodes })
  await befriend(alice, bob)
  await until(async () => (await pathBetween(alice, bob)).join() === 'direct,direct', 'they are direct')
  const { listen } = await alice.setPrivacy({ direct: 'verified' })
  assert.notEqual((await alice.connection({ peer: bob.id })).path, 'direct')
  const attacker = await startAttacker(t)
  await assert.rejects(attacker.dial(listen[0] ?? '').then((connection) => attacker.open(connection, friendProtocol)))
  await until(async () => (await pathBetween(alice, bob)).join() === 'relayed,relayed', 'through the node')
  await tell(bob, alice, 'farther')
})

test('receipts and typing marks stop with the call that turns them off', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const alice = await startPeer(t, { nodes })
  const bob = await startPeer(t, { nodes })
  await befriend(alice, bob)
  await tell(bob, alice, 'have you read this?')
  await alice.setPrivacy({ readReceipts: false, typingMarks: false })
  const [question] = await alice.messages({ peer: bob.id })
  await alice.typing({ peer: bob.id, active: true })
  await alice.markRead({ peer: bob.id, upTo: question?.id ?? '' })
  await tell(alice, bob, 'no')
  await tell(bob, alice, 'I see')
  assert.deepEqual(
    (await bob.messages({ peer: alice.id })).map(({ state }) => state),
    ['delivered', 'delivered', 'delivered'],
  )
  assert.ok(!bob.events.some(({ event }) => event === 'typing'))
  await alice.setPrivacy({ readReceipts: true })
  await until(async () => (await bob.messages({ peer: alice.id }))[0]?.state === 'read', 'told once it is allowed')
})

test('an option holds for one run; a call holds for every run, including the current one', async (t) => {
  const store = openMemoryStore()
  // A peer closes its store when it stops, and a memory store loses its data then: `close` does nothing here.
  const reusable = Object.assign(Object.create(store) as typeof store, { close: () => undefined })
  t.after(() => store.close())
  const first = await startPeer(t, { store: reusable, direct: 'never', upnp: false })
  assert.deepEqual((await first.self()).privacy, {
    direct: 'never',
    lan: true,
    upnp: false,
    mdns: false,
    readReceipts: true,
    typingMarks: true,
  })
  assert.equal((await first.setPrivacy({ direct: 'verified', readReceipts: false })).privacy.direct, 'verified')
  assert.notEqual((await first.self()).listen.length, 0)
  await first.stop()

  const { privacy } = await (await startPeer(t, { store: reusable })).self()
  assert.equal(privacy.direct, 'verified')
  assert.equal(privacy.readReceipts, false)
  assert.equal(privacy.upnp, true, 'what was given for one run is not kept')
})

test('a request that waits for an absent peer is delivered without the address that was hidden meanwhile', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const seen = openMemoryStore()
  const reusable = Object.assign(Object.create(seen) as typeof seen, { close: () => undefined })
  t.after(() => seen.close())
  const bob = await startPeer(t, { nodes, store: reusable })
  await bob.stop()
  // Only this peer runs, so that the request cannot be delivered before the choice changes.
  const alice = await startPeer(t, {})
  await alice.requestFriend({ to: bob.id })
  await alice.setPrivacy({ direct: 'never' })
  await startPeer(t, { nodes, store: reusable })
  await alice.addNode({ address: nodes[0] ?? '' })
  await until(() => seen.friend(alice.id)?.state === 'incoming', 'the request arrives')
  assert.deepEqual(seen.friend(alice.id)?.addresses, [])
})
