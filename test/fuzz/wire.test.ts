/**
 * The decoders with arbitrary input: random bytes, and valid messages with a few bytes changed. They accept input or
 * throw a QuorumError, and always return; what they accept is within the limits, and its encoding can be decoded again.
 * A failure prints the seed and the smallest bytes that fail.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { QuorumError } from '../../protocol/base/errors.ts'
import { inviteFromLink } from '../../protocol/identity/invite-link.ts'
import { parseRecipient } from '../../protocol/identity/recipient.ts'
import { limits } from '../../protocol/base/limits.ts'
import {
  bodyFromWire,
  bodyToWire,
  chatFrameFromWire,
  chatFrameToWire,
  type Body,
  type ChatFrame,
} from '../../protocol/wire/chat.ts'
import { signedFromWire, signedToWire } from '../../protocol/wire/codec.ts'
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
  type RecordContent,
} from '../../protocol/wire/contact.ts'
import {
  frameFromWire,
  frameToWire,
  requestFromWire,
  requestToWire,
  type DirectoryCall,
  type DirectoryFrame,
} from '../../protocol/wire/directory.ts'
import {
  decisionFromWire,
  decisionToWire,
  entryFromWire,
  entryToWire,
  type ActionContent,
  type DecisionContent,
  type EntryContent,
} from '../../protocol/wire/group.ts'
import { hashLength, trailHash, trailSequences, type Hello, type MailWord } from '../../protocol/wire/hello.ts'
import {
  parcelFromWire,
  parcelToWire,
  sealedParcelFromWire,
  sealedParcelToWire,
  type ParcelContent,
} from '../../protocol/wire/parcel.ts'
import { FrameDecoder, frame } from '../../protocol/wire/framing.ts'

/** Runs of each property: all of them together take seconds. */
const numRuns = 500

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength }).map((s) => s.slice(0, maxLength).toWellFormed())
const sequence = fc.maxSafeNat()
const time = fc.nat({ max: 8.64e15 })
const addresses = (maxLength: number) =>
  fc.array(
    fc.tuple(fc.ipV4(), fc.nat({ max: 65535 })).map(([host, port]) => `/ip4/${host}/tcp/${port}`),
    { maxLength },
  )
const reach = fc.record(
  {
    nodes: addresses(limits.nodesTold),
    addresses: addresses(limits.addressesTold),
    sealingKey: fc.record({ publicKey: exactly(32), expiresAt: time }),
  },
  { requiredKeys: ['nodes', 'addresses'] },
)
const uuid = fc.uuid()
const body: fc.Arbitrary<Body> = fc
  .tuple(uuid, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), exactly(32), time)
  .chain(([id, seq, hash, at]) =>
    fc
      .oneof(
        fc.constant({ kind: 'recalled' } as const),
        fc.record(
          { kind: fc.constant('text' as const), text: text(200), replyTo: uuid },
          { requiredKeys: ['kind', 'text'] },
        ),
      )
      .map((content) => ({ id, sequence: seq, previous: seq === 1 ? new Uint8Array() : hash, time: at, content })),
  )
const id16 = exactly(16)
const mail: fc.Arbitrary<MailWord> = fc.record(
  {
    ticket: exactly(32),
    keys: fc.record({ era: exactly(8), first: sequence, publicKeys: fc.array(exactly(1216), { maxLength: 3 }) }),
    account: fc.record({ era: exactly(8), held: fc.nat(), top: sequence, settled: sequence }),
    unopened: fc.array(id16, { maxLength: 16 }),
    hole: fc.boolean(),
  },
  { requiredKeys: ['ticket', 'keys', 'unopened', 'hole'] },
)
const hello: fc.Arbitrary<Hello> = fc
  .record({
    where: reach,
    received: sequence,
    hash: exactly(hashLength),
    rest: fc.record(
      {
        read: sequence,
        name: text(limits.nameCharacters),
        version: fc.nat(),
        number: sequence,
        features: fc.array(fc.nat(), { maxLength: 64 }),
        counted: sequence,
        mail,
      },
      { requiredKeys: ['read', 'name', 'version', 'number', 'features', 'counted'] },
    ),
    known: fc.array(fc.boolean()),
  })
  .map(({ where, received, hash, rest, known }) => {
    const receivedHash = received === 0 ? new Uint8Array() : hash
    const trail = trailSequences(received)
      .filter((_, at) => known[at])
      .map((at) => ({ sequence: at, hash: hash.subarray(0, trailHash) }))
    return { ...where, ...rest, received, receivedHash, trail }
  })
