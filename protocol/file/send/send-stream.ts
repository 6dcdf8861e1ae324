/**
 * One file stream at the sender: answers an opening with chunks, as fast as the line and the receiver's disk take them
 * and no faster, until all are acknowledged or the receiver stops it.
 */
import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { errorToData, QuorumError, toError } from '../../base/errors.ts'
import { Pace } from './congestion.ts'
import type { ReadChunk } from './read-ahead.ts'
import { fileLimits } from '../limits.ts'
import { chunkPool } from '../../net/buffer-pool.ts'
import { pull, push } from '../../net/streams.ts'
import {
  chunkErrorToWire,
  chunkHeaderToWire,
  fileFrameFromWire,
  type FileFrame,
  type FileOpen,
} from '../../wire/file.ts'
import { frame, unframe } from '../../wire/framing.ts'

/** Small chunks leave together in one write, up to so many bytes. */
const together = 64 * 1024
/** And so many headers, of chunks without bytes for example. */
const headersTogether = 64
/** Parts of a chunk are never larger than this share of what may be on the way, so that the pace can be kept. */
const share = 4

export interface Served {
  /** Bytes that the receiver has stored on this stream. */
  onStored(bytes: number): void
  /** The chunks that `open` asks for. Errors are told to the receiver. */
  chunks(open: Extract<FileOpen, { want: 'chunks' }>): AsyncIterable<ReadChunk>
  manifest(): Uint8Array
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

/** The receiver's frames. */
export async function* fileFrames(stream: Stream): FileFrames {
  for await (const frames of pipe(pull(stream), unframe(fileLimits.fileFrame))) yield* frames.map(fileFrameFromWire)
}

/** Tells the receiver why nothing will come, and ends. */
export async function refuse(stream: Stream, error: unknown, signal: AbortSignal): Promise<void> {
  await push(stream, frame(chunkErrorToWire(errorToData(error))), signal)
  await stream.close({ signal })
}

/** Serves what `open` asks for until it is stored, stopped or lost. Throws what keeps it from going on. */
export async function serve(
  stream: Stream,
  frames: FileFrames,
  open: FileOpen,
  served: Served,
  signal: AbortSignal,
): Promise<void> {
  if (open.want === 'manifest') {
    await push(stream, served.manifest(), signal)
    await stream.close({ signal })
    return
  }
  const over = new AbortController()
  const both = AbortSignal.any([signal, over.signal])
  const pace = new Pace()
  const stop = { asked: false }
  const listening = listen(frames, pace, stop, served).finally(() => over.abort(new Error('The receiver has left')))
  // Who sends may be waiting for the disk when the stream ends; until then this must not count as unhandled.
  listening.catch(() => undefined)
  const stalled = watch(pace, () => stream.abort(new QuorumError('peer-offline', 'They take nothing any more')))
  try {
    await send(stream, served.chunks(open), { pace, stop, signal: both })
    await stream.close({ signal })
    await listening
  } catch (error) {
    if (signal.aborted || over.signal.aborted) throw error
    // Where the stream itself is the reason, nothing more can be said on it.
    await refuse(stream, error, signal).catch((lost: unknown) => stream.abort(toError(lost)))
    throw error
  } finally {
    clearInterval(stalled)
    await listening.catch(() => undefined)
  }
}

interface Sending {
  pace: Pace
  stop: { asked: boolean }
  signal: AbortSignal
}

async function send(stream: Stream, chunks: AsyncIterable<ReadChunk>, sending: Sending): Promise<void> {
  const { pace, stop, signal } = sending
  let small: Uint8Array[] = []
  let waiting = 0
  /** What was pushed and may still be on its way, with the bytes of chunks up to its end. */
  const lent: { upTo: number; data: Buffer }[] = []
  let total = 0
  const flush = async (): Promise<void> => {
    if (small.length === 0) return
    const bytes = small.length === 1 ? (small[0] ?? new Uint8Array()) : Buffer.concat(small)
    if (!pace.has(waiting)) await pace.room(waiting, signal)
    if (waiting > 0) pace.sent(waiting)
    small = []
    waiting = 0
    await push(stream, bytes, signal)
  }
  for await (const { header, data } of chunks) {
    signal.throwIfAborted()
    total += data.byteLength
    small.push(frame(chunkHeaderToWire(header)))
    if (data.byteLength < together) {
      small.push(data)
      waiting += data.byteLength
      if (waiting >= together || small.length >= headersTogether) await flush()
    } else {
      await flush()
      for (let at = 0; at < data.byteLength;) {
        const part = data.subarray(at, at + Math.max(together / 4, Math.floor(pace.window / share)))
        if (!pace.has(part.byteLength)) await pace.room(part.byteLength, signal)
        pace.sent(part.byteLength)
        await push(stream, part, signal)
        at += part.byteLength
      }
      lent.push({ upTo: total, data })
      for (let first = lent[0]; first != null && first.upTo <= pace.acknowledged; first = lent[0]) {
        chunkPool.put(first.data)
        lent.shift()
      }
    }
    if (stop.asked) break
  }
  await flush()
}

async function listen(frames: FileFrames, pace: Pace, stop: { asked: boolean }, { onStored }: Served): Promise<void> {
  for await (const said of frames) {
    if (said.kind === 'ack') {
      pace.acknowledge(said.received)
      onStored(said.stored)
    } else if (said.kind === 'stop') stop.asked = true
  }
}

/** Calls `give` when nothing of what is on its way is acknowledged for too long. */
function watch(pace: Pace, give: () => void): NodeJS.Timeout {
  let before: number | undefined
  return setInterval(() => {
    if (before === pace.acknowledged) give()
    before = pace.onTheWay > 0 ? pace.acknowledged : undefined
  }, fileLimits.fileStalled.give)
}
