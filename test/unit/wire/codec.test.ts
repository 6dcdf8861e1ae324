/** What every codec refuses, and how padding hides sizes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAddress } from '../../../protocol/address/address.ts'
import { limits } from '../../../protocol/base/limits.ts'
import {
  addressesFromWire,
  bytesFromWire,
  decode,
  encode,
  numberFromWire,
  padding,
  sealingKeyFromWire,
  signedFromWire,
  textFromWire,
  timeFromWire,
  timeToWire,
} from '../../../protocol/wire/codec.ts'
import { ChatFrameSchema, InviteSchema, SignedSchema, TypingSchema } from '../../../protocol/wire/quorum_pb.ts'
import { refused } from '../../support/refused.ts'

test('bytes that are not protobuf, and text that is not UTF-8, are refused', () => {
  const bad = refused('bad-request')
  assert.throws(() => decode(SignedSchema, new Uint8Array([0xff])), bad)
  assert.throws(() => decode(SignedSchema, new Uint8Array([0x0a, 5, 1])), bad, 'shorter than its length')
  assert.throws(() => decode(InviteSchema, new Uint8Array([0x0a, 2, 0xc3, 0x28])), bad, 'not UTF-8')
  assert.throws(() => signedFromWire(undefined), bad)
})

test('unknown fields are dropped, not forwarded', () => {
  const newer = new Uint8Array([...encode(TypingSchema, { active: true }), 0x7a, 1, 9])
  assert.deepEqual(encode(TypingSchema, decode(TypingSchema, newer)), encode(TypingSchema, { active: true }))
})

test('numbers and times that JavaScript cannot hold are refused', () => {
  assert.equal(numberFromWire(2n ** 53n - 1n), Number.MAX_SAFE_INTEGER)
  assert.throws(() => numberFromWire(2n ** 53n), refused('bad-request'))
  assert.equal(new Date(timeFromWire(8_640_000_000_000_000n)).getTime(), 8.64e15)
  assert.throws(() => timeFromWire(8_640_000_000_000_001n), refused('bad-request'))
})

test('any clock value gives a time that the wire format can hold', () => {
  assert.equal(timeToWire(12.9), 12n)
  assert.equal(timeToWire(-1), 0n)
  assert.equal(timeToWire(Infinity), 8_640_000_000_000_000n)
})

test('lengths of texts and bytes are bounded', () => {
  assert.equal(textFromWire('abc', 3, 'A name'), 'abc')
  assert.throws(() => textFromWire('abcd', 3, 'A name'), refused('too-large'))
  assert.throws(() => bytesFromWire(new Uint8Array(31), 32, 'A key'), refused('bad-request'))
  assert.throws(() => bytesFromWire(new Uint8Array(33), 32, 'A key'), refused('bad-request'))
  const none = new Uint8Array()
  const key = {
    $typeName: 'quorum.v1.SealingKey',
    publicKey: new Uint8Array(32),
    hybridKey: none,
    expiresAt: 0n,
  } as const
  assert.equal(sealingKeyFromWire(key)?.hybridKey, undefined)
  assert.throws(() => sealingKeyFromWire({ ...key, publicKey: new Uint8Array(31) }), refused('bad-request'))
  assert.throws(() => sealingKeyFromWire({ ...key, hybridKey: new Uint8Array(1215) }), refused('bad-request'))
})

test('addresses: an invalid multiaddr is dropped, and so are those over the cap', () => {
  const good = ['/ip4/192.0.2.1/tcp/1', '/dns4/example.org/tcp/443/wss']
  assert.deepEqual(addressesFromWire(['nonsense', ...good, ''], 4), good)
  assert.deepEqual(addressesFromWire(Array<string>(50).fill('/ip4/192.0.2.1/tcp/1'), 3).length, 3)
  assert.ok(!isAddress(`/dns4/${'a'.repeat(limits.address)}/tcp/1`))
  assert.ok(!isAddress('/ip4/300.1.1.1/tcp/1'))
})

test('padded sizes have few different values, none much larger than the content', () => {
  const floor = 256
  const sizes = new Set<number>()
  for (let length = 0; length <= 66_000; length += 1) {
    const padded = length + field(padding(length, floor).byteLength)
    assert.ok(padded === floor || isPadme(padded), `${length} became ${padded}`)
    assert.ok(padded > length && padded <= Math.max(floor + 16, length * 1.13), `${length} became ${padded}`)
    sizes.add(padded)
  }
  assert.ok(sizes.size <= 130, `${sizes.size} sizes`)
})

test('the padding is in the field that the schema names', () => {
  const frame = { case: 'receipt', value: { delivered: 1n } } as const
  const bare = encode(ChatFrameSchema, { frame })
  const padded = encode(ChatFrameSchema, { frame, padding: padding(bare.byteLength, 256) })
  assert.equal(padded.byteLength, 256)
  assert.ok(padded.subarray(bare.byteLength + 3).every((byte) => byte === 0))
})

/** Bytes of a padding field with content of this size: its tag and its length come first. */
function field(content: number): number {
  return content + (content < 128 ? 2 : 3)
}

/** As in the paper: the last bits of the length are zero. */
function isPadme(length: number): boolean {
  const exponent = Math.floor(Math.log2(length))
  const zeros = exponent - (Math.floor(Math.log2(exponent)) + 1)
  return length % 2 ** zeros === 0
}
