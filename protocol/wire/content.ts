/** Codec of what people say, in messages to a friend and in entries of a group. */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Text } from './quorum_pb.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'

export type Content =
  | { kind: 'text'; text: string; replyTo?: string }
  /** About a transfer. It stays bytes (wire/offer.ts), so that what is encoded again has the same hash. */
  | { kind: 'offer' | 'news'; bytes: Uint8Array }

type WireContent = { case: 'text'; value: Text } | { case: 'offer' | 'news'; value: Uint8Array }

export function contentToWire(content: Content) {
  if (content.kind !== 'text') return { case: content.kind, value: content.bytes }
  const replyTo = content.replyTo == null ? new Uint8Array() : uuidToBytes(content.replyTo)
  return { case: 'text' as const, value: { text: content.text, replyTo } }
}

/** Errors: `bad-request`, `too-large`. */
export function contentFromWire(content: WireContent): Content {
  if (content.case !== 'text') return { kind: content.case, bytes: content.value }
  const { text, replyTo } = content.value
  if (Buffer.byteLength(text) > limits.messageText) throw new QuorumError('too-large', 'A message is too long')
  return { kind: 'text', text, ...(replyTo.byteLength === 0 ? {} : { replyTo: uuidFromBytes(replyTo) }) }
}
