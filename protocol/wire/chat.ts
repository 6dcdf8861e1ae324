/** Codec of /quorum/chat/1.0.0: frames, and the bodies of messages (docs/protocol.md, "/quorum/chat/1.0.0"). */
import { QuorumError } from '../base/errors.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'
import {
  bytesFromWire,
  decode,
  encode,
  numberFromWire,
  padding,
  timeFromWire,
  timeToWire,
  type Fields,
} from './codec.ts'
import { contentFromWire, contentToWire, type Content } from './content.ts'
import { hashLength, helloFromWire, helloToWire, type Hello } from './hello.ts'
import { ChatFrameSchema, MessageBodySchema, type MessageBody } from './quorum_pb.ts'

/** Version of the chat protocol in this code; announced in the hello. */
export const chatVersion = 1

/** Bytes of the smallest padded frame: a short message, a receipt and a typing mark look the same. */
const frameFloor = 256

export interface Body {
  /** UUID. */
  id: string
  sequence: number
  /** Hash of the sender's previous body, empty at 1. */
  previous: Uint8Array
  /** Milliseconds since the epoch, by the sender's clock. */
  time: number
  content:
    | Content
    | { kind: 'recalled' }
    /** About a group (wire/group-card.ts; a signed consent). It stays bytes, as an offer does. */
    | { kind: 'invitation' | 'joining'; bytes: Uint8Array }
    /** Of a later version. It is received and never sent. */
    | { kind: 'unknown' }
}

export type ChatFrame =
  | { kind: 'hello'; hello: Hello }
  /** The body stays bytes until its hash is computed. */
  | { kind: 'message'; body: Uint8Array }
  | { kind: 'receipt'; delivered: number; read: number }
  | { kind: 'typing'; active: boolean }
  /** It contains nothing that this version knows. */
  | { kind: 'unknown' }

export function chatFrameToWire(frame: Exclude<ChatFrame, { kind: 'unknown' }>): Uint8Array {
  const value = frameValue(frame)
  const length = encode(ChatFrameSchema, { frame: value }).byteLength
  return encode(ChatFrameSchema, { frame: value, padding: padding(length, frameFloor) })
}

export function chatFrameFromWire(bytes: Uint8Array): ChatFrame {
  const { frame } = decode(ChatFrameSchema, bytes)
  switch (frame.case) {
    case 'hello':
      return { kind: 'hello', hello: helloFromWire(frame.value) }
    case 'message':
      return { kind: 'message', body: frame.value.body }
    case 'receipt':
      return {
        kind: 'receipt',
        delivered: numberFromWire(frame.value.delivered),
        read: numberFromWire(frame.value.read),
      }
    case 'typing':
      return { kind: 'typing', active: frame.value.active }
    case undefined:
      return { kind: 'unknown' }
  }
}

/** The same fields always give the same bytes: a message that is sent again after a crash must have the same hash. */
export function bodyToWire(body: Body): Uint8Array {
  return encode(MessageBodySchema, {
    id: uuidToBytes(body.id),
    sequence: BigInt(body.sequence),
    previous: body.previous,
    time: timeToWire(body.time),
    content: bodyContentToWire(body.content),
  })
}

/** Content that only a later version knows is no error: the sequence and the chain are what they are. */
export function bodyFromWire(bytes: Uint8Array): Body {
  const body = decode(MessageBodySchema, bytes)
  const sequence = numberFromWire(body.sequence)
  if (sequence === 0) throw new QuorumError('bad-request', 'A message has no sequence')
  return {
    id: uuidFromBytes(body.id),
    sequence,
    previous: bytesFromWire(body.previous, sequence === 1 ? 0 : hashLength, 'A hash'),
    time: timeFromWire(body.time),
    content: bodyContentFromWire(body.content),
  }
}

function bodyContentToWire(content: Body['content']): NonNullable<Fields<typeof MessageBodySchema>['content']> {
  switch (content.kind) {
    case 'recalled':
      return { case: 'recalled', value: {} }
    case 'unknown':
      return { case: undefined }
    case 'invitation':
    case 'joining':
      return { case: content.kind, value: content.bytes }
    case 'text':
    case 'offer':
    case 'news':
      return contentToWire(content)
  }
}

function bodyContentFromWire(content: MessageBody['content']): Body['content'] {
  switch (content.case) {
    case 'recalled':
      return { kind: 'recalled' }
    case 'invitation':
    case 'joining':
      return { kind: content.case, bytes: content.value }
    case 'text':
    case 'offer':
    case 'news':
      return contentFromWire(content)
    case undefined:
      return { kind: 'unknown' }
  }
}

function frameValue(
  frame: Exclude<ChatFrame, { kind: 'unknown' }>,
): NonNullable<Fields<typeof ChatFrameSchema>['frame']> {
  switch (frame.kind) {
    case 'hello':
      return { case: 'hello', value: helloToWire(frame.hello) }
    case 'message':
      return { case: 'message', value: { body: frame.body } }
    case 'receipt':
      return {
        case: 'receipt',
        value: { delivered: BigInt(frame.delivered), read: BigInt(frame.read) },
      }
    case 'typing':
      return { case: 'typing', value: { active: frame.active } }
  }
}
