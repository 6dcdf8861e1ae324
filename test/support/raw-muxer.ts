/** A connection past the Noise handshake on which the test itself is the multiplexer: raw frames of yamux. */
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import {
  TypedEventEmitter,
  type MessageStream,
  type Stream,
  type StreamMuxer,
  type StreamMuxerFactory,
} from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { push } from '../../protocol/net/streams.ts'
import { encodeHeader, flag, FrameReader, frameType, type Header } from '../../protocol/net/yamux/frames.ts'
import { undo } from './cleanup.ts'
import { patience } from './until.ts'

const protocol = '/yamux/1.0.0'

export interface RawConnection {
  /** Sends bytes inside the encryption; false when the other side has ended the connection. */
  write(bytes: Uint8Array): Promise<boolean>
  /** The other side has ended the connection. */
  readonly over: boolean
  /** Streams that the other side has opened, and that it has reset. */
  readonly opened: number
  readonly resets: number
  isReset(stream: number): boolean
  /** Bytes that the other side accepts on its streams, beside the first window of each. */
  readonly granted: number
}

/** Connects to `address` as a stranger of its own. */
export async function dialRaw(t: TestContext, address: string): Promise<RawConnection> {
  const { privateKey } = await identityFromSeed(randomBytes(32))
  const secured = Promise.withResolvers<MessageStream>()
  let [opened, granted] = [0, 0]
  const resets: number[] = []
  const reader = new FrameReader({
    begin: ({ type, flags, stream, length }) => {
      if ((flags & flag.syn) !== 0) opened += 1
      if ((flags & flag.rst) !== 0) resets.push(stream)
      if (type === frameType.windowUpdate && stream > 0) granted += length
    },
    data: () => undefined,
    end: () => undefined,
  })
  const factory = (): StreamMuxerFactory => ({
    protocol,
    createStreamMuxer: (connection) => {
      connection.addEventListener('message', ({ data }) => reader.read(data.subarray()))
      secured.resolve(connection)
      return silentMuxer(connection)
    },
  })
  const host = await createLibp2p({
    privateKey,
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [factory],
    connectionManager: { reconnectRetries: 0 },
    connectionMonitor: { enabled: false },
  })
  undo(t).defer(() => host.stop())
  const connection = await host.dial(multiaddr(address), { signal: AbortSignal.timeout(patience) })
  const stream = await secured.promise
  return {
    async write(bytes) {
      if (stream.status !== 'open') return false
      try {
        await push(stream as Stream, bytes, AbortSignal.timeout(patience))
      } catch (error) {
        if (stream.status === 'open') throw error
      }
      return stream.status === 'open'
    },
    get over() {
      return stream.status !== 'open' || connection.status !== 'open'
    },
    get opened() {
      return opened
    },
    get resets() {
      return resets.length
    },
    isReset: (stream) => resets.includes(stream),
    get granted() {
      return granted
    },
  }
}

/** Frames of yamux, one after the other, each with the data that belongs to it. */
export function frames(...all: (Partial<Header> & { data?: Uint8Array })[]): Buffer {
  return Buffer.concat(
    all.flatMap(({ data = Buffer.alloc(0), ...header }) => [
      encodeHeader({ type: 0, flags: 0, stream: 0, length: data.byteLength, ...header }),
      data,
    ]),
  )
}

/** libp2p's view of the connection: a multiplexer without streams. */
function silentMuxer(connection: MessageStream): StreamMuxer {
  return Object.assign(new TypedEventEmitter(), {
    protocol,
    status: 'open' as const,
    streams: [],
    onData: () => undefined,
    createStream: async () => Promise.reject(new Error('This connection has no streams')),
    close: async () => undefined,
    abort: () => undefined,
    log: connection.log,
  }) as unknown as StreamMuxer
}
