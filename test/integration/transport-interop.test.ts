/**
 * Our TCP, Noise and yamux against the unmodified packages, with either side dialling. The repairs must be invisible to
 * the remote side: the guarantees of a stream are the same in every pairing.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise as formerNoise } from '@chainsafe/libp2p-noise'
import { noise as stockNoise } from '@libp2p/noise'
import { tcp as stockTcp } from '@libp2p/tcp'
import { webSockets as stockWebSockets } from '@libp2p/websockets'
import { yamux as stockYamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { InboundSockets } from '../../protocol/net/inbound-sockets.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { noise } from '../../protocol/net/noise/noise.ts'
import { pull, push } from '../../protocol/net/streams.ts'
import { readInto, tcp } from '../../protocol/net/tcp/tcp.ts'
import { webSockets } from '../../protocol/net/websocket/websocket.ts'
import { yamux } from '../../protocol/net/yamux/muxer.ts'
import { undo } from '../support/cleanup.ts'
import { loopback, until } from '../support/network.ts'
import { patience } from '../support/until.ts'

const protocol = '/quorum-test/interop/1.0.0'
const many = 200
const [MiB, KiB] = [1024 * 1024, 1024]

const ours = {
  connectionEncrypters: [noise()],
  streamMuxers: [yamux({ maxInboundStreams: many, maxOutboundStreams: many, maxWindow: netLimits.streamWindow })],
}
const stock = {
  connectionEncrypters: [stockNoise()],
  streamMuxers: [stockYamux({ streamOptions: { maxStreamWindowSize: MiB } })],
}
const inbound = new InboundSockets(netLimits.peerInbound)
const webSocketAddress = `${loopback}/ws`

const kinds = {
  ours: { ...ours, transports: [tcp(inbound)], listen: loopback },
  stock: { ...stock, transports: [stockTcp()], listen: loopback },
  /** Noise under the name of its package before it moved into js-libp2p (libp2p/js-libp2p#3620). */
  former: { ...stock, transports: [stockTcp()], connectionEncrypters: [formerNoise()], listen: loopback },
  'ours over WebSocket': { ...ours, transports: [webSockets(inbound)], listen: webSocketAddress },
  'stock over WebSocket': { ...stock, transports: [stockWebSockets()], listen: webSocketAddress },
}
type Kind = keyof typeof kinds
const pairings: [Kind, Kind][] = [
  ['ours', 'stock'],
  ['stock', 'ours'],
  ['ours', 'former'],
  ['former', 'ours'],
  ['ours', 'ours'],
  ['ours over WebSocket', 'stock over WebSocket'],
  ['stock over WebSocket', 'ours over WebSocket'],
  ['ours over WebSocket', 'ours over WebSocket'],
]

async function host(t: TestContext, kind: Kind): Promise<Libp2p> {
  const { listen, ...parts } = kinds[kind]
  const made = await createLibp2p({
    ...parts,
    addresses: { listen: [listen] },
    connectionMonitor: { enabled: false },
  })
  undo(t).defer(async () => {
    for (const connection of made.getConnections()) connection.abort(new Error('The test is over'))
    await made.stop()
  })
  return made
}

/** A connection and its stream openers: our end and the remote end. */
async function pair(t: TestContext, [dialling, listening]: [Kind, Kind]) {
  const [dialler, listener] = [await host(t, dialling), await host(t, listening)]
  const arrived: Stream[] = []
  const waiting: ((stream: Stream) => void)[] = []
  const options = { maxInboundStreams: many, maxOutboundStreams: many }
  const arrive = (stream: Stream): void => {
    const next = waiting.shift()
    if (next == null) arrived.push(stream)
    else next(stream)
  }
  for (const one of [dialler, listener]) await one.handle(protocol, arrive, options)
  const connection = await dialler.dial(listener.getMultiaddrs())
  await until(() => listener.getConnections().length === 1, 'the other side knows too')
  const back = listener.getConnections()[0] ?? assert.fail('it is not connected')
  const open = async (from: Connection): Promise<[Stream, Stream]> => {
    const far = new Promise<Stream>((resolve) => {
      const there = arrived.shift()
      if (there == null) waiting.push(resolve)
      else resolve(there)
    })
    const near = await from.newStream(protocol, { maxOutboundStreams: many, signal: AbortSignal.timeout(patience) })
    return [near, await far]
  }
  return { open: () => open(connection), openBack: () => open(back), connection, back }
}

async function digestOf(stream: Stream): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of pull(stream, { once: true })) hash.update(bytes.subarray())
  return hash.digest('hex')
}

async function send(stream: Stream, data: Uint8Array, piece: number): Promise<void> {
  for (let at = 0; at < data.byteLength; at += piece) await push(stream, data.subarray(at, at + piece))
  await stream.close()
}

