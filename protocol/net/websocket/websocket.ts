/**
 * WebSockets for libp2p instead of @libp2p/websockets 10.1.21, with which it interoperates in both directions. That
 * transport takes messages of 100 MiB before anybody is asked who they are, cannot end a connection that it gave up on
 * (it closes with the code 1006, which the `ws` package refuses), does not stop reading when its reader is busy, and
 * keeps sockets that say nothing. TLS is for dialling only: a node gets it from a proxy in front of it. Retires when
 * the package bounds messages, terminates what it aborts, and pauses.
 */
import {
  serviceCapabilities,
  transportSymbol,
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type Transport,
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { multiaddrToUri } from '@multiformats/multiaddr-to-uri'
import { WebSocket } from 'ws'
import { parseAddress } from '../../address/address.ts'
import { toError } from '../../base/errors.ts'
import type { InboundSockets } from '../inbound-sockets.ts'
import { netLimits } from '../limits.ts'
import { WebSocketConnection } from './connection.ts'
import { WebSocketListener } from './listener.ts'
import { socketOptions } from './socket-options.ts'

interface Components {
  logger: ComponentLogger
}

/** A libp2p transport: `transports: [webSockets(inbound)]`. `behindProxy`: as in RelayNodeOptions. */
export function webSockets(inbound: InboundSockets, behindProxy = false): (components: Components) => Transport {
  return ({ logger }) => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'quorum-websocket',
    [serviceCapabilities]: ['@libp2p/transport'],
    async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
      const init = { remoteAddr: address, direction: 'outbound', log: logger.forComponent('quorum:websocket') } as const
      const connection = new WebSocketConnection(init, await open(address, options.signal))
      try {
        return await options.upgrader.upgradeOutbound(connection, options)
      } catch (error) {
        connection.abort(toError(error))
        throw error
      }
    },
    createListener: (options: CreateListenerOptions): Listener =>
      new WebSocketListener({ inbound, logger, behindProxy, ...options }),
    listenFilter: (addresses) => addresses.filter((address) => isWebSocket(address) && !hasTls(address)),
    dialFilter: (addresses) => addresses.filter(isWebSocket),
  })
}

function isWebSocket(address: Multiaddr): boolean {
  const { transport, relay } = parseAddress(address) ?? {}
  return transport === 'ws' && relay === undefined
}

function hasTls(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'tls' || name === 'wss')
}

async function open(address: Multiaddr, signal: AbortSignal): Promise<WebSocket> {
  signal.throwIfAborted()
  const socket = new WebSocket(multiaddrToUri(address), { ...socketOptions, maxHeaderSize: netLimits.webSocketHeaders })
  const opened = Promise.withResolvers<void>()
  const abort = (): void => {
    opened.reject(toError(signal.reason))
    socket.terminate()
  }
  signal.addEventListener('abort', abort, { once: true })
  socket.once('open', opened.resolve)
  // Stays: terminate() before the end of the handshake is an error too.
  socket.on('error', opened.reject)
  try {
    await opened.promise
    return socket
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
