/**
 * Builds the libp2p node of a peer and of a relay node: transports, encryption, multiplexing, limits. Every setting
 * that differs from libp2p's default has its reason beside it or in net/limits.ts.
 */
import { identify } from '@libp2p/identify'
import { FaultTolerance, type Ed25519PrivateKey, type Libp2p } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { isPublic, isRelayed } from '../address/address.ts'
import { limits } from '../base/limits.ts'
import { netLimits } from './limits.ts'
import { connectionList } from './connection-list.ts'
import { circuitTransport, type CircuitTransport } from './circuit-transport.ts'
import { anyDial, directDial, type DirectDial } from './direct-dial.ts'
import { Circuits } from './circuits.ts'
import { InboundSockets } from './inbound-sockets.ts'
import { mdns, type Mdns } from './lan/mdns.ts'
import { LanSlots } from './lan/slots.ts'
import { noLog } from './no-log.ts'
import { nodePlaces, type Admits, type NodePlaces } from './node-places.ts'
import { noise } from './noise/noise.ts'
import { ownAddresses, type OwnAddresses } from './own-addresses.ts'
import { relay, type Relay } from './relay.ts'
import { tcp } from './tcp/tcp.ts'
import { tcpPunch, type TcpPunch } from './tcp/punch.ts'
import { traffic, type Traffic } from './traffic.ts'
import { webSockets } from './websocket/websocket.ts'
import { yamux } from './yamux/muxer.ts'
import { type Policy } from './policy.ts'

export type PeerNetwork = Libp2p<{
  directDial: DirectDial
  circuits: CircuitTransport
  punch: TcpPunch
  traffic: Traffic
  mdns: Mdns
  lanSlots: LanSlots
}>
export type NodeNetwork = Libp2p<{
  inbound: InboundSockets
  places: NodePlaces
  relay: Relay
  directDial: DirectDial
  ownAddresses: OwnAddresses
}>

/** The same for every version: versions are exchanged in the hello, with friends only. */
const agent = 'quorum'
export interface PeerNetworkOptions {
  privateKey: Ed25519PrivateKey
  /** Multiaddrs; empty for a peer that accepts no direct connection. */
  listen: readonly string[]
  policy: Policy
}

/** A stopped libp2p node for a peer: `start()` it. */
export async function createPeerNetwork(options: PeerNetworkOptions): Promise<PeerNetwork> {
  const { policy } = options
  const circuits = circuitTransport(
    { reservationCompletionTimeout: limits.dial },
    (peer) => policy.relation(peer) === 'node',
  )
  const counter = traffic()
  const basis = shared(options.privateKey, netLimits.streamWindow)
  const inbound = new InboundSockets(netLimits.peerInbound)
  const network: PeerNetwork = await createLibp2p({
    ...basis,
    connectionEncrypters: basis.connectionEncrypters.map((encryption) => counter.counted(encryption)),
    addresses: {
      // One bare circuit address for each relay: an explicit one throws at start when that relay is down
      // (libp2p/js-libp2p#3601).
      listen: [...options.listen, ...Array.from({ length: netLimits.circuitsWanted }, () => '/p2p-circuit')],
      // Identify announces these to every peer, also to members of a group who are not friends; friends get the others
      // in the hello.
      announceFilter: (addresses: Multiaddr[]) =>
        addresses.filter((address) => isPublic(address) && isRelayed(address)),
    },
    transports: [tcp(inbound), webSockets(inbound), circuits.factory],
    // A port in use or a machine without IPv6 must not prevent the start: circuits still work.
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    connectionGater: policy.gater(() => network.getConnections()),
    connectionManager: {
      maxConnections: netLimits.peerConnections,
      // Sockets are limited where they are accepted. Relayed connections all seem to come from the relay's address.
      inboundConnectionThreshold: netLimits.peerPending,
      maxIncomingPendingConnections: netLimits.peerPending,
      addressDialTimeout: limits.dialAddress,
      dialTimeout: limits.dial,
      reconnectRetries: 0,
    },
    connectionMonitor: {
      pingInterval: netLimits.peerPing,
      pingTimeout: { minTimeout: netLimits.peerPingTimeout, maxTimeout: netLimits.peerPingTimeout },
    },
    services: {
      ...sharedServices(),
      directDial: directDial(policy),
      punch: tcpPunch(policy),
      circuits: () => circuits,
      traffic: () => counter,
      mdns: mdns(),
      lanSlots: () => new LanSlots({ loopback: policy.loopback }),
    },
  })
  return network
}

