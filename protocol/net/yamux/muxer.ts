/**
 * yamux (/yamux/1.0.0) for bulk data beside small messages, instead of @libp2p/yamux 8.0.3, with which it interoperates
 * in both directions. The stock muxer sends a window update for every frame, buffers a whole frame before it passes it
 * on, copies sent data several times, and lets one stream fill the connection while others wait without bound. Stream
 * and muxer extend libp2p's own base classes; frames, windows and scheduling are own code. Retires when the stock muxer
 * schedules fairly and is as fast.
 */
import {
  MuxerClosedError,
  TooManyOutboundProtocolStreamsError,
  type AbortOptions,
  type MessageStream,
  type StreamMuxerFactory,
} from '@libp2p/interface'
import { AbstractStreamMuxer } from '@libp2p/utils'
import { plaintextPool } from '../buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'
import { netLimits } from '../limits.ts'
import {
  flag,
  FrameReader,
  frameType,
  goAway,
  largestNumber,
  YamuxError,
  type FrameSink,
  type Header,
} from './frames.ts'
import { muxRates, type ConnectionRates } from './rates.ts'
import { YamuxStream } from './stream.ts'
import { FairWriter } from './fair-writer.ts'

const protocol = '/yamux/1.0.0'

export interface YamuxInit {
  /** Open streams at once that the other side opened; more are reset. */
  maxInboundStreams: number
  /** Open streams at once that this side opened. */
  maxOutboundStreams: number
  /** Bytes that a stream may be ahead of its reader: the window of each stream grows up to this. */
  maxWindow: number
}

/** A libp2p muxer: `streamMuxers: [yamux({ … })]`. */
export function yamux(init: YamuxInit): () => StreamMuxerFactory<YamuxMuxer> {
  const rates = muxRates()
  return () => ({
    protocol,
    createStreamMuxer: (connection) => new YamuxMuxer(connection, init, rates(connection)),
  })
}

class YamuxMuxer extends AbstractStreamMuxer<YamuxStream> implements FrameSink {
  readonly #init: YamuxInit
  readonly #dialled: boolean
  readonly #writer: FairWriter
  readonly #reader = new FrameReader(this)
  readonly #byNumber = new Map<number, YamuxStream>()
  readonly #open = { inbound: 0, outbound: 0 }
  readonly #rates: ConnectionRates
  #next: number
  /** The stream of the frame that is being read, while that stream exists. */
  #current: YamuxStream | undefined
  /** Small data of the read in progress, by stream: each frame on its own would cost much more than its bytes. */
  readonly #small = new Map<YamuxStream, Uint8Array[]>()
  #goingAway = false
  #remoteGoneAway = false

  constructor(connection: MessageStream, init: YamuxInit, rates: ConnectionRates) {
    super(connection, { protocol, name: 'yamux' })
    this.#init = init
    this.#rates = rates
    this.#dialled = connection.direction === 'outbound'
    this.#next = this.#dialled ? 1 : 2
    this.#writer = new FairWriter(connection)
  }

