/**
 * Readers of a transport's bytes that need no `message` events: the encryption reads each piece while its memory is the
 * transport's. A connection that has such a reader has finished its handshake; until then few bytes are due.
 */
import type { MessageStream, MessageStreamReadStatus } from '@libp2p/interface'
import type { Bytes } from '../base/bytes.ts'
import { netLimits } from './limits.ts'
import { countReceived } from './traffic.ts'

/** What this file uses of libp2p's AbstractMessageStream (@libp2p/utils 7.4.1). */
export type TransportStream = MessageStream & {
  readStatus: MessageStreamReadStatus
  onData(data: Bytes): void
}

const readers = new WeakMap<MessageStream, (bytes: Uint8Array) => void>()

/**
 * Passes all that `connection` reads from now on to `read`, which must not keep a reference to it: the memory is reused
 * when it returns. Ignored for transports other than this host's. Data read while the connection is paused, or has data
 * in its read buffer, arrives as `message` events as usual.
 */
export function readInPlace(connection: MessageStream, read: (bytes: Uint8Array) => void): void {
  readers.set(connection, read)
}

/** For the transport: passes on what it has read. The memory is its own again when this returns. */
export function deliver(connection: TransportStream, bytes: Uint8Array): void {
  const read = readers.get(connection)
  if (read != null && connection.readStatus === 'readable' && connection.readBufferLength === 0) {
    countReceived(connection, bytes.byteLength)
    read(bytes)
  } else connection.onData(Uint8Array.from(bytes))
}

/** Ends `connection` when more than `netLimits.handshakeBytes` arrive before its handshake is done. */
export function boundHandshake(connection: TransportStream): void {
  let received = 0
  const onData = connection.onData.bind(connection)
  connection.onData = (data) => {
    if (!readers.has(connection)) received += data.byteLength
    if (received > netLimits.handshakeBytes) connection.abort(new Error('Too much before the end of the handshake'))
    else onData(data)
  }
}
