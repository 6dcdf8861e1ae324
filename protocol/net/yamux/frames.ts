/**
 * Frames of yamux (the specification in hashicorp/yamux, version 0): headers out, and a reader that hands over data as
 * it comes. It keeps at most an unfinished header, whatever length a frame claims; who it is for decides about lengths.
 */
import { plaintexts } from '../buffer-pool.ts'

export const frameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const
export const flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const
export const goAway = { normal: 0, protocolError: 1, internalError: 2 } as const

/** Bytes of a header, and of a frame that is nothing else. */
const headerLength = 12
/** What either side of a new stream may send before it is told more (the specification). */
export const initialWindow = 256 * 1024
/** The largest number in a header. */
export const largestNumber = 0xffff_ffff

const frameVersion = 0

export interface Header {
  /** One of `frameType`, or what the other side takes for one. */
  type: number
  /** `flag`s joined. */
  flags: number
  /** 0 stands for the connection. */
  stream: number
  /** Bytes of data; bytes granted; number of a ping; reason to go away. */
  length: number
}

/** The other side does not speak yamux, or not as it must: the connection ends. */
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

/** What a reader calls, in the order of what arrives. An error thrown here ends the reading. */
export interface FrameSink {
  begin(header: Header): void
  /** The next bytes of the data frame that has begun; a view, not a copy. */
  data(bytes: Uint8Array): void
  /** The frame that began is whole. */
  end(header: Header): void
}

export class FrameReader {
  readonly #sink: FrameSink
  readonly #partial = new Uint8Array(headerLength)
  #filled = 0
  #frame: Header | undefined
  /** Of the data frame that has begun. */
  #missing = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Errors: `YamuxError` for another version, and whatever the sink throws. */
  read(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.byteLength) {
      if (this.#frame == null) at += this.#readHeader(bytes, at)
      else {
        const piece = bytes.subarray(at, at + this.#missing)
        at += piece.byteLength
        this.#missing -= piece.byteLength
        this.#sink.data(piece)
        this.#endIfWhole(this.#frame)
      }
    }
  }

  /** Returns how many bytes it took. */
  #readHeader(bytes: Uint8Array, at: number): number {
    const piece = bytes.subarray(at, at + headerLength - this.#filled)
    this.#partial.set(piece, this.#filled)
    this.#filled += piece.byteLength
    plaintexts.giveBack(piece)
    if (this.#filled === headerLength) {
      this.#filled = 0
      const header = decodeHeader(this.#partial)
      this.#sink.begin(header)
      this.#missing = header.type === frameType.data ? header.length : 0
      this.#endIfWhole(header)
    }
    return piece.byteLength
  }

  #endIfWhole(header: Header): void {
    this.#frame = this.#missing === 0 ? undefined : header
    if (this.#missing === 0) this.#sink.end(header)
  }
}

function decodeHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength)
  if (view.getUint8(0) !== frameVersion) throw new YamuxError('A frame of another version')
  return { type: view.getUint8(1), flags: view.getUint16(2), stream: view.getUint32(4), length: view.getUint32(8) }
}
