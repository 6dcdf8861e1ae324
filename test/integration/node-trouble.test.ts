/** Nodes and peers continue after a refusal: by a disk, for a handle, by a clock, for an invalid address. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { openMailboxes } from '../../node/mailboxes.ts'
import type { DirectoryStore } from '../../protocol/directory/store.ts'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { DirectorySession } from '../../protocol/directory/session.ts'
import { QuorumError } from '../../protocol/base/errors.ts'
import { identityFromSeed, sign } from '../../protocol/identity/identity.ts'
import { createPeer, openMemoryStore, type NodeState, type RelayNode } from '../../protocol/index.ts'
import { limits } from '../../protocol/base/limits.ts'
import { recordToWire } from '../../protocol/wire/contact.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { envelope } from '../support/envelopes.ts'
import { befriended } from '../support/friends.ts'
import { guardProcess } from '../support/guard.ts'
import { honestly, startLyingNode } from '../support/lying-node.ts'
import { befriend, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'
import { trap } from '../support/trap.ts'

guardProcess()

const full = (): never => {
  throw new QuorumError('disk-full', 'The disk is full: nothing was saved')
}
const addressOf = (node: RelayNode): string => node.addresses()[0] ?? assert.fail('the node does not listen')
const warnings = (peer: TestPeer): string[] =>
  peer.events.flatMap(({ event, data }) => (event === 'warning' ? [data.code] : []))

async function ready(peer: TestPeer): Promise<void> {
  await until(
    async () => (await peer.self()).nodes.every(({ state, reserved }) => state === 'connected' && reserved),
    'the peer is connected and reserved',
  )
}

/** A node whose store is visible to the test and can be made to refuse. */
async function nodeWithStore(t: TestContext): Promise<{ node: RelayNode; store: DirectoryStore }> {
  const store = openMailboxes(':memory:')
  const node = await startNode(t, { store })
  undo(t).defer(async () => {
    await node.stop()
    store.close()
  })
  return { node, store }
}

/** The records that a stranger finds. */
async function look(t: TestContext, node: RelayNode): Promise<DirectorySession> {
  const host = await bareHost()
  undo(t).defer(() => host.stop())
  return DirectorySession.open(await connectTo(host, addressOf(node)), () => Promise.resolve())
}

// ---- disks

test('a full disk while a record is announced causes a warning, and ends neither the session nor the circuits', async (t) => {
  const nodes = [await startNode(t), await startNode(t)]
  const [first = assert.fail(), second = assert.fail()] = nodes
  const store = openMemoryStore()
  const alice = await startPeer(t, { store, nodes: first.addresses(), direct: 'never' })
  const bob = await startPeer(t, { nodes: first.addresses(), direct: 'never' })
  await befriend(alice, bob)
  const since = (await alice.connection({ peer: bob.id })).since
  const { setSetting } = store
  t.mock.method(store, 'setSetting', (...args: Parameters<typeof setSetting>) => {
    // Every record needs a new sequence.
    return args[0] === 'record-sequence' ? full() : setSetting(...args)
  })
  await alice.addNode({ address: addressOf(second) })
  await ready(alice)
  assert.ok(warnings(alice).includes('disk-full'))
  await tell(alice, bob, 'through the node')
  assert.equal((await alice.connection({ peer: bob.id })).since, since)
  const ended = alice.events.filter(({ event, data }) => event === 'node-state' && data.state === 'unreachable')
  assert.deepEqual(ended, [])
  assert.equal(await (await look(t, second)).lookup({ peer: alice.id }), undefined)
})

test('a node that refuses a record as one too many keeps its session, and receives it later', async (t) => {
  change(t, directoryLimits, { announceRetry: 10 })
  let refused = 0
  const node = await startLyingNode(t, (call) => {
    if (call.call !== 'announce' || refused === 3) return honestly(call)
    refused += 1
    return { result: 'error', error: { code: 'rate-limited', message: 'Too many requests: wait a minute' } }
  })
  const peer = await startPeer(t, { nodes: [node.address] })
  const announced = () => node.calls.filter(({ call }) => call === 'announce').length
  await until(() => announced() > 3, 'it is announced again')
  assert.equal(node.sessions.length, 1)
  const states = peer.events.flatMap(({ event, data }) => (event === 'node-state' ? [data.state] : []))
  assert.ok(!states.includes('unreachable'), states.join())
})

