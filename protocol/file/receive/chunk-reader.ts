/**
 * Turns the bytes of a file stream into chunks: a framed header, then the chunk's bytes (docs/protocol.md). The bytes
 * are copied into one buffer, so that the buffers in which they arrived can be reused at once. A chunk is yielded when
 * it is complete, so at most one is held here. Lengths are checked before anything is allocated.
 */
import { QuorumError } from '../../base/errors.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'
import { chunkHeaderFromWire, type ChunkHeader, type SkippedFile } from '../../wire/file.ts'
import { FrameDecoder } from '../../wire/framing.ts'

export interface ArrivedChunk {
  header: ChunkHeader
  /** `header.length` bytes; empty for a chunk of zeros. From `chunkPool`: the last user gives it back there. */
  data: Buffer
}

const nothing = Buffer.alloc(0)

/**
 * Yields chunk after chunk, or that a file was skipped. What `source` yields is not used any more when the next part is
 * requested. `onBytes` is called with the length of each part of a chunk as it arrives, and with 0 for what has no
 * bytes. Errors: those of headers (wire/file.ts), `peer-offline` when the stream ends within a chunk.
 */
export async function* readChunks(
  source: AsyncIterable<Bytes>,
  onBytes: (length: number) => void,
): AsyncGenerator<ArrivedChunk | SkippedFile, void, undefined> {
  const headers = new FrameDecoder(fileLimits.chunkHeader)
  /** Its header has arrived, its bytes up to `filled`. */
  let open: ArrivedChunk | undefined
  let filled = 0
  for await (const bytes of source) {
    let arrived = 0
    for (const part of partsOf(bytes)) {
      let at = 0
      while (at < part.byteLength) {
        if (open == null) {
          const { frame, used } = headers.first(part.subarray(at))
          at += used
          if (frame == null) continue
          const header = chunkHeaderFromWire(Uint8Array.from(frame))
          if ('skipped' in header) {
            onBytes(0)
            yield header
            continue
          }
          if (header.zeros === true) {
            onBytes(0)
            yield { header, data: nothing }
            continue
          }
          open = { header, data: chunkPool.get(header.length) }
          filled = 0
        } else {
          const { data } = open
          const piece = part.subarray(at, at + data.byteLength - filled)
          data.set(piece, filled)
          filled += piece.byteLength
          at += piece.byteLength
          arrived += piece.byteLength
          if (filled < data.byteLength) continue
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
