/** Delivery of envelopes: recipients that never acknowledge, nodes that push too much, disks that cannot take one. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { openMailboxes } from '../../node/mailboxes.ts'
import { QuorumError } from '../../protocol/base/errors.ts'
import { keyIdOf } from '../../protocol/identity/hpke.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { SealingKeys } from '../../protocol/identity/sealing.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { limits } from '../../protocol/base/limits.ts'
import { friendLimits } from '../../protocol/friend/limits.ts'
import { friendProtocol } from '../../protocol/net/policy.ts'
import type { Store } from '../../protocol/store/store.ts'
import { sealedFromWire } from '../../protocol/wire/contact.ts'
import { frameToWire } from '../../protocol/wire/directory.ts'
import { befriended, startAttacker, type Attacker, type Line } from '../support/attacker.ts'
import { undo } from '../support/cleanup.ts'
import { envelope } from '../support/envelopes.ts'
import { guardProcess } from '../support/guard.ts'
import { honestly, startLyingNode, type LyingNode } from '../support/lying-node.ts'
import { friendOf, startNode, startPeer, until, type TestPeer } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'
import { refused } from '../support/refused.ts'

guardProcess()

/** A peer that takes every envelope and never acknowledges one; `taken` counts them. */
async function startTarpit(t: TestContext): Promise<Attacker & { taken(): number }> {
  let taken = 0
  const attacker = await startAttacker(t)
  await attacker.host.handle(
    friendProtocol,
    (stream) => {
      stream.addEventListener('message', () => (taken += 1))
    },
    { maxInboundStreams: 1000 },
  )
  return { ...attacker, taken: () => taken }
}

/** The tarpit sends a friend request over a connection that stays open and is accepted, so envelopes for it exist. */
async function acceptTarpit(peer: TestPeer, tarpit: Attacker & { taken(): number }): Promise<void> {
  const connection = await tarpit.dial((await peer.self()).listen[0] ?? '')
  await (await tarpit.open(connection, friendProtocol)).send(envelope(tarpit.identity, peer.id))
  await until(async () => (await peer.friends()).some(({ state }) => state === 'incoming'), 'it has asked')
  await peer.acceptFriend({ peer: tarpit.peer })
  await until(() => tarpit.taken() > 0, 'the answer is on its way')
}

test('what is left at a node for somebody who is away is sealed to the X-Wing key of their record', async (t) => {
  const store = openMailboxes(':memory:')
  const node = await startNode(t, { store })
  undo(t).defer(() => store.close())
  const [keys, elsewhere] = [openMemoryStore(), openMemoryStore()]
  const seed = randomBytes(32)
  for (const one of [keys, elsewhere]) one.setSetting('seed', seed)
  const options = { nodes: node.addresses(), direct: 'never' } as const
  const bob = await startPeer(t, { ...options, store: keys })
  const alice = await startPeer(t, { nodes: node.addresses() })
  await until(async () => (await bob.self()).nodes[0]?.state === 'connected', 'bob is at his node')
  await until(async () => (await bob.nodeKnowledge({ node: node.peer })).hasRecord, 'bob can be found')
  const sealing = keys.sealingKeys()
  await bob.stop()
  await alice.requestFriend({ to: bob.id, note: 'hello bob' })
  await until(() => store.held(bob.id).length === 1, 'the node holds the request')
  const held = sealedFromWire(store.envelope(bob.id, store.held(bob.id)[0]?.id ?? 0) ?? new Uint8Array())
  const [key] = sealing
  assert.ok(key?.hybrid)
  assert.deepEqual(Buffer.from(held.keyId), Buffer.from(keyIdOf(key.hybrid.publicKey)))
  // Whoever has the X25519 half alone, as a quantum computer finds it, opens nothing.
  const { hybrid, ...half } = key
  elsewhere.putSealingKey(half)
  const identity = await identityFromSeed(seed)
  await assert.rejects(new SealingKeys(identity, elsewhere, Date.now).open(held), refused('verification-failed'))
  elsewhere.putSealingKey({ ...half, hybrid })
  const again = await startPeer(t, { ...options, store: elsewhere })
  await until(async () => (await friendOf(again, alice))?.state === 'incoming', 'the request is read')
})

test('a recipient that never acknowledges does not delay envelopes for others', async (t) => {
  const node = await startNode(t)
  const [alice, bob] = [
    await startPeer(t, { nodes: node.addresses() }),
    await startPeer(t, { nodes: node.addresses() }),
  ]
  await until(async () => (await alice.self()).nodes[0]?.state === 'connected', 'alice has a node')
  // The request to the tarpit never times out: envelopes that wait for its end would never be sent.
  change(t, limits, { request: hour })
  await acceptTarpit(alice, await startTarpit(t))
  await alice.requestFriend({ to: bob.id, note: 'hello bob' })
  await until(async () => (await friendOf(bob, alice))?.state === 'incoming', 'bob is asked')
})

test('who uses no node is asked at their own address, although a node of the asker would hold the request', async (t) => {
  const node = await startNode(t)
  const [alice, bot] = [await startPeer(t, { nodes: node.addresses() }), await startPeer(t)]
  await until(async () => (await alice.self()).nodes[0]?.state === 'connected', 'alice has a node')
  await alice.requestFriend({ to: (await bot.invite({})).link })
  await until(async () => (await friendOf(bot, alice))?.state === 'incoming', 'the bot is asked')
  await bot.acceptFriend({ peer: alice.id })
  await until(async () => (await friendOf(alice, bot))?.state === 'friend', 'the answer has arrived')
})