const parcel: fc.Arbitrary<ParcelContent> = fc.record({
  to: exactly(32),
  parcelId: id16,
  bodies: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
  word: hello,
})
const hash = exactly(32)
const ends = fc.array(fc.record({ chain: hash, sequence, hash }), { maxLength: 5 })
const action: fc.Arbitrary<ActionContent> = fc.oneof(
  fc.record({ kind: fc.constant('found' as const), name: text(limits.nameCharacters), salt: id16 }),
  fc.record({
    kind: fc.constant('add' as const),
    consent: fc.record({ payload: fc.uint8Array(), publicKey: hash, signature: exactly(64) }),
    from: ends,
  }),
  fc.record({
    kind: fc.constant('remove' as const),
    member: hash,
    upTo: ends,
    undo: fc.array(hash, { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('role' as const), member: hash, rank: fc.nat() }),
  fc.record({ kind: fc.constant('name' as const), name: text(limits.nameCharacters), picture: fc.uint8Array() }),
  fc.record({ kind: fc.constant('leave' as const), upTo: ends }),
)
const decision: fc.Arbitrary<DecisionContent> = fc
  .record({
    group: hash,
    author: hash,
    heads: fc.array(hash, { maxLength: 5 }),
    lamport: sequence,
    time,
    action,
  })
  .map((one) => (one.action.kind === 'found' ? { ...one, group: new Uint8Array() } : one))
const entry: fc.Arbitrary<EntryContent> = fc
  .record({
    group: hash,
    author: hash,
    admission: hash,
    mark: id16,
    sequence: sequence.map((one) => Math.max(1, one)),
    previous: hash,
    ledger: fc.array(hash, { maxLength: 5 }),
    lamport: sequence,
    time,
    id: uuid,
    content: fc.oneof(
      fc.record({ kind: fc.constant('text' as const), text: text(1000) }),
      fc.record({ kind: fc.constantFrom('offer' as const, 'news' as const), bytes: fc.uint8Array() }),
    ),
  })
  .map((one) => (one.sequence === 1 ? { ...one, previous: new Uint8Array() } : one))
const chatFrame: fc.Arbitrary<Exclude<ChatFrame, { kind: 'unknown' }>> = fc.oneof(
  hello.map((one) => ({ kind: 'hello' as const, hello: one })),
  body.map((one) => ({ kind: 'message' as const, body: bodyToWire(one) })),
  fc.record({ kind: fc.constant('receipt' as const), delivered: sequence, read: sequence }),
  fc.record({ kind: fc.constant('typing' as const), active: fc.boolean() }),
)
const signed = fc.record({ payload: fc.uint8Array({ maxLength: 300 }), publicKey: exactly(32), signature: exactly(64) })
const handle = fc.stringMatching(/^[a-z0-9._-]{3,32}$/)
const call: fc.Arbitrary<DirectoryCall> = fc.oneof(
  fc.record({ call: fc.constant('announce' as const), record: signed, handle }),
  fc.record({ call: fc.constant('lookup' as const), peer: exactly(32) }),
  fc.record({ call: fc.constant('lookupHandle' as const), handle }),
  fc.record({
    call: fc.constant('deliver' as const),
    to: exactly(32),
    envelope: fc.uint8Array({ minLength: 1, maxLength: 500 }),
  }),
  fc.record({
    call: fc.constant('collected' as const),
    ids: fc.array(sequence, { maxLength: limits.heldPerRecipient }),
  }),
  fc.constant({ call: 'knowledge' as const }),
  fc.constant({ call: 'forget' as const }),
  fc.record({
    call: fc.constant('postInvite' as const),
    slot: exactly(16),
    sealed: fc.uint8Array({ maxLength: 500 }),
    ttl: fc.nat({ max: 4_000_000 }).map((seconds) => seconds * 1000),
  }),
  fc.record({ call: fc.constant('findInvite' as const), slot: exactly(16) }),
)
const nodeFrame: fc.Arbitrary<DirectoryFrame> = fc.oneof(
  fc.record({ frame: fc.constant('envelope' as const), id: sequence, envelope: fc.uint8Array({ maxLength: 500 }) }),
  fc
    .tuple(
      sequence,
      fc.oneof(
        fc.record({
          result: fc.constant('error' as const),
          error: fc.constant({ code: 'internal' as const, message: 'no' }),
        }),
        fc.record({
          result: fc.constant('found' as const),
          record: signed,
          age: fc.constant(5000),
        }),
        fc.record({ result: fc.constant('delivered' as const), pushed: fc.boolean() }),
        fc.record({ result: fc.constant('foundInvite' as const), sealed: fc.uint8Array({ maxLength: 100 }) }),
      ),
    )
    .map(([id, result]) => ({ frame: 'response' as const, id, result })),
)
const record: fc.Arbitrary<RecordContent> = fc
  .tuple(reach, sequence, fc.nat({ max: limits.recordTtl / 1000 }))
  .map(([where, seq, seconds]) => ({ ...where, sequence: seq, ttl: seconds * 1000 }))
const contact: fc.Arbitrary<ContactContent> = fc
  .tuple(
    reach,
    exactly(32),
    sequence,
    time,
    text(limits.nameCharacters),
    fc.oneof(
      fc.record(
        { kind: fc.constant('request' as const), note: text(limits.noteCharacters), token: exactly(16) },
        { requiredKeys: ['kind', 'note'] },
      ),
      fc.constantFrom({ kind: 'answer' as const }, { kind: 'dial-me' as const }),
      fc.constant({ kind: 'refusal' as const, code: 'bad-invite' }),
      fc.record({ kind: fc.constant('stand' as const), word: hello }),
    ),
  )
  .map(([where, to, seq, at, name, kind]) => {
    const about = { ...where, to, sequence: seq, time: at, name }
    if (kind.kind !== 'stand') return { ...about, ...kind }
    const { sealingKey: _, ...word } = kind.word
    return { ...about, kind: kind.kind, word: { ...word, ...where, name } }
  })
const invite = fc
  .tuple(reach, text(limits.nameCharacters), exactly(16), time)
  .map(([where, name, token, expiresAt]) => ({ ...where, name, token, expiresAt }))
const sealed = fc.record({
  keyId: fc.constantFrom(new Uint8Array(), new Uint8Array(8).fill(7)),
  sealed: fc.uint8Array({ maxLength: 500 }),
})

interface Codec {
  decode: (bytes: Uint8Array) => unknown
  /** Encoding and decoding must return the same value; the bytes are also the input for damage. */
  valid: fc.Arbitrary<{ value: unknown; bytes: Uint8Array; again: unknown }>
}

function codec<T>(
  values: fc.Arbitrary<T>,
  toWire: (value: T) => Uint8Array,
  fromWire: (bytes: Uint8Array) => unknown,
): Codec {
  return {
    decode: fromWire,
    valid: values.map((value) => {
      const bytes = toWire(value)
      return { value, bytes, again: fromWire(bytes) }
    }),
  }
}

const codecs: { [name: string]: Codec } = {
  'a chat frame': codec(chatFrame, chatFrameToWire, chatFrameFromWire),
  'a message body': codec(body, bodyToWire, bodyFromWire),
  'a directory request': codec(
    fc.tuple(sequence, call),
    ([id, one]) => requestToWire(id, one),
    (bytes) => {
      const request = requestFromWire(bytes)
      return [request.id, request.call]
    },
  ),
  'a directory frame': codec(nodeFrame, frameToWire, frameFromWire),
  'a peer record': codec(record, recordToWire, recordFromWire),
  'an invite': codec(invite, inviteToWire, inviteFromWire),
  'an envelope’s content': codec(contact, contactToWire, contactFromWire),
  'a decision of a group': codec(decision, decisionToWire, decisionFromWire),
  'an entry of a group': codec(entry, entryToWire, entryFromWire),
  'a parcel’s content': codec(parcel, parcelToWire, parcelFromWire),
  'a sealed parcel': codec(
    sealed.map((one) => ({ ...one, keyId: new Uint8Array(8) })),
    sealedParcelToWire,
    sealedParcelFromWire,
  ),
  'an envelope': codec(sealed, sealedToWire, sealedFromWire),
  'signed bytes': codec(signed, signedToWire, signedFromWire),
}

/** Bytes changed, removed, inserted, repeated or truncated: what a careful attacker sends. */
function damaged(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    kind: fc.constantFrom('set', 'insert', 'delete', 'cut', 'repeat'),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
  })
  return fc.tuple(bytes, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([original, edits]) => {
    let now = Buffer.from(original)
    for (const { kind, at, byte } of edits) {
      const place = Math.floor(at * now.length)
      const [before, after] = [now.subarray(0, place), now.subarray(place)]
      if (kind === 'set') now = Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
      if (kind === 'insert') now = Buffer.concat([before, Buffer.from([byte]), after])
      if (kind === 'delete') now = Buffer.concat([before, after.subarray(1)])
      if (kind === 'cut') now = Buffer.from(before)
      if (kind === 'repeat') now = Buffer.concat([before, after, after])
    }
    return now
  })
}

