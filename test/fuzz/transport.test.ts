/** The decoders of the transport with arbitrary input in any pieces: Noise messages, yamux frames, and a muxer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { multiaddrConnectionPair } from '@libp2p/utils'
import fc from 'fast-check'
import { netLimits } from '../../protocol/net/limits.ts'
import { MessageReader, seal, sealedLength } from '../../protocol/net/noise/messages.ts'
import { sodiumCipher } from '../../protocol/net/noise/sodium-cipher.ts'
import { encodeHeader, FrameReader, YamuxError, type Header } from '../../protocol/net/yamux/frames.ts'
import { yamux } from '../../protocol/net/yamux/muxer.ts'

const key = new Uint8Array(32).fill(7)
const none = new Uint8Array()

function nonces(): () => Uint8Array {
  let next = 0
  return () => {
    const bytes = new Uint8Array(12)
    new DataView(bytes.buffer).setUint32(4, next, true)
    next += 1
    return bytes
  }
}

function sealed(data: Uint8Array): Buffer {
  const target = Buffer.alloc(sealedLength(data.byteLength))
  const nonce = nonces()
  seal(data, target, (plaintext) => sodiumCipher.chaCha20Poly1305Encrypt(plaintext, nonce(), none, key))
  return target
}

function reader(): MessageReader {
  const nonce = nonces()
  return new MessageReader((ciphertext, destination) =>
    sodiumCipher.chaCha20Poly1305Decrypt(ciphertext, nonce(), none, key, destination),
  )
}

/** `bytes` in pieces of the lengths in `cuts`, repeated. */
function* inPieces(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
    const piece = bytes.slice(at, at + (cuts[turn % cuts.length] ?? 1))
    at += piece.byteLength
    yield piece
  }
}

const lengths = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200_000 }))
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })), { minLength: 1 })

test('Noise: encrypted messages are decrypted for any cut of the bytes', () => {
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 30, max: 70_000 }), { minLength: 1 }), (length, pieces) => {
      const data = Uint8Array.from({ length }, (_, at) => at * 31)
      const messages = reader()
      const read = [...inPieces(sealed(data), pieces)].flatMap((piece) => messages.read(piece))
      assert.ok(Buffer.concat(read).equals(data))
    }),
    { numRuns: 60 },
  )
})

test('Noise: no data after a flipped bit is read, and a truncated message is never read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), cuts, (length, where, pieces) => {
      const bytes = sealed(new Uint8Array(length))
      const whole = bytes.byteLength * 8
      const bit = where % whole
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const messages = reader()
      const read = (): Uint8Array[] => [...inPieces(flipped, pieces)].flatMap((piece) => messages.read(piece))
      // A length that became larger waits for bytes that never come; everything else fails.
      try {
        assert.deepEqual(read(), [])
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error))
      }
      assert.deepEqual(reader().read(bytes.subarray(0, where % bytes.byteLength)), [])
    }),
    { numRuns: 300 },
  )
})

const header = fc.record({
  type: fc.integer({ min: 0, max: 4 }),
  flags: fc.integer({ min: 0, max: 16 }),
  stream: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.nat(0xffff_ffff)),
  length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.nat(0xffff_ffff)),
})
/** Frames whose data may be missing or too long; sometimes bytes that are no frame. */
const frames = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(header, fc.uint8Array({ maxLength: 300 })) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  ),
  { maxLength: 40 },
)

function bytesOf(parts: (Uint8Array | [Header, Uint8Array])[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => (part instanceof Uint8Array ? [part] : [encodeHeader(part[0]), fitting(...part)])),
  )
}

function fitting({ type, length }: Header, data: Uint8Array): Uint8Array {
  return type === 0 ? data.subarray(0, length) : none
}

test('yamux: a reader gets the same events for any cut of the bytes, and stores no data', () => {
  const received = (pieces: Iterable<Uint8Array>): unknown[] => {
    const events: unknown[] = []
    let data = ''
    const frameReader = new FrameReader({
      begin: (begun) => events.push({ ...begun }),
      data: (bytes) => (data += Buffer.from(bytes).toString('hex')),
      end: () => {
        events.push(data)
        data = ''
      },
    })
    try {
      for (const piece of pieces) frameReader.read(piece)
      events.push(data)
    } catch (error) {
      assert.ok(error instanceof YamuxError)
      events.push(error.message)
    }
    return events
  }
  fc.assert(
    fc.property(frames, cuts, (parts, pieces) => {
      const bytes = bytesOf(parts)
      assert.deepEqual(received(inPieces(bytes, pieces)), received([bytes.slice()]))
    }),
    { numRuns: 300 },
  )
})

test('yamux: for any input a muxer continues or ends its connection, and buffers no more than its windows', async () => {
  await fc.assert(
    fc.asyncProperty(frames, cuts, async (parts, pieces) => {
      const [near, far] = multiaddrConnectionPair()
      const init = { maxInboundStreams: 4, maxOutboundStreams: 4, maxWindow: netLimits.streamWindow }
      const muxer = yamux(init)().createStreamMuxer(far)
      for (const piece of inPieces(bytesOf(parts), pieces)) {
        if (near.status === 'open') near.send(piece)
      }
      for (let waited = 0; waited < 5; waited += 1) await turn()
      const held = muxer.streams.reduce((sum, stream) => sum + stream.readBufferLength, 0)
      assert.ok(muxer.streams.length <= 4 && held <= 4 * netLimits.streamWindow)
      assert.ok(muxer.status === 'open' || muxer.streams.length === 0)
      far.abort(new Error('enough'))
      near.abort(new Error('enough'))
    }),
    { numRuns: 200 },
  )
})
