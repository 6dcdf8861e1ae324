/** Chat frames and bodies: the refused ones, and the sizes, which reveal little. golden.test.ts has the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { bodyFromWire, bodyToWire, chatFrameFromWire, chatFrameToWire, type Body } from '../../../protocol/wire/chat.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { ChatFrameSchema, MessageBodySchema, type MessageBody } from '../../../protocol/wire/quorum_pb.ts'
import { refused } from '../../support/refused.ts'

const id = '01890a5d-ac96-774b-bcce-b302099a8057'
const text = (said: string, more: Partial<Body> = {}): Body => ({
  id,
  sequence: 1,
  previous: new Uint8Array(),
  time: 1_767_000_000_000,
  content: { kind: 'text', text: said },
  ...more,
})
const message = (said: string) => chatFrameToWire({ kind: 'message', body: bodyToWire(text(said)) })

type RawBody = Partial<Pick<MessageBody, 'id' | 'sequence' | 'previous' | 'time' | 'content'>>
const raw = (more: RawBody = {}): Uint8Array =>
  encode(MessageBodySchema, {
    id: new Uint8Array(Buffer.from(id.replaceAll('-', ''), 'hex')),
    sequence: 1n,
    content: { case: 'recalled', value: { $typeName: 'quorum.v1.Recalled' } },
    ...more,
  })

test('a short message, a receipt and a typing mark have the same size', () => {
  const sizes = [
    message('yes'),
    message('no, and this is why: it rains'),
    chatFrameToWire({ kind: 'receipt', delivered: 70_000, read: 3 }),
    chatFrameToWire({ kind: 'typing', active: true }),
    chatFrameToWire({ kind: 'typing', active: false }),
  ].map((bytes) => bytes.byteLength)
  assert.deepEqual(new Set(sizes), new Set([256]))
})

test('the longest message fits a frame', () => {
  const longest = message('x'.repeat(limits.messageText))
  assert.ok(longest.byteLength <= chatLimits.chatFrame)
  const frame = chatFrameFromWire(longest)
  assert.ok(frame.kind === 'message')
  assert.deepEqual(bodyFromWire(frame.body), text('x'.repeat(limits.messageText)))
})

test('more than 64 KiB of text is refused, counted in bytes', () => {
  const long = bodyToWire(text('ü'.repeat(limits.messageText / 2 + 1)))
  assert.throws(() => bodyFromWire(long), refused('too-large'))
})

test('a body without a sequence, a hash of its predecessor or an id is refused', () => {
  assert.equal(bodyFromWire(raw()).sequence, 1)
  assert.throws(() => bodyFromWire(raw({ sequence: 0n })), refused('bad-request'))
  assert.throws(() => bodyFromWire(raw({ sequence: 2n ** 63n })), refused('bad-request'))
  assert.throws(() => bodyFromWire(raw({ sequence: 2n })), refused('bad-request'))
  assert.throws(() => bodyFromWire(raw({ previous: new Uint8Array(32) })), refused('bad-request'))
  assert.throws(() => bodyFromWire(raw({ id: new Uint8Array(15) })), refused('bad-request'))
  assert.throws(() => bodyFromWire(raw({ id: new Uint8Array(16).fill(7) })), refused('bad-request'))
  assert.throws(() => bodyFromWire(raw({ time: 2n ** 60n })), refused('bad-request'))
})

test('content and frames of a later version are known as such', () => {
  assert.deepEqual(bodyFromWire(raw({ content: { case: undefined } })).content, { kind: 'unknown' })
  assert.deepEqual(chatFrameFromWire(new Uint8Array([0x5a, 1, 0])), { kind: 'unknown' })
})

test('a hello must contain the hash of the last message it claims', () => {
  const hello = (receivedSequence: bigint, receivedHash: Uint8Array) =>
    encode(ChatFrameSchema, { frame: { case: 'hello', value: { version: 1, receivedSequence, receivedHash } } })
  assert.equal(chatFrameFromWire(hello(0n, new Uint8Array())).kind, 'hello')
  assert.equal(chatFrameFromWire(hello(1n, new Uint8Array(32))).kind, 'hello')
  assert.throws(() => chatFrameFromWire(hello(1n, new Uint8Array())), refused('bad-request'))
  assert.throws(() => chatFrameFromWire(hello(0n, new Uint8Array(32))), refused('bad-request'))
})

test('a hello with a name over the limit is refused', () => {
  const named = (name: string) => encode(ChatFrameSchema, { frame: { case: 'hello', value: { version: 1, name } } })
  assert.equal(chatFrameFromWire(named('n'.repeat(limits.nameCharacters))).kind, 'hello')
  assert.throws(() => chatFrameFromWire(named('n'.repeat(limits.nameCharacters + 1))), refused('too-large'))
})
