/** One WebSocket as a libp2p connection: binary messages are a stream of bytes, whatever their boundaries. */
import type { AbortOptions } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type AbstractMultiaddrConnectionInit, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { RawData, WebSocket } from 'ws'
import { TokenBucket } from '../../base/rate-limit.ts'
import { ciphertextPool } from '../buffer-pool.ts'
import { netLimits } from '../limits.ts'
import { boundHandshake, deliver } from '../read-in-place.ts'

export class WebSocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket
  readonly #idleFrames = new TokenBucket(netLimits.webSocketIdleFrames, () => performance.now())

  /** `socket` is open. */
  constructor(init: AbstractMultiaddrConnectionInit, socket: WebSocket) {
    super(init)
    this.#socket = socket
    boundHandshake(this)
    socket.on('message', (data, binary) => this.#receive(data, binary))
    socket.on('ping', (data) => {
      // Some proxies ask whether the connection is alive. Answers to somebody who reads none would pile up.
      if (this.#mayIdle() && socket.bufferedAmount === 0) socket.pong(data)
    })
    socket.on('pong', () => this.#mayIdle())
    socket.on('error', (error) => this.abort(error))
    socket.on('close', () => {
      if (this.status === 'open' || this.status === 'closing') this.onTransportClosed()
    })
  }

  #receive(data: RawData, binary: boolean): void {
    if (!binary || !Buffer.isBuffer(data)) return this.abort(new Error('A WebSocket message that is not binary'))
    if (data.byteLength > 0) deliver(this, data)
    else this.#mayIdle()
  }

  /** A frame without data is allowed now and then: else the connection ends. */
  #mayIdle(): boolean {
    const may = this.#idleFrames.take()
    if (!may) this.abort(new Error('Too many WebSocket frames without data'))
    return may
  }

  sendData(data: Uint8ArrayList): SendResult {
    for (const bytes of data) {
      for (let at = 0; at < bytes.byteLength; at += netLimits.webSocketSend) {
        const piece = bytes.subarray(at, at + netLimits.webSocketSend)
        this.#socket.send(piece, () => {
          ciphertextPool.put(piece)
          if (this.writableNeedsDrain && this.#hasRoom()) this.safeDispatchEvent('drain')
        })
      }
    }
    return { sentBytes: data.byteLength, canSendMore: this.#hasRoom() }
  }

  #hasRoom(): boolean {
    return this.#socket.bufferedAmount < netLimits.webSocketSend
  }

  sendReset(): void {
    this.#socket.terminate()
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return
    const closed = Promise.withResolvers<void>()
    const abort = (): void => this.#socket.terminate()
    this.#socket.once('close', () => closed.resolve())
    options?.signal?.addEventListener('abort', abort, { once: true })
    this.#socket.close()
    await closed.promise
    options?.signal?.removeEventListener('abort', abort)
    options?.signal?.throwIfAborted()
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }
}
