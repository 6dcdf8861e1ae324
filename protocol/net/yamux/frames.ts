/**
 * Frames of yamux (specification in hashicorp/yamux, version 0): encodes headers, and reads frames, passing on data as
 * it arrives. The reader buffers at most an incomplete header, whatever length a frame claims; its sink checks lengths.
 */
import { plaintextPool } from '../buffer-pool.ts'

export const frameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const
export const flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const
export const goAway = { normal: 0, protocolError: 1, internalError: 2 } as const

/** Bytes of a header, and of a frame without data. */
const headerLength = 12
/** Bytes that either side of a new stream may send before the first window update (specification). */
export const initialWindow = 256 * 1024
/** The largest number that a header can hold. */
export const largestNumber = 0xffff_ffff

const frameVersion = 0

export interface Header {
  /** One of `frameType`; as received, any byte. */
  type: number
  /** Bitwise or of `flag`s. */
  flags: number
  /** 0: the connection itself. */
  stream: number
  /** By type: bytes of data, bytes granted, the opaque value of a ping, the reason of a go away. */
  length: number
}

/** The other side violates the protocol: the connection ends. */
export class YamuxError extends Error {
  override name = 'YamuxError'
}

export function encodeHeader({ type, flags, stream, length }: Header): Uint8Array {
  const bytes = new Uint8Array(headerLength)
  const view = new DataView(bytes.buffer)
  view.setUint8(1, type)
  view.setUint16(2, flags)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return bytes
}

/** Receives frames in order. An error that it throws ends the reading. */
export interface FrameSink {
  begin(header: Header): void
  /** The next bytes of the current data frame; a view, not a copy. */
  data(bytes: Uint8Array): void
  /** The current frame is complete. */
  end(header: Header): void
}

export class FrameReader {
  readonly #sink: FrameSink
  readonly #partial = new Uint8Array(headerLength)
  #filled = 0
  #frame: Header | undefined
  /** Bytes of the current data frame that have not arrived. */
  #missing = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Errors: `YamuxError` for another version, and those of the sink. */
  read(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.byteLength) {
      if (this.#frame == null) at += this.#readHeader(bytes, at)
      else {
        const piece = bytes.subarray(at, at + this.#missing)
        at += piece.byteLength
        this.#missing -= piece.byteLength
        this.#sink.data(piece)
        this.#endIfComplete(this.#frame)
      }
    }
  }

  /** Returns the number of bytes consumed. */
  #readHeader(bytes: Uint8Array, at: number): number {
    const piece = bytes.subarray(at, at + headerLength - this.#filled)
    this.#partial.set(piece, this.#filled)
    this.#filled += piece.byteLength
    plaintextPool.put(piece)
    if (this.#filled === headerLength) {
      this.#filled = 0
      const header = decodeHeader(this.#partial)
      this.#sink.begin(header)
      this.#missing = header.type === frameType.data ? header.length : 0
      this.#endIfComplete(header)
    }
    return piece.byteLength
  }

  #endIfComplete(header: Header): void {
    this.#frame = this.#missing === 0 ? undefined : header
    if (this.#missing === 0) this.#sink.end(header)
  }
}

function decodeHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength)
  if (view.getUint8(0) !== frameVersion) throw new YamuxError('A frame of another version')
  return { type: view.getUint8(1), flags: view.getUint16(2), stream: view.getUint32(4), length: view.getUint32(8) }
}
