/**
 * The sockets of a TCP hole punch, which js-libp2p lacks: a connection from a fresh local port to a node that tells
 * what address it saw, and a dial from that same port, repeated until the other side dials at the same time. libuv
 * sets SO_REUSEADDR, so on Linux two outgoing sockets may share a port on which nothing listens; where a system does
 * not allow it, the dial fails with EADDRINUSE. Who dials when is paths/hole-punch.ts. Retires when js-libp2p dials from a
 * port it knows the outside of (libp2p/js-libp2p#2620).
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
import { endpoint } from '../../address/address.ts'
import { QuorumError, toError } from '../../base/errors.ts'
import { pause } from '../../base/backoff.ts'
import { dialSignal } from '../dial-signal.ts'
import { sodiumCipher } from '../noise/sodium-cipher.ts'

/** Between two dials of one punch, in milliseconds: at least, and up to that much more. */
const again = 25
/** The shortest that a refusal is taken to take, in milliseconds. */
const shortest = 3

interface Components {
  upgrader: Upgrader
  transportManager: TransportManager
}

interface PunchDial {
  localPort: number
  /** Both ends dial: one of them takes the part of the dialled one in the handshake. */
  initiator: boolean
  /** 0 to 1. */
  random?: () => number
}

export interface TcpPunch {
  /**
   * Dials `address` (`…/p2p/<PeerId>`) from a local port again and again until it answers or `signal` aborts. Throws
   * what the last dial failed with that was not cut short, for "aborted" explains nothing; where none was, that.
   */
  dial(address: string, options: PunchDial, signal: AbortSignal): Promise<Connection>
}

/** A libp2p service: `services: { punch: tcpPunch() }`. */
export function tcpPunch(): (components: Components) => TcpPunch {
  return ({ transportManager, upgrader }) => ({
    async dial(address, { localPort, initiator, random = Math.random }, signal) {
      const target = multiaddr(address)
      const transport = transportManager.dialTransportForMultiaddr(target)
      if (transport == null) throw new QuorumError('bad-request', 'That address cannot be dialled')
      const part = initiator ? upgrader : asDialled(upgrader)
      signal.throwIfAborted()
      let failed: unknown
      for (;;) {
        using attempt = dialSignal(signal)
        const begun = performance.now()
        try {
          // The TCP transport hands localPort to net.connect, and initiator to the upgrader.
          const options = { signal: attempt.signal, localPort, initiator, upgrader: part }
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
 * A router that answers what it does not know with a refusal can be passed only while the other side waits for one: so
 * about as long as that took, both dial for half of the time. What fails here at once is only repeated now and then.
 */
function interval(error: unknown, took: number, random: number): number {
  const longest = again + random * again
  const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
  return refused ? Math.min(longest, Math.max(shortest, took) * (0.5 + random)) : longest
}

/**
 * With `initiator: false` the stock upgrader lets the encryption be the dialled one's, but the socket still says
 * "outbound", and yamux goes by that: both ends would be its clients.
 */
function asDialled(upgrader: Upgrader): Upgrader {
  const upgradeOutbound: Upgrader['upgradeOutbound'] = (socket, options) => {
    socket.direction = 'inbound'
    return upgrader.upgradeOutbound(socket, options)
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeOutbound })
}

/** A local port, and where a node saw it. */
export interface Hole {
  localPort: number
  /** As `endpoint` has it. */
  seen: string
  /** Ends the connection that keeps the router's mapping alive. */
  close(): Promise<void>
}

/**
 * Connects to `node` (a TCP multiaddr with its PeerId) from a fresh port, under a key made for this: a second
 * connection under our own would be taken for the one that carries session, reservation and circuits.
 * Errors: whatever keeps the node from being reached or from telling.
 */
export async function openHole(node: string, signal: AbortSignal): Promise<Hole> {
  const localPort = await freshPort()
  const observer = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise({ crypto: sodiumCipher })],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { reconnectRetries: 0 },
    services: { identify: identify({ runOnConnectionOpen: false }), punch: tcpPunch() },
  })
  const close = async (): Promise<void> => {
    await observer.stop()
  }
  try {
    const connection = await observer.services.punch.dial(node, { localPort, initiator: true }, signal)
    const { observedAddr } = await observer.services.identify.identify(connection, { signal })
    const seen = observedAddr == null ? undefined : endpoint(observedAddr)
    if (seen == null) throw new QuorumError('node-unreachable', 'The node does not tell what address it sees')
    return { localPort, seen, close }
  } catch (error) {
    await close()
    throw toError(error)
  }
}

/** A port that nothing uses, as the system chooses one. */
async function freshPort(): Promise<number> {
  const server = net.createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address == null || typeof address === 'string') throw new QuorumError('internal', 'The system gives no port')
  return address.port
}
