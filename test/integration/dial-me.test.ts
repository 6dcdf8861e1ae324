/**
 * Connection reversal through a node: only one of two friends can be dialled, there is no circuit, and the other one,
 * which could dial, waits for its next attempt. The friend asks it to dial.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { identityFromSeed, publicKeyOf, sign, type Identity } from '../../protocol/identity/identity.ts'
import { openMemoryStore, type MostUsers, type PeerOptions } from '../../protocol/index.ts'
import { sealBox } from '../../protocol/identity/sealing.ts'
import { signedToWire } from '../../protocol/wire/codec.ts'
import { contactToWire, sealedToWire } from '../../protocol/wire/contact.ts'
import { DirectorySession } from '../../protocol/directory/session.ts'
import { limits } from '../../protocol/base/limits.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { online, pathBetween, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'
import { trap } from '../support/trap.ts'

/** A peer with a given identity and one friend, of whom it knows only the PeerId and the nodes. */
async function start(
  t: TestContext,
  nodes: readonly string[],
  seed: Uint8Array,
  friend: string,
  options: Partial<PeerOptions> = {},
): Promise<TestPeer> {
  const store = openMemoryStore()
  store.setSetting('seed', seed)
  store.putFriend(befriended(friend, [...nodes]))
  return startPeer(t, { store, nodes, ...options })
}

/** From now on a peer retries within the test only after an event. */
function patientFriends(t: TestContext): void {
  change(t, limits, { friendRetry: { first: hour, longest: hour } })
}

async function connected(peer: TestPeer): Promise<void> {
  await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'it is at its node')
}

async function givenUp(peer: TestPeer, friend: string): Promise<void> {
  const reason = async (): Promise<string> => (await peer.connection({ peer: friend })).reason
  await until(async () => (await reason()).includes('keeps trying'), 'it has tried and failed')
}

/** Bob does not listen and waits after a failed attempt; then Alice starts, who can be dialled. */
async function meet(
  t: TestContext,
  options: Partial<PeerOptions>,
  most: MostUsers = {},
): Promise<{ alice: TestPeer; bob: TestPeer }> {
  patientFriends(t)
  const nodes = (await startNode(t, { most })).addresses()
  const seeds = [randomBytes(32), randomBytes(32)] as const
  const [{ peer: aliceId }, { peer: bobId }] = [await identityFromSeed(seeds[0]), await identityFromSeed(seeds[1])]
  // The node has that port.
  const taken = nodes.map((address) => address.split('/p2p/')[0] ?? '')
  const bob = await start(t, nodes, seeds[1], aliceId, { ...options, listen: taken })
  await connected(bob)
  await givenUp(bob, aliceId)
  const alice = await start(t, nodes, seeds[0], bobId, options)
  await online(alice, bob)
  return { alice, bob }
}

test('with direct paths only, a friend that cannot be dialled is asked to dial', async (t) => {
  const { alice, bob } = await meet(t, { direct: 'only' })
  assert.deepEqual(await pathBetween(alice, bob), ['direct', 'direct'])
  await tell(alice, bob, 'thank you for calling')
  await tell(bob, alice, 'you are welcome')
})

test('where the node carries no circuits, a friend that cannot be dialled is asked to dial', async (t) => {
  const { alice, bob } = await meet(t, {}, { reservations: 0 })
  assert.deepEqual(await pathBetween(alice, bob), ['direct', 'direct'])
  assert.equal((await bob.self()).nodes[0]?.reserved, false)
  await tell(bob, alice, 'directly')
})

test('a peer that hides its address never asks to be dialled', async (t) => {
  patientFriends(t)
  const nodes = (await startNode(t)).addresses()
  const friend = await identityFromSeed(randomBytes(32))
  const host = await bareHost(friend.privateKey)
  undo(t).defer(() => host.stop())
  const received: Uint8Array[] = []
  const session = await DirectorySession.open(await connectTo(host, nodes[0] ?? ''), async (envelope) => {
    received.push(envelope)
  })
  undo(t).defer(() => session.close())
  const seed = randomBytes(32)
  for (const direct of ['never', 'only'] as const) {
    const peer = await start(t, nodes, seed, friend.peer, { direct })
    await connected(peer)
    await givenUp(peer, friend.peer)
    if (direct === 'only') await until(() => received.length === 1, 'the friend is asked')
    else assert.equal(received.length, 0)
    await peer.stop()
  }
})

// ---- threats.md 28

function dialMe(from: Identity, to: string, sequence: number, addresses: string[]): Uint8Array {
  const about = { to: publicKeyOf(to), sequence, time: Date.now(), name: 'Mallory', nodes: [], addresses }
  const signed = sign(from, 'quorum-envelope', contactToWire({ ...about, kind: 'dial-me' }))
  return sealedToWire(sealBox(signedToWire(signed), to, undefined))
}

test('hostile 28: a stranger’s dial request is ignored, a friend’s is followed, but not to another PeerId', async (t) => {
  patientFriends(t)
  const nodes = (await startNode(t)).addresses()
  const [friend, stranger] = [await identityFromSeed(randomBytes(32)), await identityFromSeed(randomBytes(32))]
  const victim = await start(t, nodes, randomBytes(32), friend.peer)
  await connected(victim)
  await givenUp(victim, friend.peer)
  const [forStrangers, forOthers, forFriends] = [await trap(t), await trap(t), await trap(t)]
  const pushes = async (from: Identity, addresses: string[]): Promise<void> => {
    const host = await bareHost(from.privateKey)
    undo(t).defer(() => host.stop())
    const session = await DirectorySession.open(await connectTo(host, nodes[0] ?? ''), () => Promise.resolve())
    await session.push(victim.id, dialMe(from, victim.id, 1, addresses))
    session.close()
  }
  await pushes(stranger, [forStrangers.address, `${forStrangers.address}/p2p/${friend.peer}`])
  await pushes(friend, [`${forOthers.address}/p2p/${stranger.peer}`, forFriends.address])
  await until(() => forFriends.calls() > 0, 'the friend is dialled')
  assert.deepEqual([forStrangers.calls(), forOthers.calls()], [0, 0])
  assert.equal((await victim.friends()).length, 1)
})