function acceptsOrRefuses(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    assertBounded(decode(bytes), bytes.byteLength)
  } catch (error) {
    if (!(error instanceof QuorumError)) throw error
  }
}

/** No decoded value is much larger than its input, and no list is longer than its limit. */
function assertBounded(value: unknown, size: number): void {
  if (typeof value === 'string') assert.ok(value.length <= size + 64)
  else if (typeof value === 'number') assert.ok(Number.isSafeInteger(value))
  else if (value instanceof Uint8Array) assert.ok(value.byteLength <= size)
  else if (Array.isArray(value)) {
    assert.ok(value.length <= Math.max(limits.addressesTold, limits.heldPerRecipient))
    for (const item of value) assertBounded(item, size)
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) assertBounded(item, size)
  }
}

for (const [name, { decode, valid }] of Object.entries(codecs)) {
  test(`${name}: an encoded value decodes to the same value`, () => {
    fc.assert(
      fc.property(valid, ({ value, again }) => assert.deepEqual(plain(again), plain(value))),
      { numRuns },
    )
  })
  test(`${name}: random bytes are accepted or refused, nothing else`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => acceptsOrRefuses(decode, bytes)),
      { numRuns },
    )
  })
  test(`${name}: a damaged one is accepted or refused, nothing else`, () => {
    fc.assert(
      fc.property(damaged(valid.map(({ bytes }) => bytes)), (bytes) => acceptsOrRefuses(decode, bytes)),
      { numRuns: 2 * numRuns },
    )
  })
}

