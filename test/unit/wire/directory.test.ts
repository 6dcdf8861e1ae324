/** What the directory's codec refuses and bounds. golden.test.ts has the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { directoryLimits } from '../../../protocol/directory/limits.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { frameFromWire, frameToWire, requestFromWire, requestToWire } from '../../../protocol/wire/directory.ts'
import { DirectoryFrameSchema, DirectoryRequestSchema } from '../../../protocol/wire/quorum_pb.ts'
import { refused } from '../../support/refused.ts'

const key = new Uint8Array(32)
const slot = new Uint8Array(16)

test('keys and slots have a fixed length', () => {
  const short = new Uint8Array(7)
  for (const call of [
    { call: 'lookup', peer: short },
    { call: 'deliver', to: short, envelope: key },
    { call: 'postInvite', slot: short, sealed: key, ttl: 1000 },
    { call: 'findInvite', slot: short },
  ] as const) {
    assert.throws(() => requestFromWire(requestToWire(1, call)), refused('bad-request'), call.call)
  }
})

test('an envelope is bounded, and not empty', () => {
  const deliver = (size: number) =>
    requestFromWire(requestToWire(1, { call: 'deliver', to: key, envelope: new Uint8Array(size) }))
  assert.equal(deliver(limits.envelope).call?.call, 'deliver')
  assert.throws(() => deliver(limits.envelope + 1), refused('too-large'))
  assert.throws(() => deliver(0), refused('bad-request'))
})

test('a parked invite is bounded', () => {
  const post = (size: number) =>
    requestFromWire(requestToWire(1, { call: 'postInvite', slot, sealed: new Uint8Array(size), ttl: 1000 }))
  assert.equal(post(limits.parkedInvite).call?.call, 'postInvite')
  assert.throws(() => post(limits.parkedInvite + 1), refused('too-large'))
})

test('a request with the largest envelope or invite fits a frame', () => {
  const deliver = requestToWire(2 ** 53 - 1, { call: 'deliver', to: key, envelope: new Uint8Array(limits.envelope) })
  assert.ok(deliver.byteLength <= directoryLimits.directoryFrame)
})

test('handles are checked on both sides', () => {
  for (const handle of ['ab', 'a'.repeat(33), 'Alice', 'a b c', '../etc', 'ålice']) {
    assert.throws(() => requestFromWire(requestToWire(1, { call: 'lookupHandle', handle })), refused('bad-request'))
  }
  assert.deepEqual(requestFromWire(requestToWire(1, { call: 'lookupHandle', handle: 'a-b_c.9' })).call, {
    call: 'lookupHandle',
    handle: 'a-b_c.9',
  })
})

test('a long list is cut, not refused', () => {
  const ids = Array.from({ length: 500 }, (_, at) => at)
  const { call } = requestFromWire(requestToWire(1, { call: 'collected', ids }))
  assert.ok(call?.call === 'collected')
  assert.deepEqual(call.ids, ids.slice(0, limits.heldPerRecipient))
})

test('an announcement needs a record, a lookup needs a peer', () => {
  const announce = encode(DirectoryRequestSchema, { call: { case: 'announce', value: { handle: 'alice' } } })
  assert.throws(() => requestFromWire(announce), refused('bad-request'))
  const lookup = encode(DirectoryRequestSchema, { call: { case: 'lookup', value: {} } })
  assert.throws(() => requestFromWire(lookup), refused('bad-request'))
})

test('a request or answer of a later version is refused as such, a frame of another kind ignored', () => {
  assert.deepEqual(requestFromWire(encode(DirectoryRequestSchema, { id: 1n })), { id: 1, call: undefined })
  assert.equal(frameFromWire(new Uint8Array()), undefined)
  const response = encode(DirectoryFrameSchema, { frame: { case: 'response', value: { id: 1n } } })
  assert.throws(() => frameFromWire(response), refused('unsupported-version'))
})

test('an error of a later version becomes internal, and its text is truncated', () => {
  const failed = (code: string, message: string) =>
    frameFromWire(
      encode(DirectoryFrameSchema, {
        frame: { case: 'response', value: { id: 1n, result: { case: 'error', value: { code, message } } } },
      }),
    )
  assert.deepEqual(failed('too-new', 'It is'), {
    frame: 'response',
    id: 1,
    result: { result: 'error', error: { code: 'internal', message: 'It is' } },
  })
  assert.throws(() => failed('internal', 'x'.repeat(501)), refused('too-large'))
})

test('times to live are whole seconds within the range of their field', () => {
  const ttl = (ms: number) => {
    const { call } = requestFromWire(requestToWire(1, { call: 'postInvite', slot, sealed: key, ttl: ms }))
    return call?.call === 'postInvite' ? call.ttl : undefined
  }
  assert.equal(ttl(1600), 2000)
  assert.equal(ttl(-5), 0)
  assert.equal(ttl(Infinity), 0xffffffff * 1000)
})

test('a held envelope carries its id and content', () => {
  const mail = { frame: 'envelope', id: 2 ** 40, envelope: new Uint8Array(limits.envelope) } as const
  const wire = frameToWire(mail)
  assert.deepEqual(frameFromWire(wire), mail)
  assert.ok(wire.byteLength <= directoryLimits.directoryFrame)
})
