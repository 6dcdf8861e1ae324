/**
 * One file stream at the receiver: asks for what is missing, checks every chunk against the list and its digest, hands
 * it to the staging folder and acknowledges it, and ends when all is published, or when it is told to go on elsewhere.
 */
import type { Stream } from '@libp2p/interface'
import { QuorumError } from '../../base/errors.ts'
import { readChunks, type ArrivedChunk } from './chunk-reader.ts'
import { chunkDigest, isZeros } from '../manifest.ts'
import type { Staging } from './staging.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { FrameWriter } from '../../net/frame-writer.ts'
import { pull } from '../../net/streams.ts'
import { fileFrameToWire } from '../../wire/file.ts'

/** What arrived is acknowledged after so many milliseconds or bytes, whatever comes first. */
const ackAfter = 10
const ackBytes = 1024 * 1024
/** Of what is read ahead of the disk, in bytes: larger parts cost fewer turns. */
const readAhead = { high: 1024 * 1024, low: 512 * 1024 }

export interface Receiving {
  transfer: string
  staging: Staging
  /** Aborted: end the stream after the chunk that is on its way, and go on elsewhere. */
  leave: AbortSignal
  /** Nothing has arrived for a while. `heard`: something has since. */
  onSilence(heard: () => boolean): void
}

/**
 * Fetches the rest of a transfer. Returns true when everything was put, false when it was told to leave. Errors: those
 * of the disk; `verification-failed` when the sender does not send what it offered; what the sender says (`RemoteError`);
 * `peer-offline` when the path was lost.
 */
export async function receiveFiles(stream: Stream, receiving: Receiving): Promise<boolean> {
  const { transfer, staging, leave } = receiving
  if (staging.next == null) return true
  const { file, chunk } = staging.next
  const writer = new FrameWriter(stream)
  const acks = new Acks(writer, staging)
  const { prefix } = staging
  await writer.write(fileFrameToWire({ kind: 'open', open: { transfer, want: 'chunks', file, chunk, prefix } }))
  const silence = watch(stream, () => acks.heard, receiving)
  const onLeave = (): void => {
    // On a stream that is lost there is nothing left to stop.
    writer.write(fileFrameToWire({ kind: 'stop' })).catch(() => undefined)
  }
  leave.addEventListener('abort', onLeave)
  if (leave.aborted) onLeave()
  try {
    for await (const arrived of readChunks(pull(stream, { ...readAhead, once: true }), (length) =>
      acks.arrived(length),
    )) {
      await staging.put(arrived.data, verified(staging, arrived), arrived.header.fileDigest)
    }
    if (staging.next == null) {
      await staging.settled()
      acks.tell()
    } else if (!leave.aborted) throw new QuorumError('peer-offline', 'The path was lost')
    await stream.close({ signal: AbortSignal.timeout(limits.stop) })
    return staging.next == null
  } finally {
    clearInterval(silence)
    acks.end()
    leave.removeEventListener('abort', onLeave)
  }
}

/** Fetches the manifest of a transfer, `length` bytes. Errors: as above. */
export async function receiveManifest(stream: Stream, transfer: string, length: number): Promise<Uint8Array> {
  const writer = new FrameWriter(stream)
  await writer.write(fileFrameToWire({ kind: 'open', open: { transfer, want: 'manifest' } }))
  const parts: Uint8Array[] = []
  let arrived = 0
  for await (const bytes of pull(stream)) {
    arrived += bytes.byteLength
    if (arrived > length) throw new QuorumError('verification-failed', 'The list of files is longer than offered')
    parts.push(bytes.subarray())
  }
  if (arrived < length) throw new QuorumError('peer-offline', 'The path was lost')
  await stream.close({ signal: AbortSignal.timeout(limits.stop) })
  return Buffer.concat(parts)
}

/** The digest of a chunk that is the one to come. */
function verified(staging: Staging, { header, data }: ArrivedChunk): Uint8Array {
  const { next } = staging
  if (header.file !== next?.file || header.chunk !== next.chunk || header.length !== next.length) {
    throw new QuorumError('verification-failed', 'They send something else than they offered')
  }
  const digest = header.zeros === true && isZeros(header.digest) ? header.digest : chunkDigest(data)
  if (!Buffer.from(header.digest).equals(digest)) {
    throw new QuorumError('verification-failed', 'What arrived is not what was sent')
  }
  return digest
}

/** Tells the sender what has arrived and what is stored, soon but not for every part. */
class Acks {
  readonly #writer: FrameWriter
  readonly #staging: Staging
  /** Bytes that were stored when the stream was opened. */
  readonly #before: number
  #heard = 0
  #received = 0
  #told = { received: 0, stored: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(writer: FrameWriter, staging: Staging) {
    this.#writer = writer
    this.#staging = staging
    this.#before = staging.bytes
  }

  /** How often anything arrived. */
  get heard(): number {
    return this.#heard
  }

  arrived(length: number): void {
    this.#heard += 1
    this.#received += length
    if (this.#received - this.#told.received >= ackBytes) this.tell()
    else this.#later()
  }

  tell(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const received = this.#received
    const stored = Math.max(0, this.#staging.stored - this.#before)
    if (received !== this.#told.received || stored !== this.#told.stored) {
      this.#told = { received, stored }
      // A stream that is lost ends by itself, and the next one says what is stored.
      this.#writer.write(fileFrameToWire({ kind: 'ack', received, stored })).catch(() => undefined)
    }
    if (this.#staging.stored < this.#staging.bytes) this.#later()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.tell(), ackAfter)
  }
}

/** Looks whether anything arrives. */
function watch(stream: Stream, heardOf: () => number, { onSilence }: Receiving): NodeJS.Timeout {
  let before = heardOf()
  let silent = 0
  return setInterval(() => {
    const heard = heardOf() !== before
    before = heardOf()
    silent = heard ? 0 : silent + fileLimits.fileStalled.probe
    if (silent >= fileLimits.fileStalled.give)
      stream.abort(new QuorumError('peer-offline', 'They send nothing any more'))
    else if (silent > 0) onSilence(() => heardOf() !== before)
  }, fileLimits.fileStalled.probe)
}
