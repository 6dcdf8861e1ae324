/**
 * One stream of a yamux connection: libp2p's own stream of messages (half-closing, aborting, events) with yamux's
 * windows. What may arrive is what was read: the other side is granted as much as was handed to a listener, so a
 * reader that pauses, or is not there yet, holds at most one window in memory.
 */
import { StreamBufferError, StreamMessageEvent } from '@libp2p/interface'
import { AbstractStream, type AbstractStreamInit, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { netLimits } from '../limits.ts'
import { plaintexts } from '../buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'
import { encodeHeader, flag, frameType, initialWindow, largestNumber, YamuxError } from './frames.ts'
import type { Sender, TurnWriter } from './fair-writer.ts'

export interface YamuxStreamInit extends AbstractStreamInit {
  /** Its number on the wire. */
  number: number
  writer: TurnWriter
  /** The window grows up to this as data is read, in bytes. */
  maxWindow: number
}

export class YamuxStream extends AbstractStream implements Sender {
  readonly number: number
  readonly #writer: TurnWriter
  readonly #maxWindow: number
  /** What the first frame we send says about the stream. */
  #opening: number
  /** Bytes that the other side still takes. */
  #sendWindow = initialWindow
  /** Bytes that may be on their way to us or unread here. */
  #window = initialWindow
  /** Of it, bytes that the other side may still send. */
  #granted = initialWindow
  /** Bytes read since the last grant. Negative after something read was put back. */
  #read = 0

  constructor(init: YamuxStreamInit) {
    super(init)
    this.number = init.number
    this.#writer = init.writer
    this.#maxWindow = Math.max(init.maxWindow, initialWindow)
    this.#opening = init.direction === 'inbound' ? flag.ack : flag.syn
  }

  /** Tells the other side of the stream, unless a frame has. */
  open(): void {
    if (this.#opening === 0 || this.status !== 'open') return
    this.#send(0, 0)
  }

  // ---- sending

  /** As many bytes as fit go at once, the rest in turns: only what could not be sent makes `send` return false. */
  protected override processSendQueue(): boolean {
    if (this.writeBuffer.byteLength === 0) return true
    if (this.writeStatus !== 'writable' && this.writeStatus !== 'closing') return false
    if (this.#sendWindow > 0) this.#writer.ready(this)
    this.#writer.flush()
    if (this.writeBuffer.byteLength === 0) return true
    this.writableNeedsDrain = true
    const most = this.maxWriteBufferLength ?? Infinity
    if (this.writeBuffer.byteLength > most) this.abort(new StreamBufferError(`More than ${most} bytes wait to be sent`))
    return false
  }

  take(batch: Uint8ArrayList, share: number): boolean {
    const length = Math.min(this.writeBuffer.byteLength, this.#sendWindow, share)
    if (length === 0) return false
    batch.append(
      encodeHeader({ type: frameType.data, flags: this.#openingFlag(), stream: this.number, length }),
      this.writeBuffer.sublist(0, length),
    )
    this.writeBuffer.consume(length)
    this.#sendWindow -= length
    return this.#sendWindow > 0 && this.writeBuffer.byteLength > 0
  }

  sent(): void {
    if (this.writeBuffer.byteLength > 0) return
    this.safeDispatchEvent('idle')
    if (this.writableNeedsDrain) this.safeDispatchEvent('drain')
  }

  /** The other side takes `length` bytes more. */
  grant(length: number): void {
    this.#sendWindow = Math.min(this.#sendWindow + length, largestNumber)
    if (this.writeBuffer.byteLength > 0 && this.#sendWindow > 0) this.#writer.ready(this)
  }

  /** Never called: the writer takes what is to be sent. */
  sendData(): SendResult {
    return { sentBytes: 0, canSendMore: false }
  }

  sendReset(): void {
    this.#writer.forget(this)
    this.#send(flag.rst, 0)
  }

  async sendCloseWrite(): Promise<void> {
    this.#send(flag.fin, 0)
  }

  /** yamux has no word for it; what arrives is thrown away. */
  async sendCloseRead(): Promise<void> {
    this.#grantRead()
  }

  override onMuxerDrain(): void {
    // The writer takes care of whose turn it is.
  }

  override onRemoteReset(): void {
    this.#writer.forget(this)
    this.writeBuffer.consume(this.writeBuffer.byteLength)
    super.onRemoteReset()
  }

  // ---- receiving

  /** A frame of `length` bytes begins. Errors: `YamuxError` for more than was granted, or after the end. */
  expect(length: number): void {
    if (length > this.#granted) throw new YamuxError('More data than the window allows')
    if (length > 0 && this.remoteWriteStatus === 'closed') throw new YamuxError('Data after the end of a stream')
    this.#granted -= length
  }

  override onData(data: Bytes): void {
    const waiting = this.readBuffer.byteLength > 0 || this.listenerCount('message') === 0
    if (this.readStatus === 'readable' && !waiting) {
      this.#read += data.byteLength
      this.dispatchEvent(new StreamMessageEvent(data))
    } else if (this.readStatus === 'closing' || this.readStatus === 'closed') {
      this.#read += data.byteLength
    } else {
      super.onData(kept(data))
    }
    this.#grantRead()
  }

  protected override dispatchReadBuffer(): void {
    const before = this.readBuffer.byteLength
    super.dispatchReadBuffer()
    this.#read += before - this.readBuffer.byteLength
    this.#grantRead()
  }

  override push(data: Bytes): void {
    this.#read -= data.byteLength
    super.push(data)
  }

  override unshift(data: Bytes): void {
    this.#read -= data.byteLength
    super.unshift(data)
  }

  sendPause(): void {
    // Nothing is read, so nothing is granted.
  }

  sendResume(): void {
    this.#grantRead()
  }

  /** In steps of half a window. One that was used up to there may be larger: up to double, up to its bound. */
  #grantRead(): void {
    if (this.#read < this.#window / 2 || this.remoteWriteStatus === 'closed') return
    const larger = Math.min(this.#window * 2, this.#maxWindow)
    const length = this.#read + larger - this.#window
    this.#window = larger
    this.#granted += length
    this.#read = 0
    this.#send(0, length)
  }

  #send(flags: number, length: number): void {
    const header = { type: frameType.windowUpdate, flags: flags | this.#openingFlag(), stream: this.number, length }
    this.#writer.control(header)
  }

  #openingFlag(): number {
    const opening = this.#opening
    this.#opening = 0
    return opening
  }
}

/** Whoever waits for a reader must not hold on to all that came in the same packet. */
function kept(data: Bytes): Bytes {
  if (data.byteLength >= netLimits.readLow / 2) return data
  const copy = Uint8Array.from(data.subarray())
  plaintexts.giveBack(data)
  return copy
}
