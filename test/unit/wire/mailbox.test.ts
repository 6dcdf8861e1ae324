/** What the codec of mailboxes refuses and bounds. golden.test.ts has the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailboxLimits } from '../../../protocol/mailbox/limits.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import {
  mailboxFrameFromWire,
  mailboxRequestFromWire,
  mailboxRequestToWire,
  type MailboxCall,
} from '../../../protocol/wire/mailbox.ts'
import { MailboxFrameSchema, MailboxRequestSchema } from '../../../protocol/wire/quorum_pb.ts'
import { refused } from '../../support/refused.ts'

const [key, id, ticket] = [new Uint8Array(32), new Uint8Array(16), new Uint8Array(32)]
const read = (call: MailboxCall) => mailboxRequestFromWire(mailboxRequestToWire(1, call)).call

test('keys, ids and tickets have a fixed length', () => {
  const short = new Uint8Array(7)
  const whole = { to: key, parcelId: id, ticket, sealed: id }
  for (const wrong of [{ to: short }, { parcelId: short }, { ticket: short }]) {
    assert.throws(() => read({ call: 'leave', ...whole, ...wrong }), refused('bad-request'))
    assert.throws(() => read({ call: 'withdraw', ...whole, ...wrong }), refused('bad-request'))
  }
  assert.throws(() => read({ call: 'taken', parcelIds: [id, short] }), refused('bad-request'))
  assert.throws(() => read({ call: 'tickets', hashes: [id, short] }), refused('bad-request'))
})

test('a parcel is bounded and not empty, and the largest fits a frame', () => {
  const leave = (size: number): MailboxCall => ({
    call: 'leave',
    to: key,
    parcelId: id,
    ticket,
    sealed: new Uint8Array(size),
  })
  assert.equal(read(leave(wireLimits.parcel))?.call, 'leave')
  assert.throws(() => read(leave(wireLimits.parcel + 1)), refused('too-large'))
  assert.throws(() => read(leave(0)), refused('bad-request'))
  const largest = mailboxRequestToWire(2 ** 53 - 1, leave(wireLimits.parcel))
  assert.ok(largest.byteLength <= mailboxLimits.mailboxFrame)
})

test('lists are bounded', () => {
  const ids = (length: number) => Array.from({ length }, () => id)
  assert.equal(read({ call: 'taken', parcelIds: ids(wireLimits.parcelsTogether) })?.call, 'taken')
  assert.throws(() => read({ call: 'taken', parcelIds: ids(wireLimits.parcelsTogether + 1) }), refused('too-large'))
  assert.equal(read({ call: 'tickets', hashes: ids(wireLimits.tickets) })?.call, 'tickets')
  assert.throws(() => read({ call: 'tickets', hashes: ids(wireLimits.tickets + 1) }), refused('too-large'))
})

test('calls, frames and outcomes of a later version are told from wrong ones', () => {
  assert.equal(mailboxRequestFromWire(encode(MailboxRequestSchema, { id: 7n })).call, undefined)
  assert.equal(mailboxFrameFromWire(encode(MailboxFrameSchema, {})), undefined)
  const left = encode(MailboxFrameSchema, {
    frame: { case: 'response', value: { id: 7n, result: { case: 'left', value: { outcome: 99 as never } } } },
  })
  const frame = mailboxFrameFromWire(left)
  // It is not held, for whatever reason.
  assert.deepEqual(frame, { frame: 'response', id: 7, result: { result: 'left', outcome: 'full' } })
  const empty = encode(MailboxFrameSchema, { frame: { case: 'response', value: { id: 7n } } })
  assert.throws(() => mailboxFrameFromWire(empty), refused('unsupported-version'))
})
