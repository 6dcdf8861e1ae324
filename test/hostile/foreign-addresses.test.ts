/**
 * Nodes and addresses that another peer names (docs/threats.md 74-76): with `--direct never` they lead this peer
 * nowhere, with `verified` only where a verified friend leads, and never into this machine.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { friendLimits } from '../../protocol/friend/limits.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { inviteToLink } from '../../protocol/identity/invite-link.ts'
import { Settings } from '../../protocol/identity/settings.ts'
import { openMemoryStore, QuorumError } from '../../protocol/index.ts'
import { guardProcess } from '../support/guard.ts'
import {
  befriend,
  friendOf,
  online,
  startNode,
  startOpenNode,
  startPeer,
  tell,
  until,
  type TestPeer,
} from '../support/network.ts'
import { honestly, startLyingNode } from '../support/lying-node.ts'
import { change } from '../support/numbers.ts'
import { trap } from '../support/trap.ts'

guardProcess()

/** Through nodes only, but without a choice that forbids any of them. */
const relayed = { lan: false } as const

async function advised(peer: TestPeer, friend: TestPeer, code: string): Promise<void> {
  const advice = async (): Promise<string | undefined> => (await peer.connection({ peer: friend.id })).adviceCode
  await until(async () => (await advice()) === code, `${code} is the advice`)
}

/** The node of somebody else. `guests`: every PeerId that ever connected to it; `open`: connections now. */
async function foreignNode(t: TestContext) {
  const guests = new Set<string>()
  const { address, network } = await startOpenNode(t, (one) => {
    one.addEventListener('connection:open', ({ detail }) => guests.add(detail.remotePeer.toString()))
  })
  const open = (expected: number): Promise<void> =>
    until(() => network.getConnections().length === expected, `the foreign node has ${expected} connections`)
  return { address, guests, open }
}

test('hostile 74: with never, a friend who names its own machine as node does not learn the address', async (t) => {
  const [ours, theirs] = [await startNode(t), await foreignNode(t)]
  const store = openMemoryStore()
  const victim = await startPeer(t, { nodes: ours.addresses(), direct: 'never', store })
  const mallory = await startPeer(t, { nodes: [...ours.addresses(), theirs.address], ...relayed })
  await befriend(victim, mallory)
  await mallory.removeNode({ address: ours.addresses()[0] ?? '' })
  const named = (): string[] => store.friend(mallory.id)?.nodes ?? []
  await until(() => named().length === 1 && named()[0] === theirs.address, 'only that machine is named')
  await online(victim, mallory)
  await tell(victim, mallory, 'through my node')
  assert.equal((await victim.connection({ peer: mallory.id })).via, ours.peer)
  assert.deepEqual([...theirs.guests], [mallory.id])

  await mallory.stop()
  await advised(victim, mallory, 'foreign-node')
  assert.match((await victim.connection({ peer: mallory.id })).reason, /none of their nodes is one of yours/)
  await assert.rejects(victim.connect({ peer: mallory.id }))
  assert.deepEqual([...theirs.guests], [mallory.id])
})

test('hostile 74: an invite that leads only to foreign nodes is refused with never, unless our node knows its author', async (t) => {
  const [ours, theirs] = [await startNode(t), await foreignNode(t)]
  const victim = await startPeer(t, { nodes: ours.addresses(), direct: 'never' })
  const beginner = await startPeer(t, { direct: 'never' })
  const mallory = await startPeer(t, { nodes: [theirs.address], ...relayed })
  await theirs.open(1)
  const { link } = await mallory.invite({})
  for (const peer of [victim, beginner]) {
    await assert.rejects(peer.requestFriend({ to: link }), (error) => {
      assert.ok(error instanceof QuorumError && error.code === 'foreign-node', String(error))
      assert.ok(error.message.includes(theirs.address), 'it names the node')
      return true
    })
    assert.deepEqual(await peer.friends(), [])
  }
  assert.equal((await beginner.self()).nodes.length, 0)
  assert.deepEqual([...theirs.guests], [mallory.id])

  await mallory.addNode({ address: ours.addresses()[0] ?? '' })
  await until(() => ours.stats().records === 2, 'our node knows Mallory now')
  await victim.requestFriend({ to: link })
  await until(async () => (await friendOf(mallory, victim))?.state === 'incoming', 'the request came through our node')
  assert.deepEqual([...theirs.guests], [mallory.id])

  await beginner.addNode({ address: theirs.address })
  await beginner.requestFriend({ to: link })
  await until(async () => (await friendOf(mallory, beginner))?.state === 'incoming', 'a person added that node')
})

