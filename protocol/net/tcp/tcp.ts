/**
 * TCP for bulk data: @libp2p/tcp 11.0.28 with two repairs.
 * - Reads use one buffer instead of 64 KiB of fresh memory for every read, however short. Node has that for sockets
 *   that dial (`onread`), not for accepted ones, so it is set on the socket afterwards, by internal names of Node 24.
 *   Without these names reading stays as it is.
 * - Buffers are put back (net/buffer-pool.ts) once the system has taken their content.
 *
 * Depends on `socket` and `sendData` of the connection that the pinned version makes. Retires when @libp2p/tcp reads
 * into a buffer of the caller's and Node does so for accepted sockets.
 */
import type { Socket } from 'node:net'
import type { MessageStream, MessageStreamReadStatus, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { tcp as stockTcp, type TCPOptions } from '@libp2p/tcp'
import type { Uint8ArrayList } from 'uint8arraylist'
import { ciphertextPool } from '../buffer-pool.ts'
import { netLimits } from '../limits.ts'
import { countReceived } from '../traffic.ts'

type TransportFactory = ReturnType<typeof stockTcp>

/** Shared by all sockets: the content of a read is processed before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(netLimits.tcpRead)

/** What this file uses of the stock connection. */
interface StockConnection extends MultiaddrConnection {
  readStatus: MessageStreamReadStatus
  socket: Socket
  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean }
  onData(data: Uint8Array): void
}

/** The readers of `readInPlace`. */
const readers = new WeakMap<MessageStream, (bytes: Uint8Array) => void>()

/** A libp2p transport: `transports: [tcp()]`. */
export function tcp(init: TCPOptions = {}): TransportFactory {
  const factory = stockTcp(init)
  return (components) => {
    const transport = factory(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: repairing(options.upgrader) })
    transport.createListener = (options) => createListener({ ...options, upgrader: repairing(options.upgrader) })
    return transport
  }
}

/**
 * Passes all that `connection` reads from now on to `read`, which must not keep a reference to it: the memory is reused
 * when it returns. Ignored for connections other than TCP. Data read while the connection is paused, or has data in its
 * read buffer, arrives as `message` events as usual.
 */
export function readInPlace(connection: MessageStream, read: (bytes: Uint8Array) => void): void {
  readers.set(connection, read)
}

function repairing(upgrader: Upgrader): Upgrader {
  const upgradeInbound: Upgrader['upgradeInbound'] = (connection, options) =>
    upgrader.upgradeInbound(repaired(connection), options)
  const upgradeOutbound: Upgrader['upgradeOutbound'] = (connection, options) =>
    upgrader.upgradeOutbound(repaired(connection), options)
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeInbound, upgradeOutbound })
}

function repaired(connection: MultiaddrConnection): MultiaddrConnection {
  if (!isStock(connection)) throw new Error('This version of TCP cannot be repaired: check the pin')
  const { socket } = connection
  connection.sendData = (data) => {
    let canSendMore = true
    if (data.byteLength > 0) socket.cork()
    for (const bytes of data) canSendMore = socket.write(bytes, () => ciphertextPool.put(bytes))
    socket.uncork()
    return { sentBytes: data.byteLength, canSendMore }
  }
  readInto(socket, readBuffer, (bytes) => {
    const read = readers.get(connection)
    if (read != null && connection.readStatus === 'readable' && connection.readBufferLength === 0) {
      countReceived(connection, bytes.byteLength)
      read(bytes)
    } else connection.onData(Uint8Array.from(bytes))
  })
  return connection
}

function isStock(connection: object): connection is StockConnection {
  return 'socket' in connection && 'sendData' in connection && 'onData' in connection
}

/** The option `onread` of `net.connect` for any socket. Returns whether this version of Node supports it. */
export function readInto(socket: Socket, buffer: Buffer, read: (bytes: Uint8Array) => void): boolean {
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
