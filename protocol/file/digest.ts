/**
 * BLAKE3 of chunks and of files (docs/protocol.md, "/quorum/file/1.0.0"): the digest of a file is the digest of its
 * chunks' digests, so that both sides hash each byte once, and a receiver that goes on does not read everything again.
 */
import { blake3, Blake3Hasher } from '@napi-rs/blake-hash'
import { limits } from '../base/limits.ts'

/** Digest over the digests of a file's chunks, one after the other. */
export class FileDigest {
  /** The first digest: most files are one chunk, and creating a hasher takes longer than using it. */
  #only: Uint8Array = new Uint8Array()
  #hasher: Blake3Hasher | undefined

  add(digest: Uint8Array): void {
    if (this.#hasher == null && this.#only.byteLength === 0) {
      this.#only = digest
      return
    }
    this.#hasher ??= new Blake3Hasher().update(buffer(this.#only))
    this.#hasher.update(buffer(digest))
  }

  /** The digest of what was added so far. */
  value(): Uint8Array {
    return this.#hasher?.digestBuffer() ?? blake3(buffer(this.#only))
  }
}

/** Whether `digest` is that of a full chunk of zeros: those are neither sent nor written, so files keep their holes. */
export function isZeros(digest: Uint8Array): boolean {
  return zeros.equals(digest)
}

/** BLAKE3-256, 32 bytes. */
export function chunkDigest(data: Uint8Array): Uint8Array {
  return blake3(buffer(data))
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const zeros = Buffer.from(chunkDigest(Buffer.alloc(limits.chunk)))
