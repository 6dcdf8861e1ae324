/**
 * One file stream at the receiver (docs/protocol.md, "/quorum/file/1.0.0"). It requests what is missing, verifies every
 * chunk against the list of files and its digest, puts it into the staging folder and acknowledges it. It ends when
 * everything is stored, or when the transfer moves to another path. It publishes nothing.
 */
import type { Stream } from '@libp2p/interface'
import { QuorumError } from '../../base/errors.ts'
import { readChunks, type ArrivedChunk } from './chunk-reader.ts'
import { onAbort } from '../../base/abort-listener.ts'
import { chunkDigest, isZeros } from '../digest.ts'
import type { Staging } from './staging.ts'
import { limits } from '../../base/limits.ts'
import { fileLimits } from '../limits.ts'
import { FrameWriter } from '../../net/frame-writer.ts'
import { pull } from '../../net/streams.ts'
import { fileFrameToWire } from '../../wire/file.ts'

export interface Receiving {
  transfer: string
  staging: Staging
  /** Aborted: end the stream after the chunk that is being sent; the transfer goes on over another path. */
  leave: AbortSignal
  /** Nothing has arrived for a while. `arrived` reports whether something has since. */
  onSilence(arrived: () => boolean): void
}

/**
 * Fetches the rest of a transfer until everything is stored or was skipped, or until `leave`. Errors: those of the
 * disk; `verification-failed` if the sender does not send what it offered; what the sender reports (`RemoteError`);
 * `peer-offline` if the path was lost.
 */
export async function receiveFiles(stream: Stream, receiving: Receiving): Promise<void> {
  const { transfer, staging, leave } = receiving
  if (staging.next == null) return
  const { file, chunk } = staging.next
  const writer = new FrameWriter(stream)
  const acks = new Acks(writer, staging)
  const { prefix } = staging
  await writer.write(
    fileFrameToWire({ kind: 'open', open: { transfer, want: 'chunks', file, chunk, prefix, skips: true } }),
  )
  const silence = watchSilence(stream, () => acks.events, receiving)
  const onLeave = (): void => {
    // If the stream is lost, there is nothing to stop.
    writer.write(fileFrameToWire({ kind: 'stop' })).catch(() => undefined)
  }
  using _ = onAbort(leave, onLeave)
  try {
    for await (const arrived of readChunks(pull(stream, { ...fileLimits.receiveAhead, once: true }), (length) =>
      acks.arrived(length),
    )) {
      if ('skipped' in arrived) await staging.skip(arrived.file)
      else await staging.put(arrived.data, verified(staging, arrived), arrived.header.fileDigest)
    }
    if (staging.next == null) {
      await staging.settled()
      acks.send()
    } else if (!leave.aborted) throw new QuorumError('peer-offline', 'The path was lost')
    await stream.close({ signal: AbortSignal.timeout(limits.stop) })
  } finally {
    clearInterval(silence)
    acks.end()
  }
}

/** Fetches the manifest of a transfer, `length` bytes. Errors: `verification-failed`, `peer-offline`, as above. */
export async function receiveManifest(stream: Stream, transfer: string, length: number): Promise<Uint8Array> {
  const writer = new FrameWriter(stream)
  await writer.write(fileFrameToWire({ kind: 'open', open: { transfer, want: 'manifest' } }))
  // At once: as a list of what arrived, a byte at a time would take a hundred times the memory.
  const manifest = Buffer.alloc(length)
  let arrived = 0
  for await (const bytes of pull(stream)) {
    if (arrived + bytes.byteLength > length) {
      throw new QuorumError('verification-failed', 'The list of files is longer than offered')
    }
    manifest.set(bytes.subarray(), arrived)
    arrived += bytes.byteLength
  }
  if (arrived < length) throw new QuorumError('peer-offline', 'The path was lost')
  await stream.close({ signal: AbortSignal.timeout(limits.stop) })
  return manifest
}

/** The digest of a chunk, verified: it is the next one, and its bytes are what its header announces. */
function verified(staging: Staging, { header, data }: ArrivedChunk): Uint8Array {
  const { next } = staging
  if (header.file !== next?.file || header.chunk !== next.chunk || header.length !== next.length) {
    throw new QuorumError('verification-failed', 'They sent something else than they offered')
  }
  const digest = header.zeros === true && isZeros(header.digest) ? header.digest : chunkDigest(data)
  if (!Buffer.from(header.digest).equals(digest)) {
    throw new QuorumError('verification-failed', 'What arrived is not what was sent')
  }
  return digest
}

/**
 * Acknowledges to the sender what has arrived and what is stored. Acknowledgements are coalesced: one at most every
 * `fileLimits.acknowledge`.
 */
class Acks {
  readonly #writer: FrameWriter
  readonly #staging: Staging
  /** Bytes that were stored when the stream was opened. */
  readonly #atStart: number
  #events = 0
  #received = 0
  #sent = { received: 0, stored: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(writer: FrameWriter, staging: Staging) {
    this.#writer = writer
    this.#staging = staging
    this.#atStart = staging.bytes
  }

  /** How often anything arrived. */
  get events(): number {
    return this.#events
  }

  arrived(length: number): void {
    this.#events += 1
    this.#received += length
    if (this.#received - this.#sent.received >= fileLimits.acknowledge.bytes) this.send()
    else this.#later()
  }

  /** Sends an acknowledgement now, if there is anything new. */
  send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const received = this.#received
    const stored = Math.max(0, this.#staging.stored - this.#atStart)
    if (received !== this.#sent.received || stored !== this.#sent.stored) {
      this.#sent = { received, stored }
      // If the stream is lost it ends by itself, and the opening of the next one names what is stored.
      this.#writer.write(fileFrameToWire({ kind: 'ack', received, stored })).catch(() => undefined)
    }
    if (this.#staging.stored < this.#staging.bytes) this.#later()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.send(), fileLimits.acknowledge.after)
  }
}

/**
 * Has the path probed when nothing arrives, and gives the stream up in the end. `events`: how often anything arrived.
 */
function watchSilence(stream: Stream, events: () => number, { onSilence }: Receiving): NodeJS.Timeout {
  let before = events()
  let silent = 0
  return setInterval(() => {
    const arrived = events() !== before
    before = events()
    silent = arrived ? 0 : silent + fileLimits.fileStalled.probe
    if (silent >= fileLimits.fileStalled.give) {
      stream.abort(new QuorumError('peer-offline', 'They send nothing any more'))
    } else if (silent > 0) onSilence(() => events() !== before)
  }, fileLimits.fileStalled.probe)
}
