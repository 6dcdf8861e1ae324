/**
 * Codec of /quorum/file/1.0.0 (docs/protocol.md): requests and acknowledgements of the receiver, and the header before
 * each chunk.
 */
import { errorFromData, QuorumError, type ErrorData } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { bytesFromWire, decode, encode, numberFromWire } from './codec.ts'
import { ChunkHeaderSchema, FileFrameSchema, type FileOpen as WireOpen } from './quorum_pb.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'

/** The version of the file protocol; sent in the first frame of a stream. */
const fileVersion = 1

const digestLength = 32
const none = new Uint8Array()

export type FileOpen =
  | { transfer: string; want: 'manifest' }
  | {
      transfer: string
      want: 'chunks'
      /** The entry of the manifest, and the chunk of it, to begin with. */
      file: number
      chunk: number
      /** Digest over the digests of the earlier chunks, empty at 0. */
      prefix: Uint8Array
      /** The receiver understands `SkippedFile`. Absent in older versions. */
      skips?: true
    }

export type FileFrame =
  | { kind: 'open'; open: FileOpen }
  /** Bytes of chunks of this stream that have arrived, and that are on disk. */
  | { kind: 'ack'; received: number; stored: number }
  | { kind: 'stop' }
  | { kind: 'unknown' }

export interface ChunkHeader {
  file: number
  chunk: number
  /** Length in bytes. They follow, unless it is a whole chunk of `zeros`. */
  length: number
  zeros?: true
  digest: Uint8Array
  /** With the last chunk of a file: the digest over the digests of all its chunks. */
  fileDigest?: Uint8Array
}

/** In the place of a chunk: no more of this file comes, because it is no longer what was offered. */
export interface SkippedFile {
  file: number
  skipped: true
}

export function fileFrameToWire(frame: Exclude<FileFrame, { kind: 'unknown' }>): Uint8Array {
  switch (frame.kind) {
    case 'open': {
      const { open } = frame
      const where =
        open.want === 'manifest'
          ? { manifest: true }
          : { file: open.file, chunk: BigInt(open.chunk), prefix: open.prefix, skips: open.skips === true }
      const value = { version: fileVersion, transfer: uuidToBytes(open.transfer), ...where }
      return encode(FileFrameSchema, { frame: { case: 'open', value } })
    }
    case 'ack': {
      const value = { received: BigInt(frame.received), stored: BigInt(frame.stored) }
      return encode(FileFrameSchema, { frame: { case: 'ack', value } })
    }
    case 'stop':
      return encode(FileFrameSchema, { frame: { case: 'stop', value: {} } })
  }
}

/** Errors: `unsupported-version` for an opening of another version. */
export function fileFrameFromWire(bytes: Uint8Array): FileFrame {
  const { frame } = decode(FileFrameSchema, bytes)
  switch (frame.case) {
    case 'open':
      return { kind: 'open', open: openFromWire(frame.value) }
    case 'ack':
      return { kind: 'ack', received: numberFromWire(frame.value.received), stored: numberFromWire(frame.value.stored) }
    case 'stop':
      return { kind: 'stop' }
    case undefined:
      return { kind: 'unknown' }
  }
}

export function chunkHeaderToWire(value: ChunkHeader | SkippedFile): Uint8Array {
  if ('skipped' in value) return encode(ChunkHeaderSchema, value)
  const { fileDigest = none, chunk, ...header } = value
  return encode(ChunkHeaderSchema, { ...header, chunk: BigInt(chunk), fileDigest })
}

/** Sent instead of a header when no more chunks follow. */
export function chunkErrorToWire(error: ErrorData): Uint8Array {
  return encode(ChunkHeaderSchema, { error })
}

/** Errors: `RemoteError` with the reason of the sender; `bad-request`, `too-large`. */
export function chunkHeaderFromWire(bytes: Uint8Array): ChunkHeader | SkippedFile {
  const { file, chunk, length, digest, fileDigest, zeros, error, skipped } = decode(ChunkHeaderSchema, bytes)
  if (error != null) throw new RemoteError(errorFromData(error))
  if (skipped) return { file, skipped }
  if (length === 0 || length > limits.chunk) throw new QuorumError('too-large', 'A chunk has the wrong length')
  if (zeros && length !== limits.chunk) throw new QuorumError('bad-request', 'Only a whole chunk can be left out')
  return {
    file,
    chunk: numberFromWire(chunk),
    length,
    ...(zeros ? { zeros } : {}),
    digest: bytesFromWire(digest, digestLength, 'A digest'),
    ...(fileDigest.byteLength === 0 ? {} : { fileDigest: bytesFromWire(fileDigest, digestLength, 'A digest') }),
  }
}

/** The sender ended the transfer and reported the reason: a retry would end in the same way. */
export class RemoteError extends QuorumError {
  constructor({ code, message }: QuorumError) {
    super(code, message)
  }
}

function openFromWire({ version, transfer, manifest, file, chunk, prefix, skips }: WireOpen): FileOpen {
  if (version !== fileVersion) {
    throw new QuorumError(
      'unsupported-version',
      `They use version ${version} of the file protocol, this is ${fileVersion}`,
    )
  }
  const id = uuidFromBytes(transfer)
  if (manifest) return { transfer: id, want: 'manifest' }
  const begin = numberFromWire(chunk)
  return {
    transfer: id,
    want: 'chunks',
    file,
    chunk: begin,
    prefix: bytesFromWire(prefix, begin === 0 ? 0 : digestLength, 'A digest'),
    ...(skips ? { skips } : {}),
  }
}
