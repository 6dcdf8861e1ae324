/**
 * How two friends connect: directly where that is possible and allowed, otherwise through a node, changing between the
 * two as the network allows, and never at an address that a stranger or a dishonest node announced.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Stream, StreamMuxer } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { DirectorySession } from '../../protocol/directory/session.ts'
import { identityFromSeed, sign } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { chatProtocol } from '../../protocol/net/policy.ts'
import { recordToWire } from '../../protocol/wire/contact.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { firewall } from '../support/firewall.ts'
import { befriended } from '../support/friends.ts'
import {
  befriend,
  friendOf,
  online,
  pathBetween,
  startNode,
  startOpenNode,
  startPeer,
  tell,
  until,
  type TestPeer,
} from '../support/network.ts'
import { portOf } from '../support/addresses.ts'
import { change, hour } from '../support/numbers.ts'
import { limits } from '../../protocol/base/limits.ts'

async function node(t: TestContext): Promise<string> {
  return (await startNode(t)).addresses()[0] ?? assert.fail()
}

async function listens(peer: TestPeer): Promise<number> {
  return portOf((await peer.self()).listen[0])
}

async function become(path: 'direct' | 'relayed', a: TestPeer, b: TestPeer): Promise<void> {
  await until(async () => (await pathBetween(a, b)).every((one) => one === path), `both are ${path}`)
  await online(a, b)
}

/** A port that accepts connections and never answers. */
async function silence(t: TestContext): Promise<{ port: number; connections(): number; open(): number }> {
  let connections = 0
  const held = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    connections += 1
    held.add(socket.resume().on('error', () => socket.destroy()))
    socket.on('close', () => held.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => {
    server.close()
    for (const socket of held) socket.destroy()
  })
  return { port: (server.address() as net.AddressInfo).port, connections: () => connections, open: () => held.size }
}

test('the path is direct where possible, relayed where necessary, and none where both are impossible', async (t) => {
  const address = await node(t)
  const nodes = [address]
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  await befriend(alice, bob)
  await become('direct', alice, bob)
  await tell(alice, bob, 'directly')

  const shy = await startPeer(t, { nodes, direct: 'never' })
  await befriend(alice, shy)
  await become('relayed', alice, shy)
  assert.deepEqual((await shy.self()).listen, [])
  const { via, reason } = await alice.connection({ peer: shy.id })
  assert.ok(via != null && address.endsWith(via))
  assert.match(reason, /cannot read/)
  await tell(alice, shy, 'through the node')

  const proud = await startPeer(t, { nodes, direct: 'only' })
  await befriend(alice, proud)
  await become('direct', alice, proud)
  await shy.requestFriend({ to: (await proud.invite({})).link })
  await until(async () => (await friendOf(proud, shy))?.state === 'incoming', 'the request arrived')
  await proud.acceptFriend({ peer: shy.id })
  await until(async () => (await friendOf(shy, proud))?.state === 'friend', 'the answer arrived')
  for (const [from, to] of [
    [shy, proud],
    [proud, shy],
  ] as const) {
    await assert.rejects(from.connect({ peer: to.id }), { code: /peer-offline|relay-refused/ })
    assert.equal((await from.sendMessage({ peer: to.id, text: 'some day' })).state, 'queued')
  }
  assert.deepEqual(await pathBetween(shy, proud), ['none', 'none'])
})

test('when both dial at once, one path and one chat stream remain', async (t) => {
  const chats = await watchChats(t)
  const wall = firewall(t)
  const nodes = [await node(t)]
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  const ports = [await listens(alice), await listens(bob)]
  await befriend(alice, bob)
  await become('direct', alice, bob)
  // Only when a connection has lasted do both sides dial again at once after it breaks.
  await until(async () => {
    const { since = Date.now() } = await alice.connection({ peer: bob.id })
    return Date.now() - since > 3100
  }, 'the connection has lasted')
  const before = ports.map((port) => wall.made(port))
  wall.block(...ports)
  wall.unblock()
  await until(() => ports.every((port, index) => wall.made(port) > (before[index] ?? 0)), 'both dialled')
  await become('direct', alice, bob)
  await until(() => wall.open(...ports) === 1, 'one connection remains')
  await until(() => chats.open() === 1, 'one chat stream remains')
  await tell(alice, bob, 'still there')
  await tell(bob, alice, 'so am I')
  assert.deepEqual([wall.open(...ports), chats.open()], [1, 1])
})

