/** pull, push and the frame writer on libp2p's own streams: joined in memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamPair } from '@libp2p/utils'
import { FrameWriter } from '../../../protocol/net/frame-writer.ts'
import { pull, push } from '../../../protocol/net/streams.ts'
import { unframe } from '../../../protocol/wire/framing.ts'
import { until } from '../../support/until.ts'

const piece = (byte: number, length = 1000) => new Uint8Array(length).fill(byte)

test('pushed bytes are pulled in order and complete, until the other side closes', async () => {
  const [out, into] = await streamPair()
  const read = Array.fromAsync(pull(into), (bytes) => Buffer.from(bytes.subarray()))
  for (let at = 0; at < 200; at += 1) await push(out, piece(at))
  await out.close()
  const all = Buffer.concat(await read)
  assert.deepEqual(all, Buffer.concat(Array.from({ length: 200 }, (_, at) => piece(at))))
})

test('data and the end that arrive before the first pull are not lost', async () => {
  const [out, into] = await streamPair()
  await push(out, piece(1))
  await out.close()
  await until(() => into.remoteWriteStatus === 'closed', 'its end is known')
  const read = await Array.fromAsync(pull(into), (bytes) => bytes.byteLength)
  assert.equal(
    read.reduce((sum, length) => sum + length, 0),
    1000,
  )
})

test('a slow reader pauses the stream above the high-water mark and resumes it below the low-water mark', async () => {
  const [out, into] = await streamPair()
  const reader = pull(into, { high: 5000, low: 2000 })
  const first = reader.next()
  for (let at = 0; at < 10; at += 1) await push(out, piece(at))
  await first
  await until(() => into.readStatus === 'paused', 'the reader pauses')
  let read = 1000
  while (into.readStatus === 'paused') {
    const { value, done } = await reader.next()
    assert.ok(done !== true)
    read += value.byteLength
  }
  assert.ok(read >= 3000, `resumed after ${read} bytes`)
  await out.close()
  for await (const bytes of reader) read += bytes.byteLength
  assert.equal(read, 10_000)
})

test('tiny pieces that wait are joined, complete and in order', async () => {
  const [out, into] = await streamPair()
  const reader = pull(into)
  const read = [reader.next()]
  for (let at = 0; at < 20_000; at += 1) await push(out, piece(at % 251, 1))
  await out.close()
  await until(() => into.remoteWriteStatus === 'closed', 'all of it has arrived')
  const rest = await Array.fromAsync(reader)
  const [first] = await Promise.all(read)
  const all = [first?.value ?? assert.fail(), ...rest]
  assert.ok(all.length < 100, `${all.length} pieces waited`)
  assert.deepEqual(
    Buffer.concat(all.map((bytes) => bytes.subarray())),
    Buffer.from(Array.from({ length: 20_000 }, (_, at) => at % 251)),
  )
})

test('a reset is an error to the reader and to the writer', async () => {
  const [out, into] = await streamPair()
  const read = Array.fromAsync(pull(into))
  out.abort(new Error('changed my mind'))
  await assert.rejects(read)
  await assert.rejects(push(out, piece(1)))
})

test('a stopped reader leaves no listener behind', async () => {
  const [out, into] = await streamPair()
  const before = into.listenerCount('message')
  await push(out, piece(1))
  for await (const bytes of pull(into)) {
    assert.ok(bytes.byteLength > 0)
    assert.equal(into.listenerCount('message'), before + 1)
    break
  }
  assert.equal(into.listenerCount('message'), before)
})

test('frames leave in the order they were given', async () => {
  const [out, into] = await streamPair()
  const writer = new FrameWriter(out)
  const writes = Array.from({ length: 50 }, (_, at) => writer.write(piece(at, 10), piece(at, 20)))
  const read: number[] = []
  for await (const frames of unframe(1000)(pull(into))) {
    for (const frame of frames) read.push(frame[0] ?? -1)
    if (read.length === 100) break
  }
  await Promise.all(writes)
  assert.deepEqual(
    read,
    Array.from({ length: 100 }, (_, at) => Math.floor(at / 2)),
  )
})

test('what waits for a reader, or is kept by it, does not keep the block that it arrived in', async () => {
  for (const once of [false, true]) {
    const [out, into] = await streamPair()
    const reader = pull(into, { once })
    const first = reader.next()
    // One byte of a block of 64 KiB, many times, as from a packet whose rest is for nobody.
    for (let at = 0; at < 50; at += 1) await push(out, new Uint8Array(64 * 1024).subarray(at, at + 1))
    await out.close()
    await first
    let [bytes, memory] = [0, 0]
    for await (const value of reader) {
      for (const data of value instanceof Uint8Array ? [value] : value) {
        bytes += data.byteLength
        memory += data.buffer.byteLength
      }
    }
    assert.ok(bytes >= 48 && memory <= 2 * bytes, `${memory} bytes for ${bytes}`)
  }
})
