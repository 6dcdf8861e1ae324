/**
 * Keeps datagrams that lie about their length from the decoder of multicast-dns 7.2.5, which has dns-packet 5.6.1: that
 * believes the counts in a header, and decodes records after the end of the datagram as empty ones. 67 bytes cost
 * 100 ms, and every device of the local network can send them. The socket is inside the package; Node reports it when
 * it is made. Retires when dns-packet stops at the end.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { RemoteInfo, Socket } from 'node:dgram'
import { netLimits } from '../limits.ts'

const opened = 'udp.socket'
const headerLength = 12
/** Bytes of the shortest question and of the shortest record: an empty name, and the fields after it (RFC 1035). */
const shortestQuestion = 5
const shortestRecord = 11

/** Runs `open`, and lets only what `fits` through to the one socket that it makes. Throws unless it makes one. */
export function guardSocketOf<T>(open: () => T): T {
  const sockets: Socket[] = []
  const remember = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket)
  subscribe(opened, remember)
  let result: T
  try {
    result = open()
  } finally {
    unsubscribe(opened, remember)
  }
  const [socket, ...others] = sockets
  if (socket == null || others.length > 0) throw notGuarded()
  guardSocket(socket, fits)
  return result
}

/** Lets only what `passes` through to the one listener that decodes what `socket` receives. Throws without one. */
export function guardSocket(socket: Socket, passes: (datagram: Buffer, from: RemoteInfo) => boolean): void {
  const [decode, ...others] = socket.listeners('message') as ((datagram: Buffer, from: RemoteInfo) => void)[]
  if (decode == null || others.length > 0) throw notGuarded()
  socket.removeAllListeners('message')
  socket.on('message', (datagram, from) => {
    if (passes(datagram, from)) decode.call(socket, datagram, from)
  })
}

function notGuarded(): Error {
  return new Error('This version of multicast DNS cannot be guarded: check the pin')
}

/** A datagram is as long as its header says at least, and not longer than multicast DNS allows. */
export function fits(datagram: Buffer): boolean {
  if (datagram.byteLength < headerLength || datagram.byteLength > netLimits.dnsDatagram) return false
  const records = datagram.readUInt16BE(6) + datagram.readUInt16BE(8) + datagram.readUInt16BE(10)
  const least = headerLength + datagram.readUInt16BE(4) * shortestQuestion + records * shortestRecord
  return datagram.byteLength >= least
}