test('a direct path that fails falls back to the node, and is restored later', async (t) => {
  const wall = firewall(t)
  const nodes = [await node(t)]
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  await befriend(alice, bob)
  await become('direct', alice, bob)
  wall.block(await listens(alice), await listens(bob))
  await become('relayed', alice, bob)
  await tell(alice, bob, 'through the node')
  wall.unblock()
  await become('direct', alice, bob)
  await tell(bob, alice, 'directly again')
})

test('another identity at the address of a friend is refused', async (t) => {
  const wall = firewall(t)
  const mallory = await startPeer(t, { nodes: [] })
  const alice = (await identityFromSeed(randomBytes(32))).peer
  const store = openMemoryStore()
  const port = await listens(mallory)
  store.putFriend(befriended(alice, [], [`/ip4/127.0.0.1/tcp/${port}`]))
  const bob = await startPeer(t, { store })
  await bob.sendMessage({ peer: alice, text: 'for your eyes only' })
  await assert.rejects(bob.connect({ peer: alice }), { code: 'peer-offline' })
  assert.ok(wall.made(port) > 0)
  const { path, reason } = await bob.connection({ peer: alice })
  assert.equal(path, 'none')
  assert.match(reason, /keeps trying/)
  assert.deepEqual(
    (await bob.messages({ peer: alice })).map(({ state }) => state),
    ['queued'],
  )
  assert.deepEqual(mallory.events, [])
})

test('a node that connects the wrong peer is detected (threats.md 26)', async (t) => {
  let swapTo = ''
  let swapped = 0
  const { address } = await startOpenNode(t, (network) => {
    interface Hop {
      request: { peer?: { id: Uint8Array } }
    }
    const relay = network.services.relay as unknown as { handleConnect(hop: Hop, options: object): Promise<void> }
    const { handleConnect } = relay
    relay.handleConnect = (hop, options) => {
      if (swapTo === '') return handleConnect.call(relay, hop, options)
      swapped += 1
      const peer = { ...hop.request.peer, id: peerIdFromString(swapTo).toMultihash().bytes }
      return handleConnect.call(relay, { ...hop, request: { ...hop.request, peer } }, options)
    }
  })
  const peers = await Promise.all(
    ['alice', 'bob', 'mallory'].map((name) => startPeer(t, { nodes: [address], name, direct: 'never' })),
  )
  const [alice, bob, mallory] = peers as [TestPeer, TestPeer, TestPeer]
  await befriend(alice, bob)
  // Mallory may connect to bob, so that only the check of the callee's identity is left.
  await befriend(mallory, bob)
  await alice.stop()
  await until(async () => (await friendOf(bob, alice))?.online === false, 'alice left')
  swapTo = mallory.id
  await bob.sendMessage({ peer: alice.id, text: 'for your eyes only' })
  await assert.rejects(bob.connect({ peer: alice.id }), { code: 'peer-offline' })
  assert.ok(swapped > 0)
  assert.equal((await bob.connection({ peer: alice.id })).path, 'none')
  assert.equal((await friendOf(bob, alice))?.online, false)
  assert.deepEqual(
    (await bob.messages({ peer: alice.id })).map(({ state }) => state),
    ['queued'],
  )
  assert.deepEqual(await mallory.messages({ peer: bob.id }), [])
})

