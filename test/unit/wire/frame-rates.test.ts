/**
 * Every frame that a friend or stranger can send has a rate. A new frame fails here until it is decided which; the
 * calls of the directory do not compile without one (directoryRates).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DescMessage } from '@bufbuild/protobuf'
import type { Rate } from '../../../protocol/base/rate-limit.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { directoryLimits, directoryRates } from '../../../protocol/directory/limits.ts'
import { fileLimits } from '../../../protocol/file/limits.ts'
import { groupLimits } from '../../../protocol/group/limits.ts'
import { friendLimits } from '../../../protocol/friend/limits.ts'
import {
  ChatFrameSchema,
  DirectoryRequestSchema,
  EnvelopeContentSchema,
  FileFrameSchema,
  GroupFrameSchema,
} from '../../../protocol/wire/quorum_pb.ts'

/** By message and field. The tests that prove them are in test/hostile and named in docs/threats.md. */
const rates: Record<string, Record<string, Rate>> = {
  ChatFrame: {
    hello: chatLimits.chatIdleFrames,
    // A message is new, and counts as bytes of a day, or says nothing new.
    message: chatLimits.chatNewBytes,
    // A receipt is news at most once for each own message, or says nothing new.
    receipt: chatLimits.chatIdleFrames,
    typing: chatLimits.chatIdleFrames,
  },
  FileFrame: { open: fileLimits.fileFrames, ack: fileLimits.fileFrames, stop: fileLimits.fileFrames },
  EnvelopeContent: {
    request: friendLimits.envelopesOpened,
    answer: friendLimits.envelopesOpened,
    refusal: friendLimits.envelopesOpened,
    dialMe: friendLimits.dialMes,
    stand: friendLimits.stands,
  },
  DirectoryRequest: { ...directoryRates },
  GroupFrame: {
    hello: groupLimits.hellos,
    state: groupLimits.framesTaken,
    // Of who is not known to be in, `whys`.
    decisions: groupLimits.framesTaken,
    out: groupLimits.whys,
    entries: groupLimits.bytesTaken,
    hashes: groupLimits.framesTaken,
    proof: groupLimits.framesTaken,
    successor: groupLimits.framesTaken,
    fill: groupLimits.bytesTaken,
    yours: groupLimits.framesTaken,
    cards: groupLimits.bytesTaken,
    seen: groupLimits.framesTaken,
    typing: groupLimits.framesTaken,
  },
}

const kinds = (schema: DescMessage): string[] =>
  schema.oneofs.flatMap(({ fields }) => fields.map(({ localName }) => localName))

for (const schema of [
  ChatFrameSchema,
  FileFrameSchema,
  EnvelopeContentSchema,
  DirectoryRequestSchema,
  GroupFrameSchema,
]) {
  test(`every kind of ${schema.name} has a rate`, () => {
    const of = rates[schema.name] ?? {}
    assert.deepEqual(kinds(schema).toSorted(), Object.keys(of).toSorted())
    for (const { tokens, per } of Object.values(of)) assert.ok(tokens > 0 && Number.isFinite(tokens) && per > 0)
  })
}

test('frames that are not known have the rate of their stream', () => {
  for (const { tokens } of [chatLimits.chatIdleFrames, fileLimits.fileFrames, directoryLimits.directoryFlood]) {
    assert.ok(Number.isFinite(tokens))
  }
})
