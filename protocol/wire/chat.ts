/** Codec of /quorum/chat/1.0.0: frames, and the bodies of messages (docs/protocol.md, "/quorum/chat/1.0.0"). */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'
import {
  bytesFromWire,
  decode,
  encode,
  numberFromWire,
  padding,
  textFromWire,
  timeFromWire,
  timeToWire,
  type Fields,
} from './codec.ts'
import { peerAddressFromWire, peerAddressToWire, type PeerAddress } from './contact.ts'
import { ChatFrameSchema, MessageBodySchema } from './quorum_pb.ts'

/** Version of the chat protocol in this code; announced in the hello. */
export const chatVersion = 1

const hashLength = 32
/** Bytes of a hash in a trail. */
export const trailHash = 8
/** Enough to double up to any sequence. */
const trailLength = 53
/** Bytes of the smallest padded frame: a short message, a receipt and a typing mark look the same. */
const frameFloor = 256

export interface Hello extends PeerAddress {
  version: number
  /** Highest sequence of the other's messages on the sender's disk, and the hash of that body (empty at 0). */
  received: number
  receivedHash: Uint8Array
  /** Highest sequence of the other's messages that was read; 0 from a peer that keeps that to itself. */
  read: number
  name: string
  /** Larger than in any earlier hello of the sender; 0 from an earlier version, which tells no trail either. */
  number: number
  /** The first `trailHash` bytes of the hashes of the other's messages `received` − 1, − 2, − 4 …, as far as known. */
  trail: { sequence: number; hash: Uint8Array }[]
}

export interface Body {
  /** UUID. */
  id: string
  sequence: number
  /** Hash of the sender's previous body, empty at 1. */
  previous: Uint8Array
  /** Milliseconds since the epoch, by the sender's clock. */
  time: number
  content:
    | { kind: 'text'; text: string; replyTo?: string }
    | { kind: 'recalled' }
    /** About a transfer. It stays bytes (wire/offer.ts), so that a body that is encoded again has the same hash. */
    | { kind: 'offer' | 'news'; bytes: Uint8Array }
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
    case 'hello': {
      const hello = frame.value
      const received = numberFromWire(hello.receivedSequence)
      return {
        kind: 'hello',
        hello: {
          ...peerAddressFromWire(hello),
          version: hello.version,
          received,
          receivedHash: bytesFromWire(hello.receivedHash, received === 0 ? 0 : hashLength, 'A hash'),
          read: numberFromWire(hello.readSequence),
          name: textFromWire(hello.name, limits.nameCharacters, 'A name'),
          number: numberFromWire(hello.number),
          trail: trailFromWire(received, hello.trail),
        },
      }
    }
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
    content: contentToWire(body.content),
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
    content: contentFromWire(body.content),
  }
}

function contentToWire(content: Body['content']): NonNullable<Fields<typeof MessageBodySchema>['content']> {
  switch (content.kind) {
    case 'recalled':
      return { case: 'recalled', value: {} }
    case 'unknown':
      return { case: undefined }
    case 'offer':
    case 'news':
      return { case: content.kind, value: content.bytes }
    case 'text': {
      const replyTo = content.replyTo == null ? new Uint8Array() : uuidToBytes(content.replyTo)
      return { case: 'text', value: { text: content.text, replyTo } }
    }
  }
}

function contentFromWire(content: ReturnType<typeof decode<typeof MessageBodySchema>>['content']): Body['content'] {
  switch (content.case) {
    case 'recalled':
      return { kind: 'recalled' }
    case 'text': {
      const { text, replyTo } = content.value
      if (Buffer.byteLength(text) > limits.messageText) throw new QuorumError('too-large', 'A message is too long')
      return { kind: 'text', text, ...(replyTo.byteLength === 0 ? {} : { replyTo: uuidFromBytes(replyTo) }) }
    }
    case 'offer':
    case 'news':
      return { kind: content.case, bytes: content.value }
    case undefined:
      return { kind: 'unknown' }
  }
}

/** The sequences below `received` that a trail names, in its order. */
export function trailSequences(received: number): number[] {
  const sequences: number[] = []
  for (let back = 1; back < received; back *= 2) sequences.push(received - back)
  return sequences
}

function trailToWire({ received, trail }: Hello): Uint8Array[] {
  const known = new Map(trail.map(({ sequence, hash }) => [sequence, hash.subarray(0, trailHash)]))
  return trailSequences(received).map((sequence) => known.get(sequence) ?? new Uint8Array())
}

function trailFromWire(received: number, hashes: readonly Uint8Array[]): Hello['trail'] {
  const sequences = trailSequences(received)
  return hashes.slice(0, trailLength).flatMap((hash, at) => {
    const sequence = sequences[at]
    return sequence == null || hash.byteLength !== trailHash ? [] : [{ sequence, hash }]
  })
}

function frameValue(
  frame: Exclude<ChatFrame, { kind: 'unknown' }>,
): NonNullable<Fields<typeof ChatFrameSchema>['frame']> {
  switch (frame.kind) {
    case 'hello': {
      const { hello } = frame
      return {
        case: 'hello',
        value: {
          ...peerAddressToWire(hello),
          version: hello.version,
          receivedSequence: BigInt(hello.received),
          receivedHash: hello.receivedHash,
          readSequence: BigInt(hello.read),
          name: hello.name,
          number: BigInt(hello.number),
          trail: trailToWire(hello),
        },
      }
    }
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
