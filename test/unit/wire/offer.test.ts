/**
 * Offers, manifests and status updates on the wire: what does not fit, contradicts itself or is out of bounds is
 * refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import {
  manifestOf,
  newsFromWire,
  offerFromWire,
  offerToWire,
  type ManifestEntry,
} from '../../../protocol/wire/offer.ts'
import { ManifestSchema, OfferSchema, TransferNewsSchema } from '../../../protocol/wire/quorum_pb.ts'
import { uuidToBytes } from '../../../protocol/wire/uuid.ts'

const id = '01890a5d-ac97-7000-8000-000000000001'
const file = (path: string, size = 1): ManifestEntry => ({ path, size, modified: 0 })
const many = Array.from({ length: 10_000 }, (_, at) => file(`a folder with a name/and a file ${at}`))

/** An offer of one file, with some fields replaced. */
function odd(fields: object): Uint8Array {
  const fits = { transfer: uuidToBytes(id), count: 1, bytes: 1n, manifestDigest: new Uint8Array(32), manifestLength: 9 }
  return encode(OfferSchema, { ...fits, first: [{ path: 'a', size: 1n }], ...fields })
}

test('a few files are all in the offer, and the manifest needs no fetch', () => {
  const { offer, manifest } = offerToWire(id, 'note', [file('a', 5), file('b/', 0)])
  const read = offerFromWire(offer)
  assert.deepEqual([read.transfer, read.note, read.bytes, read.count, read.first.length], [id, 'note', 5, 2, 2])
  assert.deepEqual(manifestOf(read), read.first)
  assert.deepEqual(manifestOf(read, manifest), read.first)
})

test('of many files the first are in the offer, which fits a chat frame; the manifest is fetched', () => {
  const { offer, manifest } = offerToWire(id, '', many)
  assert.ok(offer.byteLength < chatLimits.chatFrame * 0.8)
  const read = offerFromWire(offer)
  assert.ok(read.first.length > 0 && read.first.length < many.length)
  assert.equal(manifestOf(read), undefined)
  assert.deepEqual(manifestOf(read, manifest), many)
})

test('a manifest that does not match the offer is refused: content, length, count, bytes', () => {
  const read = offerFromWire(offerToWire(id, '', many).offer)
  const other = (entries: readonly ManifestEntry[]) => offerToWire(id, '', entries).manifest
  const changed = many.map((entry, at) => (at === 77 ? file(entry.path, 2) : entry))
  for (const manifest of [other(changed), other(many.slice(1)), other([...many, file('more')]), new Uint8Array()]) {
    assert.throws(() => manifestOf(read, manifest), { code: 'verification-failed' })
  }
  const small = offerFromWire(offerToWire(id, '', [file('a')]).offer)
  assert.throws(() => manifestOf({ ...small, bytes: 2 }), { code: 'verification-failed' })
})

test('offers out of bounds are refused', () => {
  const refused: [object, string][] = [
    [{ count: 0 }, 'too-large'],
    [{ count: limits.transferFiles + 1 }, 'too-large'],
    [{ manifestLength: wireLimits.manifest + 1 }, 'too-large'],
    [{ first: [] }, 'bad-request'],
    [{ first: [{ path: 'a' }, { path: 'b' }] }, 'bad-request'],
    [{ first: [{ path: '' }] }, 'bad-request'],
    [{ first: [{ path: 'folder/', size: 1n }] }, 'bad-request'],
    [{ first: [{ path: 'a', size: 2n ** 60n }] }, 'bad-request'],
    [{ first: [{ path: 'x'.repeat(limits.offeredPath + 1) }] }, 'too-large'],
    [{ note: 'x'.repeat(limits.noteCharacters + 1) }, 'too-large'],
    [{ bytes: 2n ** 63n }, 'bad-request'],
    [{ transfer: new Uint8Array(15) }, 'bad-request'],
    [{ manifestDigest: new Uint8Array(31) }, 'bad-request'],
  ]
  assert.equal(offerFromWire(odd({})).count, 1)
  for (const [fields, code] of refused)
    assert.throws(() => offerFromWire(odd(fields)), { code }, JSON.stringify(fields, String))
})

test('files whose total size exceeds a safe integer are refused, on either side', () => {
  const half = file('half', Number.MAX_SAFE_INTEGER)
  assert.throws(() => offerToWire(id, '', [half, half]), { code: 'too-large' })
  const manifest = encode(ManifestSchema, {
    entries: [half, half].map(({ path, size }) => ({ path, size: BigInt(size) })),
  })
  const read = offerFromWire(offerToWire(id, '', [half]).offer)
  assert.throws(() => manifestOf(read, manifest), { code: 'verification-failed' })
})

test('unknown status updates are distinguished from malformed ones', () => {
  const news = (what: string, code = '') => encode(TransferNewsSchema, { transfer: uuidToBytes(id), what, code })
  assert.deepEqual(newsFromWire(news('failed', 'disk-full')), { transfer: id, what: 'failed', code: 'disk-full' })
  assert.deepEqual(newsFromWire(news('failed', 'some-newer-code')), { transfer: id, what: 'failed', code: 'internal' })
  assert.throws(() => newsFromWire(news('exploded')), { code: 'unsupported-version' })
  assert.throws(() => newsFromWire(news('constructor')), { code: 'unsupported-version' })
})
