/**
 * TCP for bulk data: @libp2p/tcp 11.0.28 with these repairs.
 * - Reads use one buffer instead of 64 KiB of fresh memory for every read, however short. Node has that for sockets
 *   that dial (`onread`), not for accepted ones, so it is set on the socket afterwards, by internal names of Node 24.
 *   Without these names reading stays as it is.
 * - Buffers are put back (net/buffer-pool.ts) once the system has taken their content.
 * - One socket is read once, up to the size of that buffer, before the event loop goes on: libuv would read 32 times.
 * - Accepted sockets are counted and wait for their handshake (net/inbound-sockets.ts).
 *
 * Depends on `server` of the listener, and `socket` and `sendData` of the connection that the pinned version makes.
 * Retires when @libp2p/tcp reads into a buffer of the caller's, Node does so for accepted sockets, and libp2p counts
 * sockets from accept to close.
 */
import { Server, type Socket } from 'node:net'
import type { Listener, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { tcp as stockTcp, type TCPOptions } from '@libp2p/tcp'
import type { Uint8ArrayList } from 'uint8arraylist'
import { ciphertextPool } from '../buffer-pool.ts'
import { refuseOtherServices } from '../dial-failure.ts'
import type { InboundSockets } from '../inbound-sockets.ts'
import { netLimits } from '../limits.ts'
import { boundHandshake, deliver, type TransportStream } from '../read-in-place.ts'

type TransportFactory = ReturnType<typeof stockTcp>

/** Shared by all sockets: the content of a read is processed before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(netLimits.tcpRead)

/** What this file uses of the stock connection. */
type StockConnection = MultiaddrConnection &
  TransportStream & {
    socket: Socket
    sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean }
  }

/** A libp2p transport: `transports: [tcp(inbound)]`. */
export function tcp(inbound: InboundSockets, init: TCPOptions = {}): TransportFactory {
  const factory = stockTcp(init)
  return (components) => {
    const transport = factory(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: repairing(options.upgrader, inbound) })
    transport.createListener = (options) =>
      counted(createListener({ ...options, upgrader: repairing(options.upgrader, inbound) }), inbound)
    return transport
  }
}

/** The sockets of `listener` go through `inbound` first. */
function counted(listener: Listener, inbound: InboundSockets): Listener {
  const server: unknown = Reflect.get(listener, 'server')
  if (!(server instanceof Server)) throw new Error('This version of TCP cannot be repaired: check the pin')
  const stock = server.listeners('connection')
  server.removeAllListeners('connection')
  const cut = inbound.accept(server, (socket) => {
    for (const accept of stock) Reflect.apply(accept, server, [socket])
  })
  const close = listener.close.bind(listener)
  listener.close = async () => {
    const closed = close()
    cut()
    await closed
  }
  return listener
}

function repairing(upgrader: Upgrader, inbound: InboundSockets): Upgrader {
  const upgradeInbound: Upgrader['upgradeInbound'] = async (connection, options) => {
    const stock = repaired(connection)
    await upgrader.upgradeInbound(stock, options)
    inbound.connected(stock.socket)
  }
  const upgradeOutbound: Upgrader['upgradeOutbound'] = async (connection, options) => {
    const stock = repaired(connection)
    const other = refuseOtherServices(stock)
    try {
      return await upgrader.upgradeOutbound(stock, options)
    } catch (error) {
      throw other() ?? error
    }
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeInbound, upgradeOutbound })
}

function repaired(connection: MultiaddrConnection): StockConnection {
  if (!isStock(connection)) throw new Error('This version of TCP cannot be repaired: check the pin')
  const { socket } = connection
  connection.sendData = (data) => {
    let canSendMore = true
    if (data.byteLength > 0) socket.cork()
    for (const bytes of data) canSendMore = socket.write(bytes, () => ciphertextPool.put(bytes))
    socket.uncork()
    return { sentBytes: data.byteLength, canSendMore }
  }
  boundHandshake(connection)
  readInto(socket, readBuffer, (bytes) => {
    deliver(connection, bytes)
    if (bytes.byteLength < readBuffer.byteLength) return true
    // The buffer was full, so there is more: other sockets come first.
    setImmediate(() => {
      if (connection.readStatus !== 'paused' && !socket.destroyed) socket.resume()
    })
    return false
  })
  return connection
}

function isStock(connection: object): connection is StockConnection {
  return 'socket' in connection && 'sendData' in connection && 'onData' in connection
}

/**
 * The option `onread` of `net.connect` for any socket: `read` returns whether to go on reading. Returns whether this
 * version of Node supports it.
 */
export function readInto(socket: Socket, buffer: Buffer, read: (bytes: Uint8Array) => boolean): boolean {
  const [forBuffer, forCallback] = ['kBuffer', 'kBufferCb'].map((name) =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name),
  )
  const handle: unknown = Reflect.get(socket, '_handle')
  if (forBuffer == null || forCallback == null || !canReadInto(handle)) return false
  Reflect.set(socket, forBuffer, buffer)
  Reflect.set(socket, forCallback, (length: number) => read(buffer.subarray(0, length)))
  handle.useUserBuffer(buffer)
  return true
}

function canReadInto(handle: unknown): handle is { useUserBuffer(buffer: Buffer): void } {
  return typeof handle === 'object' && handle != null && 'useUserBuffer' in handle
}
