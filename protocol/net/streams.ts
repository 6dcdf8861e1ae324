/**
 * Reading and writing a libp2p stream with real back-pressure. js-libp2p 3's own iterator reads into an unbounded
 * queue and hangs when it starts after the remote has half-closed; `onDrain()` never renews its promise. Every Quorum
 * protocol uses `pull` and `push` instead. They retire when js-libp2p's own iterator honours back-pressure.
 */
import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import type { Bytes } from '../base/bytes.ts'
import { toError } from '../base/errors.ts'
import { netLimits } from './limits.ts'
import { owned, plaintextPool, tooManyPieces } from './buffer-pool.ts'
import { YamuxStream } from './yamux/stream.ts'

/**
 * The data of `stream`, in order, with at most `high` bytes read ahead. Ends when the other side closes its half, and
 * also, without an error, when the connection is lost: only a protocol's own last frame proves completeness. Throws the
 * error that the stream was aborted or reset with. A value is the reader's to keep, except with `once`: then it is
 * valid until the next one is requested, and its memory is reused (buffer-pool.ts). `ahead` always has the number of
 * bytes read ahead. Beyond `high`, up to `window` bytes wait unread.
 */
export async function* pull(
  stream: Stream,
  options: { high?: number; low?: number; once?: boolean; ahead?: { bytes: number }; window?: number } = {},
): AsyncGenerator<Bytes, void, undefined> {
  const high = options.high ?? netLimits.readHigh
  const low = options.low ?? netLimits.readLow
  const queue: Bytes[] = []
  const ahead = options.ahead ?? { bytes: 0 }
  let failure: Error | undefined
  let wake: (() => void) | undefined
  let pausing = false

  const kick = (): void => {
    wake?.()
    wake = undefined
  }
  const onMessage = (event: { data: Bytes }): void => {
    // What waits must not keep a whole block in memory for each of its bytes.
    const taken = options.once === true && wake != null && queue.length === 0
    queue.push(taken ? event.data : owned(event.data))
    ahead.bytes += event.data.byteLength
    if (tooManyPieces(queue.length, ahead.bytes)) {
      queue.splice(0, queue.length, new Uint8ArrayList(...queue).slice())
    }
    kick()
    if (pausing) return
    // Not synchronously: js-libp2p undoes a pause inside a listener that resume() called.
    pausing = true
    queueMicrotask(() => {
      pausing = false
      if (ahead.bytes > high && stream.readStatus === 'readable') stream.pause()
    })
  }
  const onClose = (event: { error?: Error }): void => {
    failure ??= event.error
    kick()
  }

  if (stream instanceof YamuxStream) {
    stream.lends = true
    if (options.window != null) stream.maxWindow = options.window
  }
  stream.addEventListener('message', onMessage)
  stream.addEventListener('end', kick)
  stream.addEventListener('close', onClose)
  try {
    for (;;) {
      for (let next = queue.shift(); next != null; next = queue.shift()) {
        ahead.bytes -= next.byteLength
        if (ahead.bytes <= low && stream.readStatus === 'paused') stream.resume()
        yield next
        if (options.once === true) plaintextPool.put(next)
      }
      if (failure != null) throw failure
      if (ended(stream)) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    if (stream instanceof YamuxStream) stream.lends = false
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('end', kick)
    stream.removeEventListener('close', onClose)
  }
}

function ended(stream: Stream): boolean {
  return (
    stream.readableEnded || (stream.status !== 'open' && stream.status !== 'closing' && stream.readBufferLength === 0)
  )
}

/**
 * Sends `data` and returns once there is room for more: by then it is encrypted, and its memory is the caller's again
 * (net/yamux/stream.ts drains only when all of it is sent). Throws when the stream ends or `signal` aborts first.
 */
export async function push(stream: Stream, data: Bytes, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  if (stream.send(data)) return
  await new Promise<void>((resolve, reject) => {
    const settle = (done: () => void): void => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      done()
    }
    const onDrain = (): void => settle(resolve)
    const onClose = (event: { error?: Error }): void =>
      settle(() => reject(event.error ?? new Error('The stream closed before everything was sent')))
    const onAbort = (): void => settle(() => reject(toError(signal?.reason)))
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    signal?.addEventListener('abort', onAbort)
  })
}
