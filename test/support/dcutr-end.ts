/**
 * One end of a circuit that takes part in a hole punch, as a process for the NAT lab: `dcutr-end.ts KIND ROLE NODE
 * [LISTEN]`. KIND is `ours`, or `stock`: js-libp2p with its own DCUtR service. ROLE is `callee`, which reserves at
 * NODE, or `caller`, which dials the callee. It reports in lines of JSON (`Report`) and ends with its standard input.
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { isRelayed, lastPeer } from '../../protocol/address/address.ts'
import { limits } from '../../protocol/base/limits.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { createPeerNetwork } from '../../protocol/net/libp2p.ts'
import { dcutrProtocol, Policy } from '../../protocol/net/policy.ts'
import { HolePunches } from '../../protocol/paths/hole-punch.ts'
import { befriended } from './friends.ts'
import { alice, bob } from './people.ts'

export interface Report {
  /** The callee has its reservation, or the caller has dialled. */
  ready?: true
  /** A connection to the other end that is not relayed: the address of the other end. */
  direct?: string
  /** `stock` dials this address of the other end. */
  dials?: string
  /** A line of the log of `ours`: each round logs its result. */
  log?: string
}

const [kind, role, node = '', listen = ''] = process.argv.slice(2)
const report = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const circuit = `${node}/p2p-circuit/p2p/`
process.stdin.resume().once('end', () => process.exit())

const reportDirect = (other: string, { remotePeer, remoteAddr }: Connection): void => {
  if (remotePeer.toString() === other && !isRelayed(remoteAddr)) report({ direct: remoteAddr.toString() })
}

if (kind === 'ours') await runOurs(bob.peer)
else await runStock(alice.peer)
report({ ready: true })

/** The parts of a Quorum peer for hole punches, and nothing that would dial the other end in another way. */
async function runOurs(other: string): Promise<void> {
  const store = openMemoryStore()
  store.putFriend(befriended(other, []))
  const relay = lastPeer(node) ?? ''
  const policy = new Policy({
    store,
    privacy: () => ({ direct: 'auto', lan: true }),
    isNode: (peer) => peer === relay,
    loopback: true,
  })
  const network = await createPeerNetwork({ privateKey: alice.privateKey, listen: [], policy })
  const punches = new HolePunches({ network, nodes: () => [node], log: (_, text) => report({ log: text }) })
  network.addEventListener('connection:open', ({ detail: connection }) => {
    reportDirect(other, connection)
    if (connection.remotePeer.toString() !== other || !isRelayed(connection.remoteAddr)) return
    void punches.attempt(connection)
  })
  await policy.serve(
    network,
    dcutrProtocol,
    (stream, relayed) => punches.receive(stream, relayed),
    () => undefined,
  )
  await network.start()
  if (role === 'callee') {
    await network.dial(multiaddr(node))
    await network.services.circuits.reserve(peerIdFromString(relay))
  } else {
    await network.services.directDial.dial(
      circuit + other,
      { peer: other },
      AbortSignal.timeout(limits.dial),
      limits.dial,
    )
  }
}

async function runStock(other: string): Promise<void> {
  const network = await createLibp2p({
    privateKey: bob.privateKey,
    addresses: { listen: [listen, ...(role === 'callee' ? [`${node}/p2p-circuit`] : [])], announce: [listen] },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: {
      // libp2p calls it before each dial: here it only observes.
      denyDialMultiaddr: (address) => {
        const text = address.toString()
        if (!isRelayed(text) && !text.startsWith(node)) report({ dials: text })
        return false
      },
    },
    services: { identify: identify(), dcutr: dcutr() },
  })
  network.addEventListener('connection:open', ({ detail }) => reportDirect(other, detail))
  if (role === 'caller') await network.dial(multiaddr(circuit + other))
}
