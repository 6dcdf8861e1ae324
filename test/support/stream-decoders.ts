/**
 * Decoders of bytes in pieces of any length, as targets for fuzzing: frames, Noise, yamux. Pieces of other lengths
 * give the same result.
 */
import assert from 'node:assert/strict'
import { MessageReader, seal, sealedLength } from '../../protocol/net/noise/messages.ts'
import { sodiumCipher } from '../../protocol/net/noise/sodium-cipher.ts'
import { encodeHeader, FrameReader, YamuxError } from '../../protocol/net/yamux/frames.ts'
import { FrameDecoder, frame } from '../../protocol/wire/framing.ts'
import { orRefuses, type Target } from './fuzz-target.ts'

/** The last byte decides how long the pieces are. */
function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  const length = 1 + ((bytes.at(-1) ?? 0) % 29)
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.subarray(at, at + length)
}

/** `read` returns what it got as text, and how the reading ended. */
function inAnyPieces(read: (pieces: Iterable<Uint8Array>) => string, bytes: Uint8Array): void {
  assert.equal(read(inPieces(bytes)), read([bytes]))
}

const most = 100

function frames(pieces: Iterable<Uint8Array>): string {
  const decoder = new FrameDecoder(most)
  let read = ''
  const ended = orRefuses(() => {
    for (const piece of pieces) {
      for (let at = 0; at < piece.byteLength;) {
        const { frame: whole, used } = decoder.first(piece.subarray(at))
        assert.ok(used > 0 && (whole === undefined || whole.byteLength <= most))
        at += used
        if (whole !== undefined) read += `${Buffer.from(whole).toString('latin1')}|`
      }
    }
    return decoder.pending
  })
  return `${read} ${ended}`
}

const key = new Uint8Array(32).fill(7)
const none = new Uint8Array()

/** The cipher found a wrong tag. */
class Forged extends Error {}

function nonces(): () => Uint8Array {
  const bytes = new Uint8Array(12)
  let next = 0
  return () => {
    bytes[4] = next
    next += 1
    return bytes
  }
}

function sealed(data: Uint8Array[]): Buffer {
  const nonce = nonces()
  return Buffer.concat(
    data.map((one) => {
      const target = Buffer.alloc(sealedLength(one.byteLength))
      seal(one, target, (plaintext) => sodiumCipher.chaCha20Poly1305Encrypt(plaintext, nonce(), none, key))
      return target
    }),
  )
}

function noise(pieces: Iterable<Uint8Array>): string {
  const nonce = nonces()
  const reader = new MessageReader((ciphertext, destination) => {
    try {
      return sodiumCipher.chaCha20Poly1305Decrypt(ciphertext, nonce(), none, key, destination)
    } catch (cause) {
      throw new Forged('not genuine', { cause })
    }
  })
  let read = ''
  const ended = orRefuses(
    () => {
      for (const piece of pieces) for (const plain of reader.read(piece)) read += Buffer.from(plain).toString('latin1')
      return true
    },
    // A length below that of the tag is refused with a plain error.
    (error) => error instanceof Forged || Object.getPrototypeOf(error) === Error.prototype,
  )
  // Messages that arrive together with a refused one are refused with it.
  return ended === true ? read : 'refused'
}

function yamuxFrames(pieces: Iterable<Uint8Array>): string {
  let read = ''
  const reader = new FrameReader({
    begin: (begun) => (read += `${JSON.stringify(begun)}:`),
    data: (data) => (read += Buffer.from(data).toString('latin1')),
    end: () => (read += '.'),
  })
  const ended = orRefuses(
    () => {
      for (const piece of pieces) reader.read(piece)
      return true
    },
    (error) => error instanceof YamuxError,
  )
  return `${read} ${ended}`
}

function header(type: number, flags: number, stream: number, data: string | number): Uint8Array {
  const length = typeof data === 'string' ? data.length : data
  const content = Buffer.from(typeof data === 'string' ? data : '')
  return Buffer.concat([encodeHeader({ type, flags, stream, length }), content])
}

export const streams: Target[] = [
  {
    name: 'frames',
    seeds: () => [
      Buffer.concat([frame(Buffer.from('one')), frame(new Uint8Array()), frame(new Uint8Array(100).fill(3))]),
      frame(new Uint8Array(90).fill(0x80)),
    ],
    run: (bytes) => inAnyPieces(frames, bytes),
  },
  {
    name: 'Noise messages',
    share: 0.5,
    seeds: () => [sealed([Buffer.from('first'), Buffer.from('second'), new Uint8Array(70)])],
    run: (bytes) => inAnyPieces(noise, bytes),
  },
  {
    name: 'yamux frames',
    seeds: () => [
      Buffer.concat([header(1, 1, 1, 0), header(0, 0, 1, 'hello'), header(2, 1, 0, 77), header(0, 4, 1, '')]),
      Buffer.concat([header(3, 0, 0, 1), header(1, 2, 2, 262_144), header(0, 8, 2, 'a'.repeat(50))]),
    ],
    run: (bytes) => inAnyPieces(yamuxFrames, bytes),
  },
]
