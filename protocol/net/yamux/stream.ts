/**
 * One stream of a yamux connection: libp2p's message stream (half-closing, aborting, events) with yamux's windows. The
 * other side is granted as many bytes as were passed to a listener, so at most one window of data is in memory for a
 * reader that pauses or has not started.
 */
import { StreamBufferError, StreamMessageEvent } from '@libp2p/interface'
import { AbstractStream, type AbstractStreamInit, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { netLimits } from '../limits.ts'
import { owned, tooManyPieces } from '../buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'
import { encodeHeader, flag, frameType, initialWindow, largestNumber, YamuxError } from './frames.ts'
import type { Sender, FairWriter } from './fair-writer.ts'

export interface YamuxStreamInit extends AbstractStreamInit {
  /** Its number on the wire. */
  number: number
  writer: FairWriter
  /** The window grows up to this as data is read, in bytes. */
  maxWindow: number
}

export class YamuxStream extends AbstractStream implements Sender {
  readonly number: number
  /**
   * The listener copies what it keeps (streams.ts). Others, libp2p's own readers, get data that is theirs.
   */
  lends = false
  /** The window grows up to this as data is read, in bytes. It never shrinks. */
  maxWindow: number
  readonly #writer: FairWriter
  /** The flag of the first frame that is sent: SYN, or ACK. */
  #opening: number
  /** Bytes that the other side still accepts. */
  #sendWindow = initialWindow
  /** Bytes that may be in transit to this side or unread here. */
  #window = initialWindow
  /** Bytes of the window that the other side may still send. */
  #granted = initialWindow
  /** Bytes received while no protocol was agreed. */
  #unnamed = 0
  #handedOver = 0
  /** Calls of `send` since a protocol was agreed. */
  #sends = 0
  /** Pieces received since the read buffer was empty, or one piece. */
  #waitingPieces = 0
  /** Bytes read since the last grant. Negative after read data was pushed back. */
  #read = 0

  constructor(init: YamuxStreamInit) {
    super(init)
    this.number = init.number
    this.#writer = init.writer
    this.maxWindow = init.maxWindow
    this.#opening = init.direction === 'inbound' ? flag.ack : flag.syn
  }

  /** Announces the stream to the other side, unless an earlier frame did. */
  open(): void {
    if (this.#opening === 0 || this.status !== 'open') return
    this.#send(0, 0)
  }

  // ---- sending

  override send(data: Bytes): boolean {
    if (this.protocol !== '') this.#sends += 1
    return super.send(data)
  }

  /** Sends as many bytes as possible at once, the rest when scheduled: `send` returns false only if some are left. */
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

  /** The other side accepts `length` bytes more. */
  grant(length: number): void {
    this.#sendWindow = Math.min(this.#sendWindow + length, largestNumber)
    if (this.writeBuffer.byteLength > 0 && this.#sendWindow > 0) this.#writer.ready(this)
  }

  /** Never called: `take` passes on what is to be sent. */
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

  /** yamux has no frame for it; received data is discarded. */
  async sendCloseRead(): Promise<void> {
    this.#grantRead()
  }

  override onMuxerDrain(): void {
    // The writer schedules the streams.
  }

  override onRemoteReset(): void {
    this.#writer.forget(this)
    this.writeBuffer.consume(this.writeBuffer.byteLength)
    super.onRemoteReset()
  }

  // ---- receiving

  /** A frame with `length` bytes of data begins. Errors: `YamuxError` for more than was granted, or after the end. */
  expect(length: number): void {
    if (length > this.#granted) throw new YamuxError('More data than the window allows')
    if (length > 0 && this.remoteWriteStatus === 'closed') throw new YamuxError('Data after the end of a stream')
    this.#granted -= length
    if (this.isUnnamed && this.#unnamed + length > netLimits.muxUnnamedBytes) {
      this.abort(new YamuxError('Too much data before the protocol of a stream is agreed'))
    }
    this.#unnamed += length
  }

  /** The other side opened it, and has not agreed on a protocol yet. */
  get isUnnamed(): boolean {
    return this.direction === 'inbound' && this.protocol === ''
  }

  override onData(data: Bytes): void {
    const waiting = this.readBuffer.byteLength > 0 || this.listenerCount('message') === 0
    if (this.readStatus === 'readable' && !waiting) {
      this.#read += data.byteLength
      this.#handOver(data.byteLength)
      this.dispatchEvent(new StreamMessageEvent(this.lends ? data : owned(data)))
    } else if (this.readStatus === 'closing' || this.readStatus === 'closed') {
      this.#read += data.byteLength
    } else {
      super.onData(owned(data))
      this.#waitingPieces += 1
      if (tooManyPieces(this.#waitingPieces, this.readBuffer.byteLength)) this.#joinWaiting()
    }
    this.#grantRead()
  }

  #joinWaiting(): void {
    const whole = this.readBuffer.slice()
    this.readBuffer.consume(whole.byteLength)
    this.readBuffer.append(whole)
    this.#waitingPieces = 1
  }

  /** `length` bytes go to a reader. One of libp2p's own holds or answers them all, so it gets few. */
  #handOver(length: number): void {
    const most = this.lends ? undefined : this.#mostHandedOver()
    if (most == null) return
    this.#handedOver += length
    if (this.#handedOver > most) this.abort(new YamuxError('Too much data for a protocol of libp2p'))
  }

  #mostHandedOver(): number | undefined {
    const inbound = this.direction === 'inbound'
    const whole = inbound ? netLimits.stockReads[this.protocol] : undefined
    // Whoever is asked has said one thing before the circuit, who asks says the next one inside it.
    return whole ?? (this.#sends < (inbound ? 1 : 2) ? netLimits.stockRequests[this.protocol] : undefined)
  }

  protected override dispatchReadBuffer(): void {
    const before = this.readBuffer.byteLength
    super.dispatchReadBuffer()
    if (this.readBuffer.byteLength === 0) this.#waitingPieces = 0
    this.#handOver(before - this.readBuffer.byteLength)
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

  /** Grants in steps of half a window. Each step doubles the window, up to its bound. */
  #grantRead(): void {
    if (this.#read < this.#window / 2 || this.remoteWriteStatus === 'closed') return
    const larger = Math.max(this.#window, Math.min(this.#window * 2, this.maxWindow))
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
