/** push and the frame writer on a real connection whose remote side does not read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Uint8ArrayList } from 'uint8arraylist'
import { FrameWriter } from '../../protocol/net/frame-writer.ts'
import { pull, push } from '../../protocol/net/streams.ts'
import { openStream, startLink } from '../support/link.ts'
import { refused } from '../support/refused.ts'
import { until } from '../support/until.ts'

const piece = (byte: number, length: number) => new Uint8Array(length).fill(byte)

test('a writer waits for space, and stops waiting when its signal aborts or the stream ends', async (t) => {
  const [out, into] = await openStream(await startLink(t))
  into.pause()
  const impatient = new AbortController()
  let pushed = 0
  const blocked = (async () => {
    for (;;) {
      await push(out, piece(1, 100_000), impatient.signal)
      pushed += 1
    }
  })()
  await until(() => out.writeBufferLength > 0 && into.readBufferLength > 200_000, 'nothing more fits')
  impatient.abort(new Error('enough'))
  await assert.rejects(blocked, /enough/)
  assert.ok(pushed < 100, `${pushed} pieces were taken`)
  const waiting = push(out, piece(1, 1000))
  out.abort(new Error('gone'))
  await assert.rejects(waiting)
})

test('a remote side that does not read costs a bounded queue, then the stream', async (t) => {
  const [out, into] = await openStream(await startLink(t))
  into.pause()
  const bound = 500_000
  const writer = new FrameWriter(out, { most: bound })
  const writes: Promise<PromiseSettledResult<void>[]>[] = []
  while (out.status === 'open') {
    writes.push(Promise.allSettled([writer.write(piece(1, 100_000))]))
    await turn()
  }
  assert.ok(writes.length * 100_000 > bound, `ended after ${writes.length}`)
  const results = (await Promise.all(writes)).flat()
  const last = results.at(-1)
  assert.ok(last?.status === 'rejected' && refused('rate-limited')(last.reason))
})

test('pieces of large packets that wait, for our readers and for libp2p’s, do not keep the packets in memory (threats.md 64)', async (t) => {
  const link = await startLink(t)
  const [filler, rest] = await openStream(link)
  // Read, so that it is always accepted.
  rest.addEventListener('message', () => undefined)
  for (const whose of ['our', 'libp2p’s'] as const) {
    const [out, into] = await openStream(link)
    const held: Uint8Array[] = []
    const keep = (bytes: Uint8Array | Uint8ArrayList): void =>
      void held.push(...(bytes instanceof Uint8Array ? [bytes] : bytes))
    const reading = whose === 'our' ? Array.fromAsync(pull(into), keep) : undefined
    if (reading == null) into.addEventListener('message', ({ data }) => keep(data))
    for (let at = 0; at < 100; at += 1) {
      // Both in one batch of the multiplexer, and so in one packet.
      filler.send(piece(0, 20_000))
      out.send(piece(at, 1))
      await until(() => held.length > at, 'it arrived')
    }
    const memory = held.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
    assert.ok(memory < 100 * 1024, `${memory} bytes for ${held.length} at ${whose} reader`)
    await out.close()
    await reading
  }
})
