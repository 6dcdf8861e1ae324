/** Keys, PeerIds and signatures. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify as opensslVerify } from 'node:crypto'
import { test } from 'node:test'
import {
  createSeed,
  digest,
  identityFromSeed,
  peerFromPublicKey,
  publicKeyOf,
  shortId,
  sign,
  verify,
} from '../../../protocol/identity/identity.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const payload = Buffer.from('what is said')

test('a seed always gives the same identity', async () => {
  assert.equal(alice.peer, '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5')
  const seed = createSeed()
  assert.equal(seed.byteLength, 32)
  assert.equal((await identityFromSeed(seed)).peer, (await identityFromSeed(seed)).peer)
  assert.notDeepEqual(createSeed(), seed)
})

test('libp2p derives the same key', () => {
  assert.deepEqual(Buffer.from(alice.privateKey.publicKey.raw), alice.publicKey)
  assert.equal(peerFromPublicKey(publicKeyOf(alice.peer)), alice.peer)
})

test('a signature identifies its author', () => {
  assert.equal(verify(sign(alice, 'quorum-invite', payload), 'quorum-invite'), alice.peer)
})

test('a signature is Ed25519 over the domain, a zero byte and the payload, verifiable by any implementation', () => {
  const { signature } = sign(alice, 'quorum-record', payload)
  const x = Buffer.from(alice.publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  assert.ok(opensslVerify(null, Buffer.from(`quorum-record\0${payload.toString()}`), key, signature))
})

test('a signature for one purpose is invalid for another', () => {
  const signed = sign(alice, 'quorum-invite', payload)
  assert.throws(() => verify(signed, 'quorum-record'), refused('verification-failed'))
})

test('changed, foreign and truncated signatures are invalid', () => {
  const signed = sign(alice, 'quorum-record', payload)
  const changed = Buffer.from(signed.signature)
  changed[10] = (changed[10] ?? 0) ^ 1
  for (const forged of [
    { ...signed, payload: Buffer.from('what is sajd') },
    { ...signed, publicKey: bob.publicKey },
    { ...signed, publicKey: alice.publicKey.subarray(1) },
    { ...signed, signature: changed },
    { ...signed, signature: signed.signature.subarray(1) },
    { ...signed, signature: new Uint8Array() },
  ]) {
    assert.throws(() => verify(forged, 'quorum-record'), refused('verification-failed'))
  }
})

test('text that is not the PeerId of an Ed25519 key is refused', () => {
  // Well-formed, but of an RSA key.
  const rsa = 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC'
  for (const text of ['', 'alice', rsa, alice.peer.slice(0, -1), `${alice.peer} `, alice.peer.toLowerCase()]) {
    assert.throws(() => publicKeyOf(text), refused('bad-request'), text)
  }
  assert.throws(() => peerFromPublicKey(new Uint8Array(31)), refused('bad-request'))
})

test('a digest is BLAKE2b-256 of the concatenated parts', () => {
  assert.deepEqual(digest(payload.subarray(0, 4), payload.subarray(4)), digest(payload))
  // OpenSSL cannot set a parameter block, so the digest is compared with the published vector of the empty input.
  assert.equal(
    Buffer.from(digest(new Uint8Array())).toString('hex'),
    '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
  )
  assert.notDeepEqual(Buffer.from(digest(payload)), createHash('blake2b512').update(payload).digest().subarray(0, 32))
})

test('a log shows six characters of a PeerId', () => {
  assert.equal(shortId(alice.peer), alice.peer.slice(-6))
})
