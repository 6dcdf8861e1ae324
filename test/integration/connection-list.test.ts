/** The list of all connections: what the repair relies on in libp2p, and that libp2p still needs it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import { createLibp2p } from 'libp2p'
import { connectionList } from '../../protocol/net/connection-list.ts'
import { InboundSockets } from '../../protocol/net/inbound-sockets.ts'
import { createNodeNetwork } from '../../protocol/net/libp2p.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { noise } from '../../protocol/net/noise/noise.ts'
import { tcp } from '../../protocol/net/tcp/tcp.ts'
import { yamux } from '../../protocol/net/yamux/muxer.ts'
import { undo } from '../support/cleanup.ts'
import { loopback, until } from '../support/network.ts'

async function host(t: TestContext) {
  const made = await createLibp2p({
    addresses: { listen: [loopback] },
    transports: [tcp(new InboundSockets(netLimits.peerInbound))],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: 8, maxOutboundStreams: 8, maxWindow: 256 * 1024 })],
    connectionMonitor: { enabled: false },
    services: {
      connectionList: connectionList(),
      manager: ({ connectionManager }: { connectionManager: ConnectionManager }) => connectionManager,
    },
  })
  undo(t).defer(() => made.stop())
  return made
}

test('a node lists its connections by the repair', async () => {
  const network = await createNodeNetwork({ privateKey: await generateKeyPair('Ed25519'), listen: [] })
  assert.ok('connectionList' in network.services)
})

test('libp2p lists its connections without copying the list for each peer', async (t) => {
  const [node, ...peers] = await Promise.all(Array.from({ length: 5 }, () => host(t)))
  const { manager } = node?.services ?? assert.fail()
  assert.ok(Object.hasOwn(manager, 'getConnections'), 'it is repaired')
  const repaired = t.mock.method(manager, 'getConnections')
  for (const peer of peers) await peer.dial(node?.getMultiaddrs() ?? [])
  await peers[0]?.dial(node?.getMultiaddrs() ?? [], { force: true })
  await until(() => node?.getConnections().length === 5, 'all are connected')
  const stock = Object.getPrototypeOf(manager) as ConnectionManager
  const listed = (peer?: PeerId) => stock.getConnections.call(manager, peer)
  assert.deepEqual(new Set(node?.getConnections()), new Set(listed()))
  for (const { peerId } of peers) assert.deepEqual(node?.getConnections(peerId), listed(peerId))

  // Of its own, libp2p asks at each connection that arrives, and at each that opened.
  const asked = repaired.mock.calls.filter(({ stack }) => /connection-manager/.test(stack.stack ?? ''))
  assert.ok(asked.length >= 10, `libp2p asked ${asked.length} times`)

  assert.match(
    String(stock.getConnections),
    /conns = conns\.concat/,
    'libp2p lists them in another way: see the repair',
  )
})