test('an envelope is pushed once, also to a recipient who comes while it is written to the disk', async (t) => {
  const { node, store } = await nodeWithStore(t)
  const { hold } = store
  const [stored, flushed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  t.mock.method(store, 'hold', async (...args: Parameters<typeof hold>) => {
    const held = await hold(...args)
    stored.resolve()
    await flushed.promise
    return held
  })
  const [from, to] = [await bareHost(), await bareHost()]
  for (const host of [from, to]) undo(t).defer(() => host.stop())
  const sender = await DirectorySession.open(await connectTo(from, addressOf(node)), () => Promise.resolve())
  const answered = sender.deliver(to.peerId.toString(), randomBytes(100))
  await stored.promise
  let received = 0
  const recipient = await DirectorySession.open(await connectTo(to, addressOf(node)), async () => {
    received += 1
  })
  await until(() => received === 1, 'it is sent as the session begins')
  flushed.resolve()
  await answered
  await recipient.knowledge()
  assert.equal(received, 1)
})

test('a node whose disk refuses the "last seen" time of a peer still serves that peer', async (t) => {
  const { node, store } = await nodeWithStore(t)
  const seen = t.mock.method(store, 'seen', full)
  const peer = await startPeer(t, { nodes: node.addresses() })
  await ready(peer)
  assert.ok(seen.mock.callCount() > 0)
  assert.equal((await peer.nodeKnowledge({ node: addressOf(node) })).hasRecord, true)
})

// ---- handles

test('a handle that is taken is refused and the old one stays; the record is stored all the same', async (t) => {
  const { node, store } = await nodeWithStore(t)
  const [alice, bob] = [
    await startPeer(t, { nodes: node.addresses() }),
    await startPeer(t, { nodes: node.addresses() }),
  ]
  await Promise.all([ready(alice), ready(bob)])
  await alice.setProfile({ handle: 'alice' })
  await bob.setProfile({ handle: 'bob' })
  await assert.rejects(bob.setProfile({ handle: 'alice' }), { code: 'handle-taken' })
  assert.equal((await bob.self()).handle, 'bob')
  assert.deepEqual([store.handleOf(alice.id), store.handleOf(bob.id)], ['alice', 'bob'])
  assert.equal((await bob.self()).nodes[0]?.state, 'connected')
  await assert.rejects(bob.setProfile({ handle: 'k7qf2-m9xt' }), { code: 'bad-request' })

  // A peer that chose the handle before it connected to the node.
  const carol = await startPeer(t)
  await carol.setProfile({ handle: 'alice' })
  await carol.addNode({ address: addressOf(node) })
  await ready(carol)
  assert.ok(warnings(carol).includes('handle-taken'))
  const { hasRecord, handle } = await carol.nodeKnowledge({ node: addressOf(node) })
  assert.deepEqual([hasRecord, handle], [true, undefined])
  assert.equal((await (await look(t, node)).lookup({ peer: carol.id }))?.peer, carol.id)

  await alice.setProfile({ handle: '' })
  assert.equal(store.handleOf(alice.id), undefined)
  await bob.setProfile({ handle: 'alice' })
  assert.equal(store.handleOf(bob.id), 'alice')
})

// ---- clocks

describe('clocks', { concurrency: true }, () => {
  for (const [name, years] of Object.entries({ ahead: 10, behind: -10 })) {
    test(`a peer whose clock is ten years ${name} gets a reservation and holds it`, async (t) => {
      const node = await startNode(t)
      const child = fork(
        path.join(import.meta.dirname, '../support/wrong-clock.ts'),
        [addressOf(node), String(years)],
        {
          execArgv: ['--disable-warning=ExperimentalWarning'],
        },
      )
      undo(t).defer(async () => {
        const exited = once(child, 'exit')
        if (child.exitCode == null && child.kill('SIGKILL')) await exited
      })
      const states: (NodeState & { uptime: number })[] = []
      child.on('message', (state) => states.push(state as (typeof states)[number]))
      await until(() => states.at(-1)?.reserved === true, 'it is reserved')
      const began = states.at(-1)?.uptime ?? 0
      await until(() => (states.at(-1)?.uptime ?? 0) > began + 3000, 'time passes')
      assert.ok(states.slice(states.findIndex(({ reserved }) => reserved)).every(({ reserved }) => reserved))
      assert.equal(node.stats().reservations, 1)
    })
  }
})

// ---- stop and start

/** Something that accepts TCP connections in place of a node. `address`: with a PeerId. */
async function notANode(t: TestContext, accept: (socket: net.Socket) => void) {
  let calls = 0
  const server = net.createServer((socket) => {
    calls += 1
    socket.on('error', () => socket.destroy())
    accept(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => void server.close())
  const { peer } = await identityFromSeed(randomBytes(32))
  return { address: `/ip4/127.0.0.1/tcp/${(server.address() as net.AddressInfo).port}/p2p/${peer}`, calls: () => calls }
}

test('a node that has answered is given the time of a handshake from then on, not that of a dead address', async (t) => {
  change(t, limits, { dialAddress: hour, handshake: 10 })
  const tarpit = await notANode(t, () => {})
  await startPeer(t, { nodes: [tarpit.address] })
  await until(() => tarpit.calls() > 2, 'it is given up, and dialled again')
})

test('a node that refuses connections of one address for a second is dialled again after short waits', async (t) => {
  change(t, directoryLimits, { nodeRetry: { first: 10, longest: hour }, nodeRefused: 20 })
  const full = await notANode(t, (socket) => socket.resetAndDestroy())
  await startPeer(t, { nodes: [full.address] })
  // With waits that double it would be hours.
  await until(() => full.calls() > 30, 'it is dialled again and again')
})

test('stop() settles a connect() that is in progress', async (t) => {
  // No dial times out: only the stop can end one.
  change(t, limits, { dialAddress: hour, dial: hour })
  // Accepts connections and never answers: the attempt would hang.
  const reached = Promise.withResolvers<void>()
  const tarpit = await notANode(t, () => reached.resolve())
  const friend = await identityFromSeed(randomBytes(32))
  const store = openMemoryStore()
  const peer = await startPeer(t, { store })
  store.putFriend(befriended(friend.peer, [], [tarpit.address.replace(/\/p2p.*/, '')]))
  const connecting = peer.connect({ peer: friend.peer }).then(
    () => 'connected',
    (error: QuorumError) => error.code,
  )
  await reached.promise
  await peer.stop()
  let outcome = ''
  void connecting.then((code) => (outcome = code))
  await until(() => outcome !== '', 'connect() is settled')
  assert.equal(outcome, 'peer-offline')
})

test('a malformed node address is refused before anything listens', async (t) => {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  probe.close()
  await once(probe, 'close')
  const store = openMemoryStore()
  undo(t).defer(() => store.close())
  const listen = [`/ip4/127.0.0.1/tcp/${port}`]
  for (const wrong of ['/ip4/192.0.2.1/tcp/1', 'somewhere', '']) {
    await assert.rejects(createPeer({ store, listen, nodes: [wrong] }), { code: 'bad-request' })
  }
  const free = net.createServer().listen(port, '127.0.0.1')
  await once(free, 'listening')
  free.close()
  assert.equal(store.setting('seed'), undefined)
})

// ---- content of records

test('a record announces public addresses and nodes only', async (t) => {
  const node = await startNode(t)
  const peer = await startPeer(t, { nodes: node.addresses() })
  await ready(peer)
  const found = await (await look(t, node)).lookup({ peer: peer.id })
  assert.deepEqual([found?.record.addresses, found?.record.nodes], [[], []])
})

test('only publicly reachable addresses of a stranger’s record are stored', async (t) => {
  const stranger = await identityFromSeed(randomBytes(32))
  const other = (await identityFromSeed(randomBytes(32))).peer
  const hosts = [
    '/ip4/127.0.0.1',
    '/ip4/127.1.2.3',
    '/ip4/10.0.0.1',
    '/ip4/192.168.1.1',
    '/ip4/169.254.1.1',
    '/ip4/0.0.0.0',
    '/ip6/::1',
    '/ip6/::ffff:127.0.0.1',
    '/ip6/fe80::1',
    '/ip6/fd00::1',
    '/dns4/localhost',
    '/dns4/LOCALHOST.',
    '/dns6/a.localhost',
    '/dns/printer.local',
    '/dns4/127.0.0.1',
  ]
  const open = '/dns4/open.example.org/tcp/1'
  const bad = [...hosts.map((host) => `${host}/tcp/1`), '/unix/%2Ftmp%2Fsocket']
  // A record has room for twelve addresses.
  for (let at = 0; at < bad.length; at += 5) {
    const some = bad.slice(at, at + 5)
    const nodes = [...some, open].map((address) => `${address}/p2p/${other}`)
    const addresses = [...some, `${open}/p2p/${other}`, `${open}/p2p/${other}/p2p-circuit`, open]
    const content = recordToWire({ nodes, addresses, sequence: at + 1, ttl: limits.recordTtl })
    const record = sign(stranger, 'quorum-record', content)
    const liar = await startLyingNode(t, (call) =>
      call.call === 'lookup' ? { result: 'found', record, connected: true, age: 0 } : honestly(call),
    )
    const store = openMemoryStore()
    const peer = await startPeer(t, { store, nodes: [liar.address] })
    await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'it asks the node')
    await peer.requestFriend({ to: stranger.peer })
    const row = store.friend(stranger.peer)
    assert.deepEqual([row?.addresses, row?.nodes], [[open], [`${open}/p2p/${other}`]], some.join())
  }
})

test('nodes announced in a stranger’s request are dialled when it is accepted, not before', async (t) => {
  const { address, calls } = await trap(t)
  const node = await startNode(t)
  const peer = await startPeer(t, { nodes: node.addresses() })
  await ready(peer)
  const session = await look(t, node)
  const strangers = await Promise.all([1, 2, 3].map(() => identityFromSeed(randomBytes(32))))
  const nodes = [`${address}/p2p/${(await identityFromSeed(randomBytes(32))).peer}`]
  for (const [index, stranger] of strangers.entries()) {
    // Also with an invite token that was never issued.
    const token = index === 0 ? { token: randomBytes(16) } : {}
    await session.deliver(peer.id, envelope(stranger, peer.id, { nodes, ...token }))
    await until(async () => (await peer.friends()).length === index + 1, 'the request is there')
  }
  assert.equal(calls(), 0)
  await peer.acceptFriend({ peer: strangers[0]?.peer ?? '' })
  await until(() => calls() > 0, 'now it is')
})
