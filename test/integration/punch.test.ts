/**
 * The parts of a hole punch that need no router: a port that a node has observed dials again, and two ends that both
 * dialled share one connection. Also what peers report of a punch that is impossible: loopback is no public address.
 * The tests with real routers are in test/lab/.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { anyDial } from '../../protocol/net/direct-dial.ts'
import { openHole, tcpPunch } from '../../protocol/net/tcp/punch.ts'
import { undo } from '../support/cleanup.ts'
import { befriend, startNode, startPeer, tell, until } from '../support/network.ts'
import { patience } from '../support/until.ts'

test('a node reports the port it observes, and the same port can dial another address', async (t) => {
  const node = await startNode(t)
  const signal = AbortSignal.timeout(patience)
  const hole = await openHole(node.addresses()[0] ?? assert.fail(), signal)
  undo(t).defer(() => hole.close())
  assert.equal(hole.seen, `/ip4/127.0.0.1/tcp/${hole.localPort}`)

  const other = await endOf(t, ['/ip4/127.0.0.1/tcp/0'])
  const from = new Promise<string>((resolve) => {
    other.addEventListener('connection:open', ({ detail }) => resolve(detail.remoteAddr.toString()))
  })
  const self = await endOf(t)
  const dial = { localPort: hole.localPort, initiator: true }
  await self.services.punch.dial(other.getMultiaddrs()[0]?.toString() ?? assert.fail(), dial, signal)
  assert.ok((await from).startsWith(hole.seen))
})

test('two ends that both dialled share one connection, and agree on their roles', async (t) => {
  const [one, other] = [await endOf(t), await endOf(t)]
  // Both ends dial here, and each one reaches the other.
  const waiting: net.Socket[] = []
  const middle = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const first = waiting.pop()
    if (first == null) waiting.push(socket)
    else first.pipe(socket).pipe(first)
  })
  middle.listen(0, '127.0.0.1')
  await once(middle, 'listening')
  undo(t).defer(() => void middle.close())
  const { port } = middle.address() as net.AddressInfo
  const signal = AbortSignal.timeout(patience)
  const to = (peer: typeof one): string => `/ip4/127.0.0.1/tcp/${port}/p2p/${peer.peerId.toString()}`
  const [outbound, inbound] = await Promise.all([
    one.services.punch.dial(to(other), { localPort: 0, initiator: true }, signal),
    other.services.punch.dial(to(one), { localPort: 0, initiator: false }, signal),
  ])
  assert.deepEqual([outbound.direction, inbound.direction], ['outbound', 'inbound'])
  await Promise.all([one.services.ping.ping(other.peerId), other.services.ping.ping(one.peerId)])
})

test('a dial repeats until its signal aborts it, and reports why it failed', async (t) => {
  const end = await endOf(t)
  const free = net.createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as net.AddressInfo
  free.close()
  const nobody = `/ip4/127.0.0.1/tcp/${port}/p2p/${(await endOf(t)).peerId.toString()}`
  const connects = t.mock.method(net.Socket.prototype, 'connect')
  const enough = new AbortController()
  const dial = end.services.punch.dial(nobody, { localPort: 0, initiator: true }, enough.signal)
  const refused = assert.rejects(dial, { code: 'ECONNREFUSED' })
  // Attempts are sequential: when the third begins, two have failed.
  await until(() => connects.mock.callCount() > 2, 'it is dialled again and again')
  enough.abort()
  await refused
})

test('a dial that is aborted reports why the previous attempt failed', async (t) => {
  const end = await endOf(t)
  const signal = new AbortController()
  // The first connection is closed at once, the second waits for a handshake.
  let dials = 0
  const silent = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    dials += 1
    if (dials === 1) socket.destroy()
    else signal.abort(new Error('enough'))
  })
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  undo(t).defer(() => void silent.close())
  const { port } = silent.address() as net.AddressInfo
  const nobody = `/ip4/127.0.0.1/tcp/${port}/p2p/${(await endOf(t)).peerId.toString()}`
  const dial = end.services.punch.dial(nobody, { localPort: 0, initiator: true }, signal.signal)
  await assert.rejects(dial, (error) => {
    assert.doesNotMatch(String(error), /enough|aborted/i)
    return true
  })
  assert.equal(dials, 2)
})

test('where no node reports a public address, the circuit stays and the reason is reported', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const [a, b] = [await startPeer(t, { nodes, listen: [] }), await startPeer(t, { nodes, listen: [] })]
  await befriend(a, b)
  const reported = async (): Promise<boolean> => {
    const infos = [await a.connection({ peer: b.id }), await b.connection({ peer: a.id })]
    return infos.some(({ path, reason }) => path === 'relayed' && /no node reports/.test(reason))
  }
  await until(reported, 'one of them reports why')
  await tell(a, b, 'still here')
})

test('a peer that hides its address takes no part in a hole punch', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const hidden = await startPeer(t, { nodes, direct: 'never' })
  const peer = await startPeer(t, { nodes, listen: [] })
  await befriend(hidden, peer)
  // Whichever side began, the reason never mentions routers.
  assert.match((await hidden.connection({ peer: peer.id })).reason, /direct paths are switched off/)
  const { path } = await peer.connection({ peer: hidden.id })
  assert.equal(path, 'relayed')
})

/** One end, with the parts of libp2p that a punch needs. */
async function endOf(t: TestContext, listen: string[] = []) {
  const end = await createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { punch: tcpPunch(anyDial), ping: ping() },
  })
  undo(t).defer(async () => {
    await end.stop()
  })
  return end
}
