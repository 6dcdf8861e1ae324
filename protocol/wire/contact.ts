/**
 * Codecs of what peers announce about themselves: invites, directory records, and the envelopes of friendship
 * (docs/protocol.md, "Invites and codes", "Records" and "Envelopes"). Lists are cut to their bounds and texts are
 * checked here; whether an address may be dialled is decided by its reader.
 */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import {
  binaryAddressesFromWire,
  binaryAddressesToWire,
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
import { helloFromWire, helloToWire, type Hello } from './hello.ts'
import { peerAddressFromWire, peerAddressToWire, type PeerAddress } from './peer-address.ts'
import {
  EnvelopeContentSchema,
  EnvelopeSchema,
  InviteSchema,
  PeerRecordSchema,
  type EnvelopeContent,
} from './quorum_pb.ts'

export interface InviteContent extends PeerAddress {
  name: string
  /** `inviteTokenLength` bytes. */
  token: Uint8Array
  /** Milliseconds since the epoch, by the inviter's clock. */
  expiresAt: number
}

export interface RecordContent extends PeerAddress {
  sequence: number
  /** Milliseconds, counted from the moment the node received the record. */
  ttl: number
}

export type ContactKind =
  | { kind: 'request'; note: string; token?: Uint8Array }
  | { kind: 'answer' }
  | { kind: 'refusal'; code: string }
  /** The sender cannot dial the recipient, and asks it to dial the sender's addresses. */
  | { kind: 'dial-me' }
  /** Where the sender stands in the conversation; name and address are those of the envelope. */
  | { kind: 'stand'; word: Hello }

export type ContactContent = PeerAddress &
  ContactKind & {
    /** Raw public key of the recipient. */
    to: Uint8Array
    sequence: number
    /** Milliseconds since the epoch, by the sender's clock. */
    time: number
    name: string
  }

/** A sealed box and the key it was made for. */
export interface SealedBytes {
  /** 8 bytes; empty for the key derived from the PeerId. */
  keyId: Uint8Array
  sealed: Uint8Array
}

/** Bytes of the token of an invite. */
export const inviteTokenLength = 16
const keyIdLength = 8
/** Bytes of the smallest padded content: envelopes with short notes all have one size. */
const contentFloor = 2048

export function inviteToWire(invite: InviteContent): Uint8Array {
  const { name, token } = invite
  const { nodes, addresses, ...rest } = peerAddressToWire(withoutHybridKey(invite))
  return encode(InviteSchema, {
    ...rest,
    binaryNodes: binaryAddressesToWire(nodes),
    binaryAddresses: binaryAddressesToWire(addresses),
    name,
    token,
    expiresAt: timeToWire(invite.expiresAt),
  })
}

/** An invite must be short. The hybrid key is in the record and in each envelope. */
function withoutHybridKey({ sealingKey, ...rest }: InviteContent): InviteContent {
  if (sealingKey == null) return rest
  const { publicKey, expiresAt } = sealingKey
  return { ...rest, sealingKey: { publicKey, expiresAt } }
}

export function inviteFromWire(bytes: Uint8Array): InviteContent {
  const invite = decode(InviteSchema, bytes)
  const inText = peerAddressFromWire(invite)
  const nodes = binaryAddressesFromWire(invite.binaryNodes, limits.nodeAddressesTold)
  const addresses = binaryAddressesFromWire(invite.binaryAddresses, limits.addressesTold)
  return {
    ...inText,
    nodes: [...nodes, ...inText.nodes].slice(0, limits.nodeAddressesTold),
    addresses: [...addresses, ...inText.addresses].slice(0, limits.addressesTold),
    name: textFromWire(invite.name, limits.nameCharacters, 'A name'),
    token: bytesFromWire(invite.token, inviteTokenLength, 'An invite token'),
    expiresAt: timeFromWire(invite.expiresAt),
  }
}

export function recordToWire(record: RecordContent): Uint8Array {
  return encode(PeerRecordSchema, {
    ...peerAddressToWire(record),
    sequence: BigInt(record.sequence),
    ttlSeconds: Math.round(record.ttl / 1000),
  })
}

export function recordFromWire(bytes: Uint8Array): RecordContent {
  const record = decode(PeerRecordSchema, bytes)
  return {
    ...peerAddressFromWire(record),
    sequence: numberFromWire(record.sequence),
    ttl: Math.min(record.ttlSeconds * 1000, limits.recordTtl),
  }
}

export function contactToWire(content: ContactContent): Uint8Array {
  const { to, sequence, time, name } = content
  const value = {
    ...peerAddressToWire(content),
    to,
    sequence: BigInt(sequence),
    time: timeToWire(time),
    name,
    kind: kindToWire(content),
  }
  const length = encode(EnvelopeContentSchema, value).byteLength
  return encode(EnvelopeContentSchema, { ...value, padding: padding(length, contentFloor) })
}

export function contactFromWire(bytes: Uint8Array): ContactContent {
  const content = decode(EnvelopeContentSchema, bytes)
  const about = {
    ...peerAddressFromWire(content),
    name: textFromWire(content.name, limits.nameCharacters, 'A name'),
  }
  return {
    ...about,
    to: bytesFromWire(content.to, 32, 'A recipient'),
    sequence: numberFromWire(content.sequence),
    time: timeFromWire(content.time),
    ...kindFromWire(content, about),
  }
}

export function sealedToWire(envelope: SealedBytes): Uint8Array {
  return encode(EnvelopeSchema, envelope)
}

export function sealedFromWire(bytes: Uint8Array): SealedBytes {
  if (bytes.byteLength > limits.envelope) throw new QuorumError('too-large', 'An envelope is too large')
  const { keyId, sealed } = decode(EnvelopeSchema, bytes)
  if (keyId.byteLength > 0) bytesFromWire(keyId, keyIdLength, 'A key id')
  return { keyId, sealed }
}

function kindToWire(content: ContactKind): Fields<typeof EnvelopeContentSchema>['kind'] & object {
  switch (content.kind) {
    case 'request':
      return { case: 'request', value: { note: content.note, token: content.token ?? new Uint8Array() } }
    case 'answer':
      return { case: 'answer', value: {} }
    case 'refusal':
      return { case: 'refusal', value: { code: content.code } }
    case 'dial-me':
      return { case: 'dialMe', value: {} }
    case 'stand': {
      const { sealingKey: _, ...word } = content.word
      return { case: 'stand', value: { word: helloToWire({ ...word, name: '', nodes: [], addresses: [] }) } }
    }
  }
}

/** `about`: the name and the address of the sender. */
function kindFromWire({ kind }: EnvelopeContent, about: PeerAddress & { name: string }): ContactKind {
  switch (kind.case) {
    case 'request': {
      const note = textFromWire(kind.value.note, limits.noteCharacters, 'A note')
      if (kind.value.token.byteLength === 0) return { kind: 'request', note }
      return { kind: 'request', note, token: bytesFromWire(kind.value.token, inviteTokenLength, 'An invite token') }
    }
    case 'answer':
      return { kind: 'answer' }
    case 'refusal':
      return { kind: 'refusal', code: textFromWire(kind.value.code, 64, 'A code') }
    case 'dialMe':
      return { kind: 'dial-me' }
    case 'stand': {
      const { word } = kind.value
      if (word == null) throw new QuorumError('bad-request', 'An envelope does not say where its sender stands')
      return { kind: 'stand', word: { ...helloFromWire(word), ...about } }
    }
    case undefined:
      throw new QuorumError('unsupported-version', 'An envelope says something this version does not know')
  }
}