for (const pairing of pairings) {
  const [dialling, listening] = pairing
  const who = `${dialling} dials ${listening}`

  test(`${who}: bulk data in both directions at once arrives unchanged, each half closes on its own`, async (t) => {
    const { open, openBack } = await pair(t, pairing)
    for (const opened of [await open(), await openBack()]) {
      const [near, far] = opened
      const [there, back] = [randomBytes(12 * MiB + 17), randomBytes(7 * MiB + 3)]
      const results = await Promise.all([
        digestOf(far),
        digestOf(near),
        send(near, there, MiB),
        send(far, back, 60_001),
      ])
      assert.deepEqual(
        results.slice(0, 2),
        [there, back].map((data) => createHash('sha256').update(data).digest('hex')),
      )
      await until(() => near.status === 'closed' && far.status === 'closed', 'both ends are closed')
    }
  })

  test(`${who}: many parallel streams with tiny writes neither lose nor mix bytes`, async (t) => {
    const { open } = await pair(t, pairing)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const [near, far] = await open()
        const data = randomBytes(3000 + index)
        const digest = digestOf(far)
        await send(near, data, 1 + (index % 97))
        assert.equal(await digest, createHash('sha256').update(data).digest('hex'))
        await far.close()
      }),
    )
  })

  test(`${who}: a side that closed its half can still read`, async (t) => {
    const [near, far] = await (await pair(t, pairing)).open()
    await near.close()
    assert.deepEqual(await Array.fromAsync(pull(far)), [])
    const data = randomBytes(300 * KiB)
    const digest = digestOf(near)
    await send(far, data, 50 * KiB)
    assert.equal(await digest, createHash('sha256').update(data).digest('hex'))
  })

  test(`${who}: a reset is an error for the remote side of that stream, and for no other stream`, async (t) => {
    const { open, connection } = await pair(t, pairing)
    const [near, far] = await open()
    const [other, otherFar] = await open()
    const read = Array.fromAsync(pull(far))
    near.abort(new Error('changed my mind'))
    await assert.rejects(read, { name: 'StreamResetError' })
    await assert.rejects(push(far, randomBytes(10)))
    const digest = digestOf(otherFar)
    await send(other, Buffer.from('well'), 1)
    assert.equal(await digest, createHash('sha256').update('well').digest('hex'))
    assert.equal(connection.status, 'open')
  })

  test(`${who}: a side that does not read receives one window, and blocks no other stream`, async (t) => {
    const { open } = await pair(t, pairing)
    const [near, far] = await open()
    far.pause()
    const data = randomBytes(4 * MiB)
    const sent = send(near, data, 64 * KiB)
    await until(() => near.writeBufferLength > 0, 'the sender is held back')
    // Other streams on the same connection continue.
    const [other, otherFar] = await open()
    const digest = digestOf(otherFar)
    await send(other, data, MiB)
    assert.equal(await digest, createHash('sha256').update(data).digest('hex'))
    assert.ok(far.readBufferLength <= netLimits.streamWindow, `${far.readBufferLength} bytes wait`)
    const late = digestOf(far)
    far.resume()
    await sent
    assert.equal(await late, createHash('sha256').update(data).digest('hex'))
  })

  test(`${who}: when one side disconnects, the streams of the other side end`, async (t) => {
    const { open, connection, back } = await pair(t, pairing)
    const [near, far] = await open()
    const read = digestOf(far)
    near.send(Buffer.from('last words'))
    await near.close()
    assert.equal(await read, createHash('sha256').update('last words').digest('hex'))
    await connection.close()
    await until(() => back.status !== 'open' && far.status !== 'open', 'the other has noticed')
  })
}

test('a small message is sent between the frames of bulk data', async (t) => {
  const { open } = await pair(t, ['ours', 'ours'])
  const [bulk, bulkFar] = await open()
  const [small, smallFar] = await open()
  const order: string[] = []
  bulkFar.addEventListener('message', () => order.push('bulk'))
  smallFar.addEventListener('message', () => order.push('small'))
  let taken = 0
  bulkFar.addEventListener('message', ({ data }) => (taken += data.byteLength))
  const size = 32 * MiB
  bulk.send(randomBytes(size))
  assert.ok(bulk.writeBufferLength > 0, 'more waits than is sent at once')
  small.send(Buffer.from('hello'))
  await until(() => taken === size, 'everything arrived')
  const before = order.slice(0, order.indexOf('small')).length
  assert.ok(order.includes('small') && before < order.length / 4, `after ${before} of ${order.length} pieces`)
})

test('an accepted socket reads into the buffer it is given: this version of Node has the internal names for that', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  undo(t).defer(() => void server.close())
  await once(server, 'listening')
  const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  undo(t).defer(() => void near.destroy())
  const [far] = (await once(server, 'connection')) as [net.Socket]
  undo(t).defer(() => void far.destroy())
  const buffer = Buffer.alloc(1000)
  const read: Uint8Array[] = []
  assert.ok(readInto(far, buffer, (bytes) => read.push(bytes) > 0))
  far.on('data', () => assert.fail('it was read elsewhere'))
  near.write('hello')
  await until(() => read.length === 1, 'it arrived')
  assert.equal(read[0]?.buffer, buffer.buffer)
  assert.equal(Buffer.from(read[0] ?? []).toString(), 'hello')
  far.pause()
  near.write('more')
  near.end()
  far.resume()
  await until(() => read.length === 2, 'the rest arrived')
})
