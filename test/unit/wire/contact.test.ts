/** Invites, records and envelopes: which are refused or truncated, and the sizes, which reveal little. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealingBytes } from '../../../protocol/identity/hpke.ts'
import { hybridKeyBytes } from '../../../protocol/wire/sealing-key.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import {
  contactFromWire,
  contactToWire,
  inviteFromWire,
  inviteToWire,
  recordFromWire,
  recordToWire,
  sealedFromWire,
  sealedToWire,
  type ContactContent,
  type ContactKind,
} from '../../../protocol/wire/contact.ts'
import { trailSequences, type Hello } from '../../../protocol/wire/hello.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import { EnvelopeContentSchema } from '../../../protocol/wire/quorum_pb.ts'
import { refused } from '../../support/refused.ts'

const nowhere = { nodes: [], addresses: [] }
const content = (kind: ContactKind, more: Partial<ContactContent> = {}): ContactContent => ({
  ...nowhere,
  to: new Uint8Array(32),
  sequence: 1,
  time: 1,
  name: 'Alice',
  ...more,
  ...kind,
})
const contact = (kind: ContactKind, more?: Partial<ContactContent>) => contactToWire(content(kind, more))

test('envelopes of every kind and of ordinary length have the same size', () => {
  const node = `/dns4/node.example.org/tcp/4001/p2p/${'1'.repeat(52)}`
  const own = {
    nodes: [node, node],
    addresses: ['/ip4/192.0.2.7/tcp/40001'],
    sealingKey: { publicKey: new Uint8Array(32), hybridKey: new Uint8Array(hybridKeyBytes), expiresAt: 1 },
  }
  const sizes = [
    contact({ kind: 'request', note: '' }, own),
    contact({ kind: 'request', note: 'Hello from the conference', token: new Uint8Array(16) }, own),
    contact({ kind: 'answer' }, own),
    contact({ kind: 'refusal', code: 'bad-invite' }),
    contact({ kind: 'dial-me' }, own),
  ].map((bytes) => bytes.byteLength)
  assert.deepEqual(new Set(sizes), new Set([2048]))
})

test('the largest request fits an envelope', () => {
  const address = `/dns4/${'a'.repeat(60)}.${'b'.repeat(60)}.example.org/tcp/65535/wss`
  const largest = contact(
    { kind: 'request', note: '世'.repeat(limits.noteCharacters), token: new Uint8Array(16) },
    {
      name: '世'.repeat(limits.nameCharacters),
      nodes: Array<string>(limits.nodeAddressesTold).fill(address),
      addresses: Array<string>(limits.addressesTold).fill(address),
      sealingKey: { publicKey: new Uint8Array(32), hybridKey: new Uint8Array(hybridKeyBytes), expiresAt: 1 },
    },
  )
  // Signature, key, what sealing adds, and their fields.
  assert.ok(largest.byteLength + sealingBytes + 300 <= limits.envelope, `${largest.byteLength} bytes`)
})

test('the longest word fits an envelope', () => {
  const address = `/dns4/${'a'.repeat(60)}.${'b'.repeat(60)}.example.org/tcp/65535/wss`
  const about = {
    name: '世'.repeat(limits.nameCharacters),
    nodes: Array<string>(limits.nodeAddressesTold).fill(address),
    addresses: Array<string>(limits.addressesTold).fill(address),
    sealingKey: { publicKey: new Uint8Array(32), hybridKey: new Uint8Array(hybridKeyBytes), expiresAt: 1 },
  }
  const word: Hello = {
    ...about,
    version: 1,
    received: Number.MAX_SAFE_INTEGER,
    receivedHash: new Uint8Array(32).fill(1),
    read: Number.MAX_SAFE_INTEGER,
    number: Number.MAX_SAFE_INTEGER,
    trail: trailSequences(Number.MAX_SAFE_INTEGER).map((sequence) => ({ sequence, hash: new Uint8Array(8).fill(2) })),
    features: Array<number>(wireLimits.features).fill(2 ** 32 - 1),
    counted: Number.MAX_SAFE_INTEGER,
    mail: {
      ticket: new Uint8Array(32).fill(3),
      keys: { era: new Uint8Array(8).fill(4), first: Number.MAX_SAFE_INTEGER, publicKeys: [] },
      account: { era: new Uint8Array(8).fill(5), held: 100, top: Number.MAX_SAFE_INTEGER, settled: 2 ** 52 },
      unopened: Array<Uint8Array>(wireLimits.unopened).fill(new Uint8Array(16).fill(6)),
      hole: true,
    },
  }
  const longest = contact({ kind: 'stand', word }, about)
  assert.ok(longest.byteLength + sealingBytes + 300 <= limits.envelope, `${longest.byteLength} bytes`)
  const read = contactFromWire(longest)
  assert.deepEqual(read.kind === 'stand' && read.word, word)
})

test('names, notes and tokens of the wrong length are refused', () => {
  const read = (kind: ContactKind, more?: Partial<ContactContent>) => () => contactFromWire(contact(kind, more))
  const note = 'n'.repeat(limits.noteCharacters)
  assert.doesNotThrow(read({ kind: 'request', note }))
  assert.throws(read({ kind: 'request', note: `${note}n` }), refused('too-large'))
  assert.throws(read({ kind: 'answer' }, { name: 'n'.repeat(limits.nameCharacters + 1) }), refused('too-large'))
  assert.throws(read({ kind: 'request', note, token: new Uint8Array(15) }), refused('bad-request'))
  assert.throws(read({ kind: 'answer' }, { to: new Uint8Array(31) }), refused('bad-request'))
  assert.throws(read({ kind: 'refusal', code: 'c'.repeat(65) }), refused('too-large'))
  const key = { publicKey: new Uint8Array(31), expiresAt: 1 }
  assert.throws(read({ kind: 'answer' }, { sealingKey: key }), refused('bad-request'))
})

test('an envelope of a newer kind is refused as such', () => {
  const newer = encode(EnvelopeContentSchema, { to: new Uint8Array(32), sequence: 1n })
  assert.throws(() => contactFromWire(newer), refused('unsupported-version'))
})

test('only the first few valid nodes and addresses are used', () => {
  const address = '/ip4/192.0.2.1/tcp/1'
  const many = encode(EnvelopeContentSchema, {
    to: new Uint8Array(32),
    nodes: Array<string>(100).fill(address),
    addresses: ['nonsense', ...Array<string>(100).fill(address)],
    kind: { case: 'answer', value: {} },
  })
  const { nodes, addresses } = contactFromWire(many)
  assert.equal(nodes.length, limits.nodeAddressesTold)
  assert.equal(addresses.length, limits.addressesTold - 1)
})

test('a record cannot be valid beyond its bound', () => {
  const { ttl } = recordFromWire(recordToWire({ ...nowhere, sequence: 1, ttl: 365 * 86_400_000 }))
  assert.equal(ttl, limits.recordTtl)
})

test('an invite needs a token', () => {
  const invite = (token: Uint8Array) => () =>
    inviteFromWire(inviteToWire({ ...nowhere, name: '', token, expiresAt: 1 }))
  assert.doesNotThrow(invite(new Uint8Array(16)))
  assert.throws(invite(new Uint8Array()), refused('bad-request'))
})

test('an envelope contains no key or a complete one, and is bounded', () => {
  const sealed = (keyId: number, size: number) => () =>
    sealedFromWire(sealedToWire({ keyId: new Uint8Array(keyId), sealed: new Uint8Array(size) }))
  assert.doesNotThrow(sealed(0, 100))
  assert.doesNotThrow(sealed(8, limits.envelope - 20))
  assert.throws(sealed(7, 100), refused('bad-request'))
  assert.throws(sealed(8, limits.envelope), refused('too-large'))
})
