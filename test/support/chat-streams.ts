/**
 * Chat streams without a network: libp2p's own stream, whose frames are collected instead of sent, on a connection that
 * has only the properties that the choice of a stream reads.
 */
import type { Connection } from '@libp2p/interface'
import { AbstractStream, streamPair, type SendResult } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { ChatStream, type Opener } from '../../protocol/chat/chat-stream.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { bodyFromWire, chatFrameFromWire, type ChatFrame } from '../../protocol/wire/chat.ts'
import { FrameDecoder } from '../../protocol/wire/framing.ts'
import { alice, bob } from './people.ts'

const [{ log }] = await streamPair()
let count = 0

export class CollectingStream extends AbstractStream {
  /** The written frames, in order. */
  readonly frames: ChatFrame[] = []
  /** The stream accepts what is written, then has no room for more until `drain` is called. */
  full = false
  readonly #decoder = new FrameDecoder(chatLimits.chatFrame)

  constructor() {
    count += 1
    super({ id: `stream ${count}`, log })
  }

  get messages(): Uint8Array[] {
    return this.frames.flatMap((frame) => (frame.kind === 'message' ? [frame.body] : []))
  }

  get sequences(): number[] {
    return this.messages.map((body) => bodyFromWire(body).sequence)
  }

  /** Reports that there is room again. */
  drain(): void {
    this.full = false
    this.safeDispatchEvent('drain')
  }

  sendData(data: Parameters<AbstractStream['sendData']>[0]): SendResult {
    this.frames.push(...this.#decoder.push(data.subarray()).map(chatFrameFromWire))
    return { sentBytes: data.byteLength, canSendMore: !this.full }
  }

  sendReset(): void {}
  async sendCloseWrite(): Promise<void> {}
  async sendCloseRead(): Promise<void> {}
  sendPause(): void {}
  sendResume(): void {}
}

interface Properties {
  /** Whether the own side dialled the connection, and whether it opened the stream. */
  direction?: 'inbound' | 'outbound'
  opener?: Opener
  /** The own PeerId is the smaller one. */
  smaller?: boolean
  relayed?: boolean
  /** When the connection was opened, milliseconds since the epoch. */
  openedAt?: number
  /** Another stream of the same connection. */
  beside?: Connection
  /** The friend has said hello on it. Default true. */
  greeted?: boolean
  /** As `ChatStream.acknowledgedBefore`. Default: everything. */
  acknowledgedBefore?: number
}

/** A stream of a conversation, and its network-side end. */
export function chatStream(properties: Properties = {}): { stream: ChatStream; wire: CollectingStream } {
  const { opener = 'outbound', smaller = true, greeted = true, acknowledgedBefore = Infinity, beside } = properties
  const wire = new CollectingStream()
  const stream = new ChatStream(wire, beside ?? connectionWith(properties), opener, smaller, acknowledgedBefore)
  stream.helloReceived = greeted
  return { stream, wire }
}

export function connectionWith({ direction = 'outbound', relayed = false, openedAt = 1 }: Properties = {}): Connection {
  count += 1
  const node = `/ip4/192.0.2.1/tcp/1/p2p/${alice.peer}/p2p-circuit`
  const remoteAddr = multiaddr(`${relayed ? node : '/ip4/192.0.2.2/tcp/1'}/p2p/${bob.peer}`)
  const connection = { id: `connection ${count}`, direction, remoteAddr, timeline: { open: openedAt } }
  return connection as Partial<Connection> as Connection
}