test('frames: any cut of the bytes gives the same frames, and never one over the limit', () => {
  const chunks = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), chunks, (payloads, sizes) => {
      const bytes = Buffer.concat(payloads.map(frame))
      const decoder = new FrameDecoder(300)
      const out: Uint8Array[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = (sizes[turn % sizes.length] ?? 0) + 1
        out.push(...decoder.push(bytes.subarray(at, at + size)))
        at += size
      }
      assert.deepEqual(out.map(plain), payloads.map(plain))
      assert.equal(decoder.pending, false)
    }),
    { numRuns },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) =>
      acceptsOrRefuses((all) => {
        for (const one of new FrameDecoder(100).push(all)) assert.ok(one.byteLength <= 100)
      }, bytes),
    ),
    { numRuns },
  )
})

test('pasted text is an invite, a code, a PeerId or a handle, or is refused', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.base64String().map((rest) => `quorum://add/${rest}`),
    fc.string().map((rest) => `12D3Koo${rest}`),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(anything, (typed) => {
      acceptsOrRefuses(() => void parseRecipient(typed), new Uint8Array())
      acceptsOrRefuses(() => void inviteFromLink(typed), new Uint8Array())
    }),
    { numRuns: 2 * numRuns },
  )
})

/** Makes Buffers and byte arrays equal, and ids lower-case: only the content is compared. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}
