/**
 * The sockets of a TCP hole punch, which js-libp2p lacks: a connection from a fresh local port to a node that reports
 * the observed address, and dials from the same port, repeated until the other side dials at the same time. libuv sets
 * SO_REUSEADDR, so on Linux two outgoing sockets may share a port on which no socket listens; on a system that forbids
 * it the dial fails with EADDRINUSE. When to dial is decided in paths/hole-punch.ts. Retires when js-libp2p dials from
 * a port whose observed address it knows (libp2p/js-libp2p#2620).
 */
import { once } from 'node:events'
import net from 'node:net'
import { identify } from '@libp2p/identify'
import type { Connection, Upgrader } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { endpoint, lastPeer } from '../../address/address.ts'
import { QuorumError, toError } from '../../base/errors.ts'
import { pause } from '../../base/backoff.ts'
import { dialSignal } from '../dial-signal.ts'
import { netLimits } from '../limits.ts'
import { anyDial, type DialRules } from '../direct-dial.ts'
import { sodiumCipher } from '../noise/sodium-cipher.ts'

interface Components {
  upgrader: Upgrader
  transportManager: TransportManager
}

interface PunchDial {
  localPort: number
  /** Both ends dial: one of them takes the role of the dialled one in the handshake. */
  initiator: boolean
  /** 0 to 1. */
  random?: () => number
}

export interface TcpPunch {
  /**
   * Dials `address` (`…/p2p/<PeerId>`) from a local port until it answers or `signal` aborts. Throws the error of the
   * last dial that was not aborted, because "aborted" explains nothing; the abort if there was no other.
   */
  dial(address: string, options: PunchDial, signal: AbortSignal): Promise<Connection>
}

/** A libp2p service: `services: { punch: tcpPunch(rules) }`. */
export function tcpPunch(rules: DialRules): (components: Components) => TcpPunch {
  return ({ transportManager, upgrader }) => ({
    async dial(address, { localPort, initiator, random = Math.random }, signal) {
      const refusal = rules.refusesDial(address, { peer: lastPeer(address) ?? '' })
      if (refusal !== undefined) throw refusal
      const target = multiaddr(address)
      const transport = transportManager.dialTransportForMultiaddr(target)
      if (transport == null) throw new QuorumError('bad-request', 'That address cannot be dialled')
      const role = initiator ? upgrader : asDialled(upgrader)
      signal.throwIfAborted()
      let failed: unknown
      for (;;) {
        using attempt = dialSignal(signal)
        const begun = performance.now()
        try {
          // The TCP transport passes localPort to net.connect, and initiator to the upgrader.
          const options = { signal: attempt.signal, localPort, initiator, upgrader: role }
          return await transport.dial(target, options)
        } catch (error) {
          if (signal.aborted) throw failed ?? error
          failed = error
          await pause(interval(error, performance.now() - begun, random()), signal)
          if (signal.aborted) throw error
        }
      }
    },
  })
}

/**
 * Wait before the next dial, in milliseconds. A router that refuses unknown packets lets a dial through only while the
 * other side has one outstanding, which is for as long as a refusal takes: with pauses of about that length each side
 * has a dial outstanding half of the time. Other failures are local and immediate; they are repeated at the full
 * interval.
 */
function interval(error: unknown, took: number, random: number): number {
  const { punchInterval, punchRefusal } = netLimits
  const longest = punchInterval + random * punchInterval
  const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
  return refused ? Math.min(longest, Math.max(punchRefusal, took) * (0.5 + random)) : longest
}

/**
 * With `initiator: false` the stock upgrader runs the encryption in the role of the dialled side, but the socket stays
 * "outbound", which yamux uses: both ends would be its clients.
 */
function asDialled(upgrader: Upgrader): Upgrader {
  const upgradeOutbound: Upgrader['upgradeOutbound'] = (socket, options) => {
    socket.direction = 'inbound'
    return upgrader.upgradeOutbound(socket, options)
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeOutbound })
}

/** A local port, and the address at which a node observes it. */
export interface Hole {
  localPort: number
  /** In the form of `endpoint` (address/address.ts). */
  seen: string
  /** Ends the connection that keeps the router's mapping alive. */
  close(): Promise<void>
}

/**
 * Connects to `node` (a TCP multiaddr with its PeerId) from a fresh port, with a new key: the node would mistake a
 * second connection under this peer's own key for the one with session, reservation and circuits. Errors: those of the
 * dial and of identify; `node-unreachable` when the node reports no address.
 */
export async function openHole(node: string, signal: AbortSignal): Promise<Hole> {
  const localPort = await freshPort()
  const observer = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise({ crypto: sodiumCipher })],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { reconnectRetries: 0 },
    services: { identify: identify({ runOnConnectionOpen: false }), punch: tcpPunch(anyDial) },
  })
  const close = async (): Promise<void> => {
    await observer.stop()
  }
  try {
    const connection = await observer.services.punch.dial(node, { localPort, initiator: true }, signal)
    const { observedAddr } = await observer.services.identify.identify(connection, { signal })
    const seen = observedAddr == null ? undefined : endpoint(observedAddr)
    if (seen == null) throw new QuorumError('node-unreachable', 'The node does not report an observed address')
    return { localPort, seen, close }
  } catch (error) {
    await close()
    throw toError(error)
  }
}

/** An unused port, chosen by the system. */
async function freshPort(): Promise<number> {
  const server = net.createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address == null || typeof address === 'string') throw new QuorumError('internal', 'The system gives no port')
  return address.port
}
