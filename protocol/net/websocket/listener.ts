/** Listens for WebSockets on one address. Any other HTTP request is refused. */
import http from 'node:http'
import net, { type Socket } from 'node:net'
import {
  TypedEventEmitter,
  type ComponentLogger,
  type CreateListenerOptions,
  type Listener,
  type ListenerEvents,
} from '@libp2p/interface'
import { getNetConfig, getThinWaistAddresses, ipPortToMultiaddr } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { WebSocketServer, type WebSocket } from 'ws'
import { toError } from '../../base/errors.ts'
import type { InboundSockets } from '../inbound-sockets.ts'
import { netLimits } from '../limits.ts'
import { WebSocketConnection } from './connection.ts'
import { socketOptions } from './socket-options.ts'

interface ListenerInit extends CreateListenerOptions {
  inbound: InboundSockets
  logger: ComponentLogger
  behindProxy: boolean
}

export class WebSocketListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #inbound: InboundSockets
  readonly #logger: ComponentLogger
  readonly #upgrader: CreateListenerOptions['upgrader']
  readonly #behindProxy: boolean
  readonly #server = net.createServer()
  readonly #http: http.Server
  readonly #webSockets = new WebSocketServer({ ...socketOptions, noServer: true, clientTracking: false })
  readonly #stopped = new AbortController()
  readonly #cut: () => void
  #address: Multiaddr | undefined

  constructor({ inbound, logger, behindProxy, upgrader }: ListenerInit) {
    super()
    this.#behindProxy = behindProxy
    this.#inbound = inbound
    this.#logger = logger
    this.#upgrader = upgrader
    this.#http = http
      .createServer({ maxHeaderSize: netLimits.webSocketHeaders }, (_request, response) => {
        response.writeHead(400, { connection: 'close' }).end('Only WebSocket connections are supported\n')
      })
      .on('upgrade', (request, socket, head) => {
        this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
          // Whatever it is that a stranger has found: only this socket ends.
          this.#upgrade(webSocket, request).catch(() => webSocket.terminate())
        })
      })
    const fromProxy = (socket: Socket): boolean => behindProxy && isLocal(socket)
    this.#cut = inbound.accept(this.#server, (socket) => this.#http.emit('connection', socket), fromProxy)
    this.#server.on('close', () => this.safeDispatchEvent('close'))
  }

  async #upgrade(webSocket: WebSocket, { socket, headers }: http.IncomingMessage): Promise<void> {
    const forwarded = this.#behindProxy && isLocal(socket) ? clientOf(headers['x-forwarded-for']) : undefined
    const remoteAddress = forwarded ?? ipOf(socket.remoteAddress)
    const { remotePort } = socket
    // The other side may have gone meanwhile.
    if (remoteAddress == null || remotePort == null) return webSocket.terminate()
    if (forwarded != null) this.#inbound.cameFrom(socket, forwarded)
    const connection = new WebSocketConnection(
      {
        remoteAddr: ipPortToMultiaddr(remoteAddress, remotePort).encapsulate('/ws'),
        direction: 'inbound',
        log: this.#logger.forComponent('quorum:websocket'),
      },
      webSocket,
    )
    try {
      await this.#upgrader.upgradeInbound(connection, { signal: this.#stopped.signal })
      this.#inbound.connected(socket)
    } catch (error) {
      connection.abort(toError(error))
    }
  }

  async listen(address: Multiaddr): Promise<void> {
    const config = getNetConfig(address)
    const listening = Promise.withResolvers<void>()
    this.#server.once('error', listening.reject)
    this.#server.listen({ ...config, ipv6Only: config.type === 'ip6' }, listening.resolve)
    await listening.promise
    this.#server.off('error', listening.reject)
    this.#server.on('error', (error) => this.safeDispatchEvent('error', { detail: error }))
    this.#address = address
    this.safeDispatchEvent('listening')
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    if (!this.#server.listening) return
    const closed = Promise.withResolvers<void>()
    this.#server.close(() => closed.resolve())
    this.#cut()
    await closed.promise
  }

  getAddrs(): Multiaddr[] {
    const bound = this.#server.address()
    if (bound == null || typeof bound === 'string') return []
    return getThinWaistAddresses(this.#address, bound.port).map((address) => address.encapsulate('/ws'))
  }

  updateAnnounceAddrs(): void {
    // Nothing to add: the addresses are known.
  }
}

function isLocal({ remoteAddress = '' }: Socket): boolean {
  return ipaddr.isValid(remoteAddress) && ipaddr.process(remoteAddress).range() === 'loopback'
}

/** The last entry: the one that the proxy itself has added. */
function clientOf(header: string | string[] | undefined): string | undefined {
  const last = [header].flat().join().split(',').at(-1)?.trim() ?? ''
  return ipOf(last)
}

/** An IP address as a multiaddr has it: without the interface of a link-local one, which only this machine knows. */
function ipOf(text = ''): string | undefined {
  const [ip = ''] = text.split('%')
  return net.isIP(ip) === 0 ? undefined : ip
}