test('a stranger that announces a loopback or LAN address is not dialled there (threats.md 28)', async (t) => {
  const address = await node(t)
  const trap = await silence(t)
  const stranger = await identityFromSeed(randomBytes(32))
  const announced = ['127.0.0.1', '::1', 'localhost', '127.1.2.3'].map((host) => {
    const kind = host.includes(':') ? 'ip6' : host === 'localhost' ? 'dns4' : 'ip4'
    return `/${kind}/${host}/tcp/${trap.port}`
  })
  const host = await bareHost(stranger.privateKey)
  undo(t).defer(() => host.stop())
  const mail = Promise.withResolvers<void>()
  const session = await DirectorySession.open(await connectTo(host, address), async () => mail.resolve())
  const record = { nodes: [address], addresses: announced, sequence: 1, ttl: 3_600_000 }
  await session.announce(sign(stranger, 'quorum-record', recordToWire(record)), '')

  const bob = await startPeer(t, { nodes: [address] })
  await until(async () => (await bob.self()).nodes[0]?.state === 'connected', 'bob is there')
  const { state } = await bob.requestFriend({ to: stranger.peer })
  assert.equal(state, 'requested')
  await mail.promise
  // The node is stopped, so that only the addresses in the record are left to try.
  await bob.removeNode({ address })
  await bob.requestFriend({ to: stranger.peer, note: 'again' })
  await assert.rejects(bob.connect({ peer: stranger.peer }), { code: 'not-friend' })
  assert.equal(trap.connections(), 0)

  // The same address announced by a friend is dialled: the trap works.
  const store = openMemoryStore()
  store.putFriend(befriended(stranger.peer, [], announced.slice(0, 1)))
  await startPeer(t, { store })
  await until(() => trap.connections() > 0, 'a friend is dialled there')
})

test('20 dead addresses of a friend do not delay the relay', async (t) => {
  // No dial times out, so the relay cannot have waited for the end of one.
  change(t, limits, { dialAddress: hour })
  const address = await node(t)
  const trap = await silence(t)
  const dead = Array.from(
    { length: 20 },
    (_, index) => `/ip4/127.0.0.${index + 1}/tcp/${index % 2 === 0 ? trap.port : 9}`,
  )
  const timeToTalk = async (addresses: string[]): Promise<number> => {
    const [seed, store, theirs] = [randomBytes(32), openMemoryStore(), openMemoryStore()]
    store.setSetting('seed', seed)
    // Alice has no address of Bob, so Bob dials first.
    theirs.putFriend(befriended((await identityFromSeed(seed)).peer, []))
    const alice = await startPeer(t, { nodes: [address], direct: 'never', store: theirs })
    await until(async () => (await alice.self()).nodes[0]?.reserved === true, 'alice can be reached')
    const begun = performance.now()
    store.putFriend(befriended(alice.id, [address], addresses))
    const bob = await startPeer(t, { nodes: [address], store })
    const path = async (): Promise<string> => (await bob.connection({ peer: alice.id })).path
    await until(async () => (await path()) === 'relayed', 'bob reached alice')
    if (addresses.length > 0) assert.ok(trap.open() > 0, 'the dead addresses are still being dialled')
    return performance.now() - begun
  }
  await timeToTalk([])
  const without = await timeToTalk([])
  const withDead = await timeToTalk(dead)
  t.diagnostic(`${Math.round(without)} ms without, ${Math.round(withDead)} ms with dead addresses`)
})

/** Counts the chat streams in this process, by the side that opened them. */
async function watchChats(t: TestContext): Promise<{ open(): number }> {
  const streams: Stream[] = []
  // All connections open their streams through one class, which the package does not export: an instance shows it.
  const specimen = await bareHost()
  undo(t).defer(() => specimen.stop())
  const { muxer } = (await connectTo(specimen, await node(t))) as unknown as { muxer: StreamMuxer }
  const shape = Object.getPrototypeOf(Object.getPrototypeOf(muxer)) as StreamMuxer
  const { createStream } = shape
  shape.createStream = async function watched(this: StreamMuxer, options) {
    const stream = await createStream.call(this, options)
    streams.push(stream)
    return stream
  }
  undo(t).defer(() => void (shape.createStream = createStream))
  return {
    open: () => streams.filter(({ status, protocol }) => status === 'open' && protocol === chatProtocol).length,
  }
}