/** Stops although no request times out and nothing ends a request that hangs. */
async function stops(t: TestContext, peer: TestPeer): Promise<void> {
  change(t, limits, { request: hour, stop: hour })
  let done = false
  void peer.stop().then(() => (done = true))
  await until(() => done, 'it stops')
}

test('a recipient that never acknowledges does not prevent a peer from stopping', async (t) => {
  const peer = await startPeer(t)
  await acceptTarpit(peer, await startTarpit(t))
  await stops(t, peer)
})

test('a friend’s node that never answers does not prevent a peer from stopping', async (t) => {
  const silent = await startLyingNode(t, () => undefined)
  const friend = await identityFromSeed(randomBytes(32))
  const store = openMemoryStore()
  store.putFriend(befriended(friend.peer, { state: 'incoming', nodes: [silent.address] }))
  const peer = await startPeer(t, { store })
  await peer.acceptFriend({ peer: friend.peer })
  await until(() => silent.calls.length > 0, 'the node is asked')
  await stops(t, peer)
})

/** A node that pushes `envelopes`, and the numbers that the peer acknowledges. */
async function startPusher(
  t: TestContext,
  envelopes: () => Uint8Array[],
): Promise<LyingNode & { collected(): number[] }> {
  const node = await startLyingNode(t, honestly, (line: Line) => {
    for (const [index, one] of envelopes().entries()) {
      line.send(frameToWire({ frame: 'envelope', id: index + 1, envelope: one })).catch(() => line.abort())
    }
  })
  return Object.assign(node, {
    collected: () => node.calls.flatMap((call) => (call.call === 'collected' ? call.ids : [])),
  })
}

/** A store whose `transaction` throws while `full()` is true. */
function sometimesFull(full: () => boolean): { store: Store; refused(): number } {
  const store = openMemoryStore()
  const { transaction } = store
  let refused = 0
  store.transaction = (work) => {
    if (!full()) return transaction(work)
    refused += 1
    throw new QuorumError('disk-full', 'The disk is full: nothing was saved')
  }
  return { store, refused: () => refused }
}

test('an envelope that does not fit the disk is accepted in the same session once there is space', async (t) => {
  let full = false
  const { store, refused } = sometimesFull(() => full)
  const seed = randomBytes(32)
  store.setSetting('seed', seed)
  const { peer: id } = await identityFromSeed(seed)
  const asking = await Promise.all([1, 2, 3].map(() => identityFromSeed(randomBytes(32))))
  const node = await startPusher(t, () => {
    full = true
    return asking.map((one) => envelope(one, id))
  })
  const peer = await startPeer(t, { store, nodes: [node.address] })
  await until(() => refused() >= 2, 'it is offered again')
  assert.deepEqual([node.collected(), await peer.friends()], [[], []])
  full = false
  await until(() => node.collected().length === asking.length, 'all is acknowledged')
  assert.deepEqual(node.collected(), [1, 2, 3])
  assert.equal((await peer.friends()).length, asking.length)
  assert.equal(node.sessions.length, 1)
})

test('a flood of envelopes is accepted one by one, without loss', async (t) => {
  const seed = randomBytes(32)
  const store = openMemoryStore()
  store.setSetting('seed', seed)
  const { peer: id } = await identityFromSeed(seed)
  const asking = await identityFromSeed(randomBytes(32))
  // Twice as many as may be opened at once, one by one; only the last one is a valid request.
  const pieces = Math.ceil((2 * friendLimits.envelopesOpened.tokens) / (limits.heldPerRecipient / 2))
  const rubbish = (): Uint8Array[] => Array.from({ length: limits.heldPerRecipient / 2 }, () => randomBytes(200))
  const node = await startPusher(t, rubbish)
  await startPeer(t, { store, nodes: [node.address] })
  await until(() => node.sessions.length > 0, 'there is a session')
  const [line] = node.sessions
  let pushed = limits.heldPerRecipient / 2
  const push = (one: Uint8Array): Promise<boolean> | undefined =>
    line?.send(frameToWire({ frame: 'envelope', id: ++pushed, envelope: one }))
  for (let piece = 1; piece < pieces; piece += 1) {
    await until(() => node.collected().length === pushed, 'what was pushed is taken')
    for (const one of rubbish()) await push(one)
  }
  await until(() => node.collected().length === pushed, 'what was pushed is taken')
  await push(envelope(asking, id))
  await until(() => node.collected().at(-1) === pushed, 'the last one too')
  assert.ok(store.friend(asking.peer) != null)
  assert.deepEqual(
    node.collected(),
    Array.from({ length: pushed }, (_, at) => at + 1),
  )
  assert.equal(node.sessions.length, 1)
})

test('a node that pushes more envelopes than it may hold loses its session', async (t) => {
  // No envelope can be accepted, so none is removed from the queue.
  const { store } = sometimesFull(() => true)
  const node = await startPusher(t, () => Array.from({ length: limits.heldPerRecipient + 1 }, () => genuine))
  const seed = randomBytes(32)
  store.setSetting('seed', seed)
  const genuine = envelope(await identityFromSeed(randomBytes(32)), (await identityFromSeed(seed)).peer)
  await startPeer(t, { store, nodes: [node.address] })
  await until(() => node.sessions[0]?.over === true && node.sessions.length > 1, 'its session is ended')
  assert.deepEqual(node.collected(), [])
})
