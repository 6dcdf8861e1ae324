/**
 * Counts the bytes that each connection carries, as on the wire. libp2p counts for a metrics service only, and by
 * protocol. Counting starts before the encryption handshake; the key is the connection's timeline, the one object that
 * a socket and its `Connection` share. Depends on `onData` of @libp2p/utils 7.4.1, which every transport calls. Retires
 * when a connection exposes its byte counts.
 */
import type { Connection, ConnectionEncrypter, MessageStream } from '@libp2p/interface'

interface Carried {
  /** Bytes. */
  received: number
  sent: number
}

export interface Traffic {
  /** So far, under the keys of that connection. */
  of(connection: Connection): Carried
  /** The same encryption, counted. */
  counted<C, E extends ConnectionEncrypter>(encryption: (components: C) => E): (components: C) => E
}

/** By timeline. */
const counts = new WeakMap<object, Carried>()

/** For a transport that passes bytes to their reader without `onData` (tcp/tcp.ts). */
export function countReceived({ timeline }: MessageStream, length: number): void {
  const carried = counts.get(timeline)
  if (carried != null) carried.received += length
}

export function traffic(): Traffic {
  const count = (socket: MessageStream): void => {
    if (!isStock(socket)) throw new Error('This version of libp2p’s sockets cannot be counted: check the pin')
    const carried = { received: 0, sent: 0 }
    counts.set(socket.timeline, carried)
    // Not a listener: with one, buffered bytes for the next reader would be dispatched to it and lost.
    const onData = socket.onData.bind(socket)
    socket.onData = (data) => {
      carried.received += data.byteLength
      onData(data)
    }
    const send = socket.send.bind(socket)
    socket.send = (data) => {
      carried.sent += data.byteLength
      return send(data)
    }
  }
  return {
    of: ({ timeline }) => counts.get(timeline) ?? { received: 0, sent: 0 },
    counted: (encryption) => (components) => {
      const encrypter = encryption(components)
      const secureInbound = encrypter.secureInbound.bind(encrypter)
      const secureOutbound = encrypter.secureOutbound.bind(encrypter)
      encrypter.secureInbound = (socket: MessageStream, options) => {
        count(socket)
        return secureInbound(socket, options)
      }
      encrypter.secureOutbound = (socket: MessageStream, options) => {
        count(socket)
        return secureOutbound(socket, options)
      }
      return encrypter
    },
  }
}

interface StockSocket {
  onData(data: { byteLength: number }): void
}

function isStock(socket: MessageStream): socket is MessageStream & StockSocket {
  return 'onData' in socket
}
