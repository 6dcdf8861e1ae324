/**
 * A hostile participant: a real libp2p host with its own identity that opens any protocol and writes arbitrary bytes.
 * It follows none of Quorum's rules; only its transport, encryption and multiplexing are honest, because data that
 * breaks those never reaches Quorum's code.
 */
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { toError } from '../../protocol/base/errors.ts'
import { identityFromSeed, type Identity } from '../../protocol/identity/identity.ts'
import { push } from '../../protocol/net/streams.ts'
import type { FriendRow } from '../../protocol/store/store.ts'
import { chatFrameToWire, chatVersion } from '../../protocol/wire/chat.ts'
import type { Hello } from '../../protocol/wire/hello.ts'
import { FrameDecoder, frame } from '../../protocol/wire/framing.ts'
import { undo } from './cleanup.ts'
import { befriended as friendRow } from './friends.ts'
import { until } from './network.ts'
import { patience } from './until.ts'

/** Much longer than any answer of Quorum. */
const longestFrame = 1024 * 1024
/** The attacker's own number of streams is not limited. */
const streams = 100_000

export interface Attacker {
  identity: Identity
  /** PeerId. */
  peer: string
  host: Libp2p
  dial(address: string): Promise<Connection>
  /** `framed`: the received data consists of frames, which are stored. */
  open(connection: Connection, protocol: string, framed?: boolean): Promise<Line>
}

/** An attacker, stopped with the test. The same `seed` is the same PeerId. */
export async function startAttacker(
  t: TestContext,
  seed: Uint8Array = randomBytes(32),
  listen: readonly string[] = [],
): Promise<Attacker> {
  const identity = await identityFromSeed(seed)
  const host = await createLibp2p({
    privateKey: identity.privateKey,
    addresses: { listen: [...listen] },
    transports: [tcp(), webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: streams, maxOutboundStreams: streams })],
    connectionManager: { maxConnections: 10_000, reconnectRetries: 0 },
    connectionMonitor: { enabled: false },
    services: { identify: identify() },
  })
  undo(t).defer(() => host.stop())
  return {
    identity,
    peer: identity.peer,
    host,
    dial: (address) => host.dial(multiaddr(address), { force: true, signal: AbortSignal.timeout(patience) }),
    async open(connection, protocol, framed) {
      const stream = await connection.newStream(protocol, {
        maxOutboundStreams: streams,
        signal: AbortSignal.timeout(patience),
        runOnLimitedConnection: true,
      })
      return new Line(stream, framed)
    },
  }
}

/** One stream of the attacker, and the data received on it. */
export class Line {
  readonly stream: Stream
  readonly frames: Uint8Array[] = []
  readonly #decoder = new FrameDecoder(longestFrame)
  #over = false
  /** Resolves at the next frame or at the end; a new promise then replaces it. */
  #news = Promise.withResolvers<void>()

  constructor(stream: Stream, framed = true) {
    this.stream = stream
    stream.addEventListener('message', ({ data }) => {
      if (!framed) return
      this.frames.push(...this.#decoder.push(data.subarray()))
      this.#announce()
    })
    const end = (): void => {
      this.#over = true
      this.#announce()
    }
    stream.addEventListener('remoteCloseWrite', end)
    stream.addEventListener('close', end)
  }

  /** The other side has closed or reset it. */
  get over(): boolean {
    return this.#over || this.stream.status !== 'open'
  }

  /** Writes bytes as they are; false when the other side has ended the stream. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      await push(this.stream, bytes, AbortSignal.timeout(patience))
      return !this.over
    } catch (error) {
      if (this.over) return false
      throw error
    }
  }

  /** Writes `payload` as one frame. */
  send(payload: Uint8Array): Promise<boolean> {
    return this.write(frame(payload))
  }

  /** Resolves when the other side has ended the stream: an offender is dropped. */
  dropped(): Promise<void> {
    return until(() => this.over, 'the stream is ended by the other side')
  }

  /** Waits for the received frame number `index`. */
  async frame(index: number): Promise<Uint8Array> {
    await until(() => this.frames.length > index, `frame ${index} comes back`)
    return this.frames[index] ?? new Uint8Array()
  }

  /** The same without a time limit; undefined when the other side ends the stream instead. */
  async next(index: number): Promise<Uint8Array | undefined> {
    while (this.frames.length <= index && !this.over) await this.#news.promise
    return this.frames[index]
  }

  abort(): void {
    this.stream.abort(toError('the attacker leaves'))
  }

  #announce(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }
}

/** A valid hello of the chat protocol, with `fields` replaced. */
export function helloFrame(fields: Partial<Hello> = {}): Uint8Array {
  const honest = {
    version: chatVersion,
    received: 0,
    receivedHash: new Uint8Array(),
    read: 0,
    name: 'Mallory',
    nodes: [],
    addresses: [],
    number: 0,
    trail: [],
    features: [],
    counted: 0,
  }
  return chatFrameToWire({ kind: 'hello', hello: { ...honest, ...fields } })
}

/** The victim has accepted the attacker as a friend. */
export function befriended(peer: string, fields: Partial<FriendRow> = {}): FriendRow {
  return { ...friendRow(peer, []), name: 'Mallory', ...fields }
}