export interface NodeNetworkOptions {
  privateKey: Ed25519PrivateKey
  listen: readonly string[]
  /** Addresses to announce instead of the ones listened on. */
  announce?: readonly string[]
  /** WebSockets from this machine are those of a proxy (RelayNodeOptions). */
  behindProxy?: boolean
  /** Whom the operator lets use the node; default: everybody. */
  admits?: Admits
  /** Peers that have a place at once, and reservations; default: those of `netLimits`. */
  most?: { peers?: number | undefined; reservations?: number | undefined }
  /** Default: those of `netLimits.circuits`. */
  circuits?: Circuits
}

/** A stopped libp2p node for a relay node: `start()` it. */
export async function createNodeNetwork(options: NodeNetworkOptions): Promise<NodeNetwork> {
  const { behindProxy = false, most: { peers = netLimits.nodeConnections, reservations } = {} } = options
  // As many above the places: for those who are told that there is none, and those that say nothing yet.
  const sockets = netLimits.nodeInbound.sockets + peers - netLimits.nodeConnections
  const inbound = new InboundSockets({ ...netLimits.nodeInbound, sockets })
  const network: NodeNetwork = await createLibp2p({
    ...shared(options.privateKey, netLimits.nodeStreamWindow),
    addresses: { listen: [...options.listen], announce: [...(options.announce ?? [])] },
    transports: [tcp(inbound, { backlog: netLimits.nodeBacklog }), webSockets(inbound, behindProxy)],
    connectionManager: {
      // Sockets are limited where they are accepted, peers by node-places.ts. At a limit of its own, libp2p would
      // refuse newcomers without a word, and end the connections that it finds least useful.
      maxConnections: Infinity,
      maxIncomingPendingConnections: Infinity,
      inboundConnectionThreshold: Infinity,
      inboundUpgradeTimeout: limits.handshake,
      reconnectRetries: 0,
    },
    connectionMonitor: {
      pingInterval: netLimits.nodePing,
      pingTimeout: { minTimeout: netLimits.nodePingTimeout },
    },
    services: {
      ...sharedServices(),
      // A node dials only back (dial-back.ts).
      directDial: directDial(anyDial),
      ownAddresses: ownAddresses(),
      places: nodePlaces(options.admits, peers),
      inbound: () => inbound,
      relay: relay(
        {
          maxInboundHopStreams: netLimits.circuitsPerPeer,
          maxOutboundStopStreams: netLimits.circuitsPerPeer,
          reservations: {
            maxReservations: reservations ?? Math.max(netLimits.reservations, peers),
            // Limited circuits would cut a conversation after two minutes or 128 KiB.
            applyDefaultLimit: false,
          },
        },
        {
          mayReserve: (peer) => network.services.places.hasRoomFor(peer),
          mayUse: (from) => network.services.places.mayUse(from),
        },
        options.circuits,
      ),
    },
  })
  return network
}

function shared(privateKey: Ed25519PrivateKey, maxWindow: number) {
  return {
    start: false,
    logger: noLog,
    privateKey,
    nodeInfo: { userAgent: agent, name: agent },
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({ maxInboundStreams: netLimits.muxStreams, maxOutboundStreams: netLimits.muxStreams, maxWindow }),
    ],
  }
}

function sharedServices() {
  return {
    connectionList: connectionList(),
    identify: identify({ runOnLimitedConnection: true }),
    ping: ping({
      runOnLimitedConnection: true,
      maxOutboundStreams: netLimits.pingStreams,
      maxInboundStreams: netLimits.pingStreams,
    }),
  }
}
