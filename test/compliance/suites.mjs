/**
 * js-libp2p's own compliance suites over the transports, the encryption and the multiplexer of protocol/net. Not part
 * of `npm test`: the suites bring 1,500 packages (CONTRIBUTING.md says how to run them), without which nothing here has
 * types.
 */
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-assignment, typescript/no-unsafe-argument */
import encryptionTests from '@libp2p/interface-compliance-tests/connection-encryption'
import muxerTests from '@libp2p/interface-compliance-tests/stream-muxer'
import transportTests from '@libp2p/interface-compliance-tests/transport'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { TCP, WebSockets } from '@multiformats/multiaddr-matcher'
import { InboundSockets } from '../../protocol/net/inbound-sockets.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { noise } from '../../protocol/net/noise/noise.ts'
import { tcp } from '../../protocol/net/tcp/tcp.ts'
import { webSockets } from '../../protocol/net/websocket/websocket.ts'
import { yamux } from '../../protocol/net/yamux/muxer.ts'

// What a stranger may do is not what the suites are about: they open a thousand streams at once, without a protocol.
const unlimited = { tokens: 1e9, per: 1 }
Object.assign(netLimits, {
  muxOpenings: unlimited,
  muxOpeningsPerAddress: unlimited,
  muxIdleFrames: unlimited,
  muxIdleFramesPerAddress: unlimited,
  muxUnnamedStreams: Infinity,
  muxUnnamedBytes: Infinity,
})

const teardown = async () => undefined
const muxer = () => yamux({ maxInboundStreams: 1e4, maxOutboundStreams: 1e4, maxWindow: netLimits.streamWindow })

describe('yamux', () => {
  muxerTests({ setup: async () => muxer()(), teardown })
})

describe('noise', () => {
  encryptionTests({
    async setup({ privateKey }) {
      const peerId = peerIdFromPrivateKey(privateKey)
      const upgrader = { getStreamMuxers: () => new Map(), getConnectionEncrypters: () => new Map() }
      return noise()({ privateKey, peerId, logger: defaultLogger(), upgrader })
    },
    teardown,
  })
})

for (const { name, transport, address, matcher } of [
  { name: 'tcp', transport: tcp, address: '/ip4/127.0.0.1/tcp/0', matcher: TCP },
  { name: 'websocket', transport: webSockets, address: '/ip4/127.0.0.1/tcp/0/ws', matcher: WebSockets },
]) {
  describe(name, () => {
    transportTests({
      async setup() {
        const parts = {
          transports: [transport(new InboundSockets(netLimits.nodeInbound))],
          connectionEncrypters: [noise()],
          streamMuxers: [muxer()],
          connectionMonitor: { enabled: false },
          connectionManager: { maxIncomingPendingConnections: 100, inboundConnectionThreshold: 1000 },
        }
        return {
          dialer: parts,
          listener: { ...parts, addresses: { listen: [address, address] } },
          dialMultiaddrMatcher: matcher,
          listenMultiaddrMatcher: matcher,
        }
      },
      teardown,
    })
  })
}