test('hostile 74: with never, friends on other nodes are made and reached through our node', async (t) => {
  change(t, friendLimits, { answerVisits: { first: 200, longest: 1000 } })
  const [ours, theirs] = [await startNode(t), await foreignNode(t)]
  const hidden = await startPeer(t, { nodes: ours.addresses(), direct: 'never' })
  const other = await startPeer(t, { nodes: [theirs.address], ...relayed })
  await befriend(hidden, other)
  await tell(other, hidden, 'from afar')
  await tell(hidden, other, 'from nowhere')
  assert.equal((await hidden.connection({ peer: other.id })).via, ours.peer)
  assert.deepEqual([...theirs.guests], [other.id])
})

test('hostile 74: with verified, only verified friends lead to their nodes; a choice holds for open connections', async (t) => {
  change(t, friendLimits, { answerVisits: { first: 200, longest: 1000 } })
  const [ours, theirs] = [await startNode(t), await foreignNode(t)]
  const careful = await startPeer(t, { nodes: ours.addresses(), direct: 'verified' })
  const friend = await startPeer(t, { nodes: [theirs.address], ...relayed })
  await befriend(careful, friend)
  await friend.stop()
  await advised(careful, friend, 'foreign-node')
  assert.deepEqual([...theirs.guests], [friend.id])

  const verify = (verified: boolean): Promise<unknown> => careful.verifyFriend({ peer: friend.id, verified })
  await verify(true)
  await theirs.open(1)
  await advised(careful, friend, 'away')
  await verify(false)
  await theirs.open(0)
  await careful.setPrivacy({ direct: 'auto' })
  await theirs.open(1)
  await careful.setPrivacy({ direct: 'never' })
  await theirs.open(0)
})

test('hostile 75: nodes and addresses that an invite names lead to nothing on this machine', async (t) => {
  const node = await startNode(t)
  const victim = await startPeer(t, { nodes: node.addresses(), listen: ['/ip4/0.0.0.0/tcp/0'] })
  const [service, author, other] = [await trap(t), await identityFromSeed(randomBytes(32)), await startNode(t)]
  const { peer } = other
  const port = service.address.split('/').at(-1) ?? ''
  const hosts = ['/ip4/127.0.0.1', '/ip4/127.9.9.9', '/ip4/0.0.0.0', '/ip6/::ffff:7f00:1', '/dns4/localhost']
  const nodes = hosts.flatMap((host) => [`${host}/tcp/${port}/p2p/${peer}`, `${host}/tcp/${port}/ws/p2p/${peer}`])
  const addresses = hosts.map((host) => `${host}/tcp/${port}`)
  const fields = { name: 'Mallory', token: randomBytes(16), expiresAt: Date.now() + 1e7 }
  const link = inviteToLink(author, { ...fields, nodes: nodes.slice(0, 8), addresses })
  const beginner = await startPeer(t, { listen: ['/ip4/0.0.0.0/tcp/0'] })
  await beginner.requestFriend({ to: link })
  assert.deepEqual((await beginner.self()).nodes, [], 'nor do they become own nodes of who has none')
  await victim.requestFriend({ to: link })
  await until(() => (node.stats().requests['deliver ok'] ?? 0) > 0, 'the request is left at our own node')
  assert.equal(service.calls(), 0)
})

test('hostile 81: with never, a node leads to other ports of its own host only; without, to no more than four places', async (t) => {
  const traps = await Promise.all(Array.from({ length: 6 }, () => trap(t)))
  const told: string[] = []
  const node = await startLyingNode(t, (call) => {
    const answer = honestly(call)
    return answer.result === 'announced' ? { ...answer, nodeAddresses: told } : answer
  })
  const peer = node.address.split('/').at(-1) ?? ''
  const [foreign, near] = [traps.slice(0, 5), traps[5]]
  // The whole of 127.0.0.0/8 leads here: another host by its address.
  told.push(...foreign.map(({ address }) => `${address.replace('127.0.0.1', '127.0.0.2')}/p2p/${peer}`))
  told.push(`${near?.address}/p2p/${peer}`)
  const calls = (): number[] => traps.map((one) => one.calls())
  const store = openMemoryStore()
  await startPeer(t, { nodes: [node.address], direct: 'never', store })
  const free = openMemoryStore()
  const other = await startPeer(t, { nodes: [node.address], store: free })
  await until(() => new Settings(store).learntNode(peer).length > 0, 'the port of the same host is learnt')
  await until(() => new Settings(free).learntNode(peer).length > 0, 'others learn more')
  assert.deepEqual(new Settings(store).learntNode(peer), [`${near?.address}/p2p/${peer}`])
  assert.deepEqual(new Settings(free).learntNode(peer), told.slice(0, 4))
  assert.deepEqual(calls(), [0, 0, 0, 0, 0, 0])

  await other.stop()
  await node.host.stop()
  await until(() => (calls()[5] ?? 0) > 0, 'with never it goes on at the same host')
  assert.deepEqual(calls().slice(0, 5), [0, 0, 0, 0, 0])
})
