/**
 * What arrives on a file stream, as chunks: a framed header, then its bytes. The bytes stay in the pieces in which they
 * came, so nothing is copied; a chunk is yielded when it is complete, so at most one is held here. Lengths are checked
 * before anything is kept.
 */
import { QuorumError } from './errors.ts'
import { limits } from './limits.ts'
import type { Bytes } from './net/streams.ts'
import { chunkHeaderFromWire, type ChunkHeader } from './wire/file.ts'
import { FrameDecoder } from './wire/framing.ts'

export interface ArrivedChunk {
  header: ChunkHeader
  /** `header.length` bytes together. */
  pieces: Uint8Array[]
}

/**
 * Yields chunk after chunk. `onBytes`: called with the length of each part of a chunk as it arrives. Errors: those of
 * headers (wire/file.ts), `peer-offline` when the stream ends within a chunk.
 */
export async function* readChunks(
  source: AsyncIterable<Bytes>,
  onBytes: (length: number) => void,
): AsyncGenerator<ArrivedChunk, void, undefined> {
  const headers = new FrameDecoder(limits.chunkHeader)
  let open: ArrivedChunk | undefined
  let missing = 0
  for await (const bytes of source) {
    let arrived = 0
    for (const part of partsOf(bytes)) {
      let at = 0
      while (at < part.byteLength) {
        if (open == null) {
          const { frame, used } = headers.first(part.subarray(at))
          at += used
          if (frame == null) continue
          open = { header: chunkHeaderFromWire(frame), pieces: [] }
          missing = open.header.length
        } else {
          const piece = part.subarray(at, at + missing)
          open.pieces.push(piece)
          at += piece.byteLength
          missing -= piece.byteLength
          arrived += piece.byteLength
          if (missing > 0) continue
          onBytes(arrived)
          arrived = 0
          yield open
          open = undefined
        }
      }
    }
    if (arrived > 0) onBytes(arrived)
  }
  if (open != null || headers.pending) throw new QuorumError('peer-offline', 'The path was lost')
}

function partsOf(bytes: Bytes): Iterable<Uint8Array> {
  return bytes instanceof Uint8Array ? [bytes] : bytes
}
