/**
 * Both ends of a circuit, implemented directly on the hop and stop protocols of Circuit Relay v2, on hosts without any
 * other protocol: a peer that follows none of Quorum's rules. The test decides which bytes go through the circuit.
 */
import { noise } from '@libp2p/noise'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Connection, Ed25519PrivateKey, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { lpStream } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { netLimits } from '../../protocol/net/limits.ts'

const hopProtocol = '/libp2p/circuit/relay/0.2.0/hop'
const stopProtocol = '/libp2p/circuit/relay/0.2.0/stop'

/** Field numbers of HopMessage and StopMessage, and of the Peer inside. */
const field = { type: 1, peer: 2, stopStatus: 4, hopStatus: 5, peerId: 1 }
const hopType = { reserve: 0, connect: 1 }
const stopType = { status: 1 }

export const circuitStatus = {
  ok: 100,
  refused: 200,
  tooMany: 201,
  denied: 202,
  failed: 203,
  noReservation: 204,
} as const

/** A host that only dials, from `localAddress` if there is one. Stop it. */
export async function bareHost(privateKey?: Ed25519PrivateKey, localAddress?: string): Promise<Libp2p> {
  return createLibp2p({
    ...(privateKey == null ? {} : { privateKey }),
    addresses: { listen: [] },
    transports: [tcp(localAddress == null ? {} : { dialOpts: { localAddress } as object })],
    connectionEncrypters: [noise()],
    // The stock window grows to 16 MiB, while the read buffer of a stream that is paused takes 4 MiB: a guest that is
    // slow to read would reset its own stream.
    streamMuxers: [
      yamux({
        maxOutboundStreams: 1000,
        maxInboundStreams: 1000,
        streamOptions: { maxStreamWindowSize: netLimits.streamWindow },
      }),
    ],
  })
}

export async function connectTo(host: Libp2p, node: string): Promise<Connection> {
  return host.dial(multiaddr(node))
}

/** Asks for a reservation; returns the status. */
export async function reserve(connection: Connection): Promise<number> {
  const { status, stream } = await hop(connection, hopMessage(hopType.reserve))
  await stream.close()
  return status
}

/** Asks for a circuit to `peer`, a PeerId or its bytes; on `ok` the stream is one end of it. */
export async function callCircuit(
  connection: Connection,
  peer: string | Uint8Array,
): Promise<{ status: number; stream: Stream }> {
  const id = typeof peer === 'string' ? peerIdFromString(peer).toMultihash().bytes : peer
  return hop(connection, hopMessage(hopType.connect, id))
}

/** Accepts every circuit and hands over its end, with the connection to the node over which it came. */
export async function answerCircuits(
  host: Libp2p,
  take: (stream: Stream, connection: Connection) => void | Promise<void>,
): Promise<void> {
  await host.handle(
    stopProtocol,
    async (stream, connection) => {
      const framed = lpStream(stream)
      await framed.read()
      const answer = new BinaryWriter().tag(field.type, WireType.Varint).uint32(stopType.status)
      await framed.write(answer.tag(field.stopStatus, WireType.Varint).uint32(circuitStatus.ok).finish())
      await take(framed.unwrap(), connection)
    },
    { maxInboundStreams: 1000 },
  )
}

async function hop(connection: Connection, message: Uint8Array): Promise<{ status: number; stream: Stream }> {
  const stream = await connection.newStream(hopProtocol, { maxOutboundStreams: 1000 })
  const framed = lpStream(stream)
  await framed.write(message)
  return { status: statusIn((await framed.read()).subarray()), stream: framed.unwrap() }
}

function hopMessage(type: number, peer?: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().tag(field.type, WireType.Varint).uint32(type)
  if (peer != null) {
    writer.tag(field.peer, WireType.LengthDelimited).fork()
    writer.tag(field.peerId, WireType.LengthDelimited).bytes(peer).join()
  }
  return writer.finish()
}

function statusIn(message: Uint8Array): number {
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (number === field.hopStatus) return reader.uint32()
    reader.skip(type)
  }
  throw new Error('An answer without a status')
}
