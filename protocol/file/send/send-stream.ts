/**
 * One file stream at the sender (docs/protocol.md, "/quorum/file/1.0.0"): answers an opening with chunks, as fast as
 * the path and the receiver's disk take them and no faster, until all are acknowledged or the receiver stops the
 * stream.
 */
import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { errorToData, QuorumError, toError } from '../../base/errors.ts'
import { TokenBucket } from '../../base/rate-limit.ts'
import { CongestionControl } from './congestion.ts'
import type { ReadChunk } from './read-ahead.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'
import { abortAfter } from '../../net/deadline.ts'
import { pull, push } from '../../net/streams.ts'
import {
  chunkErrorToWire,
  chunkHeaderToWire,
  fileFrameFromWire,
  type FileFrame,
  type FileOpen,
} from '../../wire/file.ts'
import { frame, unframe } from '../../wire/framing.ts'

/** What a stream is served from. */
export interface Source {
  /** Bytes that the receiver has stored on this stream. */
  onStored(bytes: number): void
  /** The chunks that `open` requests. Errors are reported to the receiver. */
  chunks(open: Extract<FileOpen, { want: 'chunks' }>): AsyncIterable<ReadChunk>
  /** The manifest in parts. */
  manifest(): Iterable<Uint8Array>
}

/** Reads the opening of `stream`. Errors: `bad-request`, `unsupported-version`. */
export async function readOpening(frames: FileFrames): Promise<FileOpen> {
  const first = await frames.next()
  if (first.done === true || first.value.kind !== 'open') {
    throw new QuorumError('bad-request', 'A file stream was not opened')
  }
  return first.value.open
}

export type FileFrames = AsyncGenerator<FileFrame, void, undefined>

/** The receiver's frames. Errors: `rate-limited`. */
export async function* fileFrames(stream: Stream): FileFrames {
  const rate = new TokenBucket(fileLimits.fileFrames, () => performance.now())
  for await (const frames of pipe(pull(stream), unframe(fileLimits.fileFrame))) {
    if (!rate.take(frames.length)) throw new QuorumError('rate-limited', 'They send too many acknowledgements')
    yield* frames.map(fileFrameFromWire)
  }
}

/** Sends the receiver the reason why it gets nothing (more), and closes the stream. */
export async function refuse(stream: Stream, error: unknown, signal: AbortSignal): Promise<void> {
  await push(stream, frame(chunkErrorToWire(errorToData(error))), signal)
  await stream.close({ signal })
}

/** Serves what `open` requests until it is stored, stopped or lost. Errors: what interrupted it. */
export async function serve(
  stream: Stream,
  frames: FileFrames,
  open: FileOpen,
  source: Source,
  signal: AbortSignal,
): Promise<void> {
  if (open.want === 'manifest') {
    await sendManifest(stream, source, signal)
    await stream.close({ signal })
    return
  }
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const congestion = new CongestionControl()
  const stop = { requested: false }
  const listening = listen(frames, congestion, stop, source).finally(() =>
    over.abort(new Error('The receiver has left')),
  )
  // It is awaited below, perhaps after a wait for the disk; until then it must not count as an unhandled rejection.
  listening.catch(() => undefined)
  const stalled = watchAcknowledgements(congestion, () =>
    stream.abort(new QuorumError('peer-offline', 'They take nothing any more')),
  )
  try {
    await send(stream, source.chunks(open), { congestion, stop, signal: either })
    await stream.close({ signal })
    await listening
  } catch (error) {
    if (signal.aborted || over.signal.aborted) throw error
    // If the stream itself is the reason, nothing more can be sent on it.
    await refuse(stream, error, signal).catch((lost: unknown) => stream.abort(toError(lost)))
    throw error
  } finally {
    clearInterval(stalled)
    await listening.catch(() => undefined)
  }
}

/** A part is read when the one before has left, so a receiver that takes nothing costs one. */
async function sendManifest(stream: Stream, source: Source, signal: AbortSignal): Promise<void> {
  for (const part of source.manifest()) {
    for (let at = 0; at < part.byteLength; at += fileLimits.manifestPart) {
      const silent = new QuorumError('peer-offline', 'They take nothing any more')
      using _ = abortAfter(stream, fileLimits.fileStalled.give, silent)
      await push(stream, part.subarray(at, at + fileLimits.manifestPart), signal)
    }
  }
}

interface Sending {
  congestion: CongestionControl
  stop: { requested: boolean }
  signal: AbortSignal
}

async function send(stream: Stream, chunks: AsyncIterable<ReadChunk>, sending: Sending): Promise<void> {
  const { congestion, stop, signal } = sending
  const together = fileLimits.sendTogether
  /** Small chunks and headers for the next write, and how many bytes of chunks they hold. */
  let small: Uint8Array[] = []
  let waiting = 0
  /** Chunks that may still be in flight, with the bytes of all chunks up to their end. */
  const inFlight: { upTo: number; data: Buffer }[] = []
  let total = 0
  const flush = async (): Promise<void> => {
    if (small.length === 0) return
    const bytes = small.length === 1 ? (small[0] ?? new Uint8Array()) : Buffer.concat(small)
    if (!congestion.allows(waiting)) await congestion.room(waiting, signal)
    if (waiting > 0) congestion.sent(waiting)
    small = []
    waiting = 0
    await push(stream, bytes, signal)
  }
  for await (const { header, data } of chunks) {
    signal.throwIfAborted()
    total += data.byteLength
    small.push(frame(chunkHeaderToWire(header)))
    if (data.byteLength < together.bytes) {
      small.push(data)
      waiting += data.byteLength
      if (waiting >= together.bytes || small.length >= together.headers) await flush()
    } else {
      await flush()
      for (let at = 0; at < data.byteLength;) {
        const most = Math.max(together.bytes / 4, Math.floor(congestion.window / fileLimits.partsOfWindow))
        const part = data.subarray(at, at + most)
        if (!congestion.allows(part.byteLength)) await congestion.room(part.byteLength, signal)
        congestion.sent(part.byteLength)
        await push(stream, part, signal)
        at += part.byteLength
      }
      inFlight.push({ upTo: total, data })
      for (let first = inFlight[0]; first != null && first.upTo <= congestion.acknowledged; first = inFlight[0]) {
        chunkPool.put(first.data)
        inFlight.shift()
      }
    }
    if (stop.requested) break
  }
  await flush()
}

async function listen(
  frames: FileFrames,
  congestion: CongestionControl,
  stop: { requested: boolean },
  { onStored }: Source,
): Promise<void> {
  for await (const received of frames) {
    if (received.kind === 'ack') {
      congestion.acknowledge(received.received)
      onStored(received.stored)
    } else if (received.kind === 'stop') stop.requested = true
  }
}

/** Calls `giveUp` if bytes are in flight and none is acknowledged for too long. */
function watchAcknowledgements(congestion: CongestionControl, giveUp: () => void): NodeJS.Timeout {
  let before: number | undefined
  return setInterval(() => {
    if (before === congestion.acknowledged) giveUp()
    before = congestion.inFlight > 0 ? congestion.acknowledged : undefined
  }, fileLimits.fileStalled.give)
}
