/** Sealing with HPKE and X-Wing: the published vectors, and what does not open. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { hybridKeyBytes } from '../../../protocol/wire/sealing-key.ts'
import {
  createKeyPair,
  keyIdOf,
  keyPairOf,
  open,
  seal,
  sealingBytes,
  type Purpose,
} from '../../../protocol/identity/hpke.ts'

interface Vectors {
  keyPairs: { seed: string; publicKey: string }[]
  sealed: Record<'seed' | 'publicKey' | 'info' | 'enc' | 'aad' | 'ct' | 'pt', string>
}

const vectors = JSON.parse(fs.readFileSync(new URL('../../fixtures/x-wing.json', import.meta.url), 'utf8')) as Vectors
const purpose = 'quorum-envelope'
const bound = Buffer.from('for Susan')
const text = Buffer.from('Meet at noon')

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

test('public keys follow from seeds as published', async () => {
  for (const { seed, publicKey } of [...vectors.keyPairs, vectors.sealed]) {
    const pair = await keyPairOf(bytes(seed))
    assert.equal(Buffer.from(pair.publicKey).toString('hex'), publicKey)
  }
})

test('what was sealed by another implementation is opened', async () => {
  const { seed, info, enc, aad, ct, pt } = vectors.sealed
  const opened = await open(bytes(enc + ct), bytes(seed), Buffer.from(bytes(info)).toString() as Purpose, bytes(aad))
  assert.equal(Buffer.from(opened).toString('hex'), pt)
})

test('it opens with its seed, for its purpose, with what it is bound to, and unchanged: else it does not', async () => {
  const { seed, publicKey } = await createKeyPair()
  const other = await createKeyPair()
  assert.equal(publicKey.byteLength, hybridKeyBytes)
  const sealed = await seal(text, publicKey, purpose, bound)
  assert.equal(sealed.byteLength, text.byteLength + sealingBytes)
  assert.deepEqual(Buffer.from(await open(sealed, seed, purpose, bound)), text)
  const refused = { code: 'verification-failed' }
  await assert.rejects(open(sealed, other.seed, purpose, bound), refused)
  await assert.rejects(open(sealed, seed, 'quorum-other' as Purpose, bound), refused)
  await assert.rejects(open(sealed, seed, purpose, Buffer.from('for Carol')), refused)
  await assert.rejects(open(sealed, seed.subarray(1), purpose, bound), refused)
  for (const length of [0, 16, 1119, 1120, 1135, sealed.byteLength - 1]) {
    await assert.rejects(open(sealed.subarray(0, length), seed, purpose, bound), refused)
  }
  // The ML-KEM half, the X25519 half, the text and the tag.
  for (const position of [0, 700, 1088, 1119, 1120, sealed.byteLength - 1]) {
    const changed = Uint8Array.from(sealed)
    changed[position] = (changed[position] ?? 0) ^ 1
    await assert.rejects(open(changed, seed, purpose, bound), refused)
  }
})

test('the same text sealed twice to one key has nothing in common', async () => {
  const { publicKey } = await createKeyPair()
  const [one, two] = [await seal(text, publicKey, purpose, bound), await seal(text, publicKey, purpose, bound)]
  const equal = one.filter((byte, index) => byte === two[index]).length
  assert.ok(equal < one.byteLength / 10, `${equal} of ${one.byteLength} bytes are equal`)
})

test('seeds and keys are taken from views of larger buffers', async () => {
  const seed = Buffer.alloc(100, 7).subarray(10, 42)
  const pair = await keyPairOf(seed)
  assert.deepEqual(pair.publicKey, (await keyPairOf(Uint8Array.from(seed))).publicKey)
  const large = Buffer.concat([Buffer.alloc(5), pair.publicKey, Buffer.alloc(5)])
  const sealed = await seal(text, large.subarray(5, 5 + hybridKeyBytes), purpose, bound)
  const framed = Buffer.concat([Buffer.alloc(9), sealed, Buffer.alloc(9)]).subarray(9, 9 + sealed.byteLength)
  assert.deepEqual(Buffer.from(await open(framed, seed, purpose, bound)), text)
})

test('nothing is sealed to a key that is none', async () => {
  const refused = { code: 'verification-failed' }
  const { publicKey } = await createKeyPair()
  for (const key of [
    new Uint8Array(),
    publicKey.subarray(1),
    Buffer.concat([publicKey, Buffer.alloc(1)]),
    // Coefficients of ML-KEM that are not reduced.
    Buffer.alloc(hybridKeyBytes, 0xff),
    // A point of small order: the X25519 half would be the same for everybody.
    Buffer.concat([publicKey.subarray(0, hybridKeyBytes - 32), Buffer.alloc(32)]),
  ]) {
    await assert.rejects(seal(text, key, purpose, bound), refused)
  }
})

test('a key is named by 8 bytes of its digest', async () => {
  const { publicKey } = await createKeyPair()
  assert.equal(keyIdOf(publicKey).byteLength, 8)
  assert.notDeepEqual(keyIdOf(publicKey), keyIdOf((await createKeyPair()).publicKey))
})