  onCreateStream(): YamuxStream {
    if (this.#goingAway || this.#remoteGoneAway) throw new MuxerClosedError('The connection accepts no more streams')
    if (this.#open.outbound >= this.#init.maxOutboundStreams) {
      throw new TooManyOutboundProtocolStreamsError('Too many streams opened by this side')
    }
    if (this.#next > largestNumber) throw new MuxerClosedError('All stream numbers of the connection are used')
    const stream = this.#add(this.#next, 'outbound')
    this.#next += 2
    // The base class must register the stream before an answer can arrive.
    queueMicrotask(() => stream.open())
    return stream
  }

  onData(data: Bytes): void {
    if (data instanceof Uint8Array) this.#reader.read(data)
    else for (const piece of data) this.#reader.read(piece)
    for (const stream of this.#small.keys()) this.#handOver(stream)
    // Window updates may allow more to be sent.
    this.#writer.flush()
  }

  // ---- received frames

  begin(header: Header): void {
    if (header.type > frameType.goAway) throw new YamuxError('A frame of a type that does not exist')
    const ofStream = header.type === frameType.data || header.type === frameType.windowUpdate
    if (ofStream !== header.stream > 0) throw new YamuxError('A frame of the wrong stream')
    if (this.#isIdle(header)) this.#takeIdle()
    if (!ofStream) return
    if ((header.flags & flag.syn) !== 0) this.#accept(header.stream)
    this.#current = this.#byNumber.get(header.stream)
    if (this.#current == null) return
    if (header.type === frameType.data) this.#current.expect(header.length)
    if ((header.flags & flag.rst) !== 0) {
      this.#handOver(this.#current)
      this.#current.onRemoteReset()
      this.#current = undefined
    }
  }

  data(bytes: Uint8Array): void {
    const stream = this.#current
    if (stream != null && bytes.byteLength > netLimits.muxSmallData) {
      this.#handOver(stream)
      return stream.onData(bytes)
    }
    if (stream != null) {
      const pieces = this.#small.get(stream)
      if (pieces == null) this.#small.set(stream, [bytes.slice()])
      else pieces.push(bytes.slice())
    }
    plaintextPool.put(bytes)
  }

  /** Passes the small data that a stream got in this read on as one piece. */
  #handOver(stream: YamuxStream): void {
    const pieces = this.#small.get(stream)
    if (pieces == null) return
    this.#small.delete(stream)
    stream.onData(pieces.length === 1 && pieces[0] != null ? pieces[0] : Buffer.concat(pieces))
  }

  end(header: Header): void {
    if (header.type === frameType.ping) return this.#answerPing(header)
    if (header.type === frameType.goAway) return this.#goneAway(header.length)
    if (header.type === frameType.windowUpdate) this.#current?.grant(header.length)
    if ((header.flags & flag.fin) !== 0 && this.#current != null) {
      this.#handOver(this.#current)
      this.#current.onRemoteCloseWrite()
    }
    this.#current = undefined
  }

  #accept(number: number): void {
    if (this.#dialled === (number % 2 === 1))
      throw new YamuxError('A stream with a number that is reserved for this side')
    if (this.#byNumber.has(number)) return
    if (this.#goingAway || !this.#mayOpen()) {
      this.#takeIdle()
      this.#writer.control({ type: frameType.windowUpdate, flags: flag.rst, stream: number, length: 0 })
      return
    }
    const stream = this.#add(number, 'inbound')
    stream.open()
    this.onRemoteStream(stream)
  }

  /** The other side may open one stream more: else it is reset, before libp2p spends anything on it. */
  #mayOpen(): boolean {
    const unnamed = [...this.#byNumber.values()].filter((stream) => stream.isUnnamed).length
    return (
      this.#open.inbound < this.#init.maxInboundStreams &&
      unnamed < netLimits.muxUnnamedStreams &&
      this.#rates.opening()
    )
  }

  /** A frame that brings no data and opens nothing: it costs its sender next to nothing. */
  #isIdle({ type, flags, length }: Header): boolean {
    if (type === frameType.ping || (flags & flag.rst) !== 0) return true
    return type !== frameType.goAway && length === 0 && (flags & flag.syn) === 0
  }

  /** Errors: `YamuxError` for too many frames of this kind, which ends the connection. */
  #takeIdle(): void {
    if (!this.#rates.idle()) throw new YamuxError('Too many frames without data, or streams')
  }

  #answerPing({ flags, length }: Header): void {
    if (flags !== flag.syn) throw new YamuxError('An answer to a ping that was not sent')
    this.#writer.control({ type: frameType.ping, flags: flag.ack, stream: 0, length })
  }

  #goneAway(reason: number): void {
    this.#remoteGoneAway = true
    if (reason === goAway.normal) this.onTransportClosed()
    else this.abort(new YamuxError('The other side ended the connection'))
  }

  #add(number: number, direction: 'inbound' | 'outbound'): YamuxStream {
    const stream = new YamuxStream({
      id: String(number),
      number,
      direction,
      writer: this.#writer,
      maxWindow: this.#init.maxWindow,
      log: this.log.newScope(`${direction}:${number}`),
    })
    this.#byNumber.set(number, stream)
    this.#open[direction] += 1
    stream.addEventListener('close', () => {
      this.#byNumber.delete(number)
      this.#open[direction] -= 1
    })
    return stream
  }

  // ---- closing

  override async close(options?: AbortOptions): Promise<void> {
    if (this.status !== 'open') return
    await super.close(options)
    this.#goAway(goAway.normal)
  }

  override abort(error: Error): void {
    if (this.status !== 'open') return
    super.abort(error)
    this.#goAway(error instanceof YamuxError ? goAway.protocolError : goAway.internalError)
  }

  #goAway(reason: number): void {
    this.#goingAway = true
    this.#writer.control({ type: frameType.goAway, flags: 0, stream: 0, length: reason })
    this.#writer.flush()
  }
}
