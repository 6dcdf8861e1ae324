/** Tiny frames of one read reach the reader of their stream as one piece, in order with everything else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { netLimits } from '../../../protocol/net/limits.ts'
import { flag } from '../../../protocol/net/yamux/frames.ts'
import { yamux } from '../../../protocol/net/yamux/muxer.ts'
import { frames } from '../../support/raw-muxer.ts'
import { until } from '../../support/until.ts'

const init = { maxInboundStreams: 4, maxOutboundStreams: 4, maxWindow: netLimits.streamWindow }
const bytes = (...values: number[]): Buffer => Buffer.from(values)

/** The frames in one write; what the readers of the streams get, as texts of numbers, by stream. */
async function received(sent: Buffer): Promise<Map<string, string[]>> {
  const [near, far] = multiaddrConnectionPair()
  const muxer = yamux(init)().createStreamMuxer(far)
  const seen = new Map<string, string[]>()
  const ended: string[] = []
  muxer.addEventListener('stream', ({ detail }: CustomEvent<Stream>) => {
    const stream = detail
    stream.protocol = '/test'
    const list: string[] = []
    seen.set(stream.id, list)
    stream.addEventListener('message', ({ data }) => list.push(data.subarray().join(' ')))
    stream.addEventListener('remoteCloseWrite', () => {
      list.push('end')
      ended.push(stream.id)
    })
    stream.addEventListener('close', ({ error }) => {
      if (error != null) list.push('reset')
      ended.push(stream.id)
    })
  })
  near.send(sent)
  await until(() => ended.length >= 2, 'both streams have ended')
  near.abort(new Error('enough'))
  far.abort(new Error('enough'))
  return seen
}

test('tiny frames of one read are one piece for each stream, before its end or its reset', async () => {
  const open = [1, 3].map((stream) => ({ type: 1, flags: flag.syn, stream }))
  const tiny = Array.from({ length: 100 }, (_, at) => [
    { stream: 1, data: bytes(at) },
    { stream: 3, data: bytes(200, at) },
  ]).flat()
  const seen = await received(
    frames(...open, ...tiny, { type: 1, flags: flag.fin, stream: 1 }, { type: 1, flags: flag.rst, stream: 3 }),
  )
  const numbers = Array.from({ length: 100 }, (_, at) => at)
  assert.deepEqual(seen.get('1'), [numbers.join(' '), 'end'])
  assert.deepEqual(seen.get('3'), [numbers.flatMap((at) => [200, at]).join(' '), 'reset'])
})

test('tiny frames keep their place before and after a large one', async () => {
  const large = Buffer.alloc(netLimits.muxSmallData + 1, 7)
  const seen = await received(
    frames(
      { type: 1, flags: flag.syn, stream: 1 },
      { stream: 1, data: bytes(1) },
      { stream: 1, data: bytes(2) },
      { stream: 1, data: large },
      { stream: 1, data: bytes(3) },
      { stream: 1, data: bytes(4) },
      { type: 1, flags: flag.fin, stream: 1 },
      { type: 1, flags: flag.syn | flag.fin, stream: 3 },
    ),
  )
  assert.deepEqual(seen.get('1'), ['1 2', large.join(' '), '3 4', 'end'])
  assert.deepEqual(seen.get('3'), ['end'])
})

test('tiny data that many reads bring to a paused stream does not wait in as many pieces', async () => {
  const [near, far] = multiaddrConnectionPair()
  const muxer = yamux(init)().createStreamMuxer(far)
  let stream: Stream | undefined
  muxer.addEventListener('stream', ({ detail }: CustomEvent<Stream>) => {
    stream = detail
    stream.protocol = '/test'
    stream.pause()
  })
  near.send(frames({ type: 1, flags: flag.syn, stream: 1 }))
  const sent = Array.from({ length: 5000 }, (_, at) => at % 251)
  for (const [at, value] of sent.entries()) {
    near.send(frames({ stream: 1, data: bytes(value) }))
    // So each comes in a read of its own.
    while ((stream?.readBufferLength ?? 0) <= at) await setImmediate()
  }
  await until(() => stream?.readBufferLength === sent.length, 'all of it waits')
  let pieces = 0
  let seen = Buffer.alloc(0)
  stream?.addEventListener('message', ({ data }) => {
    pieces += data instanceof Uint8Array ? 1 : [...data].length
    seen = Buffer.concat([seen, data.subarray()])
  })
  stream?.resume()
  await until(() => seen.length === sent.length, 'all of it is read')
  assert.ok(pieces < 100, `${pieces} pieces waited`)
  assert.deepEqual(seen, Buffer.from(sent))
  near.abort(new Error('enough'))
  far.abort(new Error('enough'))
})
