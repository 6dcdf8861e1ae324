/** X25519 by libsodium: the vectors of RFC 7748, and the same results and refusals as the package's own code. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { pureJsCrypto } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'
import { sodiumCipher } from '../../../protocol/net/noise/sodium-cipher.ts'

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const hex = (value: { subarray(): Uint8Array }) => Buffer.from(value.subarray()).toString('hex')

test('the vectors of RFC 7748, sections 5.2 and 6.1', () => {
  const multiplied = [
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ]
  for (const [scalar, point, result] of multiplied) {
    assert.equal(hex(sodiumCipher.generateX25519SharedKey(bytes(scalar ?? ''), bytes(point ?? ''))), result)
  }
  const alice = bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')
  const bob = bytes('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
  const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'
  const { publicKey } = sodiumCipher.generateX25519KeyPairFromSeed(alice)
  assert.equal(hex(publicKey), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
  assert.equal(hex(sodiumCipher.generateX25519SharedKey(alice, bob)), shared)
})

test('keys and shared secrets are those of the code in JavaScript', () => {
  const [ours, theirs] = [sodiumCipher.generateX25519KeyPair(), pureJsCrypto.generateX25519KeyPair()]
  const again = sodiumCipher.generateX25519KeyPair()
  assert.notEqual(hex(ours.privateKey), hex(again.privateKey))
  const { publicKey } = pureJsCrypto.generateX25519KeyPairFromSeed(ours.privateKey.subarray())
  assert.equal(hex(ours.publicKey), hex(publicKey))
  const expected = hex(pureJsCrypto.generateX25519SharedKey(theirs.privateKey, ours.publicKey))
  assert.equal(hex(sodiumCipher.generateX25519SharedKey(ours.privateKey, theirs.publicKey)), expected)
  // A key as it was read from a connection, in two pieces; and one that is not reduced, with the unused bit set.
  const bytesOf = theirs.publicKey.subarray()
  const pieces = new Uint8ArrayList(bytesOf.subarray(0, 5), bytesOf.subarray(5))
  assert.equal(hex(sodiumCipher.generateX25519SharedKey(ours.privateKey, pieces)), expected)
  const unreduced = new Uint8Array(32).fill(0xff)
  const [a, b] = [sodiumCipher, pureJsCrypto].map((one) => one.generateX25519SharedKey(ours.privateKey, unreduced))
  assert.equal(hex(a ?? assert.fail()), hex(b ?? assert.fail()))
})

test('keys of another length and points of low order are refused, as by the code in JavaScript', () => {
  const { privateKey, publicKey } = sodiumCipher.generateX25519KeyPair()
  // All of low order; https://cr.yp.to/ecdh.html#validate
  const low = [
    '00'.repeat(32),
    '01' + '00'.repeat(31),
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ec' + 'ff'.repeat(30) + '7f',
    'ed' + 'ff'.repeat(30) + '7f',
    'ee' + 'ff'.repeat(30) + '7f',
  ].map(bytes)
  for (const crypto of [sodiumCipher, pureJsCrypto]) {
    for (const point of [...low, randomBytes(31), randomBytes(33), new Uint8Array()]) {
      assert.throws(() => crypto.generateX25519SharedKey(privateKey, point), `${hex(point)} is refused`)
    }
    for (const key of [randomBytes(31), randomBytes(33)]) {
      assert.throws(() => crypto.generateX25519SharedKey(key, publicKey))
      assert.throws(() => crypto.generateX25519KeyPairFromSeed(key))
    }
  }
})

test('none of it is the code in JavaScript, which takes most of a handshake', () => {
  for (const name of ['generateX25519KeyPair', 'generateX25519KeyPairFromSeed', 'generateX25519SharedKey'] as const) {
    assert.notEqual(sodiumCipher[name], pureJsCrypto[name])
  }
})
