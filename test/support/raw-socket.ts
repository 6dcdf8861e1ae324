/** Sockets without libp2p, over TCP or WebSocket: for data that is no handshake. */
import net from 'node:net'
import type { TestContext } from 'node:test'
import { portOf } from './addresses.ts'
import { undo } from './cleanup.ts'
import type { Door } from './doors.ts'

/** A loopback address that no honest participant uses: limits count per address. */
const elsewhere = '127.0.0.2'

export interface RawSocket {
  socket: net.Socket
  /** The other side has closed or reset it. */
  ended: Promise<void>
  /** Sends bytes as the transport carries them. */
  write(bytes: Uint8Array): void
}

/** Opens sockets, which are destroyed with the test. A WebSocket is open when this resolves, unless it was refused. */
export function rawSockets(t: TestContext): (door: Door, from?: string) => Promise<RawSocket> {
  const all: net.Socket[] = []
  undo(t).defer(() => {
    for (const socket of all) socket.destroy()
  })
  return async ({ address, over }, from = elsewhere) => {
    const socket = net.connect({ host: '127.0.0.1', port: portOf(address), localAddress: from })
    all.push(socket)
    const end = Promise.withResolvers<void>()
    // Data must be read: an end after unread bytes is not reported. A reset is an end too.
    socket
      .on('error', () => socket.destroy())
      .on('close', () => end.resolve())
      .resume()
    const { promise: ended } = end
    if (over === 'TCP') return { socket, ended, write: (bytes) => void socket.write(bytes) }
    const answered = new Promise<void>((resolve) => void socket.once('data', () => resolve()))
    socket.write(upgradeRequest)
    await Promise.race([answered, ended])
    return { socket, ended, write: (bytes) => void socket.write(webSocketFrame(frameKind.binary, bytes)) }
  }
}

const upgradeRequest = [
  'GET / HTTP/1.1',
  'Host: node',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n')

export const frameKind = { text: 1, binary: 2, ping: 9 } as const

/** A whole WebSocket message of a client (RFC 6455, section 5.2), masked with zeros. */
export function webSocketFrame(kind: number, payload: Uint8Array): Buffer {
  return Buffer.concat([webSocketHeader(kind, payload.byteLength), payload])
}

/** The start of a message of `length` bytes, whether they follow or not. */
export function webSocketHeader(kind: number, length: number): Buffer {
  const wide = Buffer.alloc(8)
  wide.writeBigUInt64BE(BigInt(length))
  const marks = length < 126 ? [length] : length < 65_536 ? [126, ...wide.subarray(6)] : [127, ...wide]
  return Buffer.from([0x80 | kind, 0x80 | (marks[0] ?? 0), ...marks.slice(1), 0, 0, 0, 0])
}
