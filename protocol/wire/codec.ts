/**
 * What all codecs share. Received bytes are untrusted until one of these functions has accepted them: malformed
 * protobuf, bad UTF-8, numbers out of range and texts over their bound are refused here, lists over their bound are
 * cut. Unknown fields are dropped.
 */
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import { multiaddr } from '@multiformats/multiaddr'
import { isAddress } from '../address/address.ts'
import { errorFromData, QuorumError, type ErrorData } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { hybridKeyBytes, type SealingKeyInfo } from './sealing-key.ts'
import { wireLimits } from './limits.ts'
import { SignedSchema, type SealingKey, type SealingKeySchema, type Signed, type WireError } from './quorum_pb.ts'

/** Bytes with the key and the signature of their author. */
export interface SignedBytes {
  payload: Uint8Array
  /** Raw Ed25519 key, 32 bytes. */
  publicKey: Uint8Array
  /** 64 bytes. */
  signature: Uint8Array
}

/** The last millisecond that a JavaScript Date can represent. */
const lastTime = 8.64e15

/** The fields of one message, as `encode` accepts them. */
export type Fields<S extends DescMessage> = Exclude<MessageInitShape<S>, MessageShape<S>>

export function decode<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false })
  } catch (cause) {
    throw new QuorumError('bad-request', `A ${schema.name} could not be decoded`, { cause })
  }
}

export function encode<S extends DescMessage>(schema: S, value: MessageInitShape<S>): Uint8Array {
  return toBinary(schema, create(schema, value))
}

/** A uint64 as a number. Errors: `bad-request` beyond 2^53 - 1. */
export function numberFromWire(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new QuorumError('bad-request', 'A number is out of range')
  return Number(value)
}

/** Milliseconds since the epoch that a Date can represent. Errors: `bad-request`. */
export function timeFromWire(value: bigint): number {
  const time = numberFromWire(value)
  if (time > lastTime) throw new QuorumError('bad-request', 'A time is out of range')
  return time
}

/** A time for the wire: an integer between the epoch and the last time of a Date. */
export function timeToWire(time: number): bigint {
  return BigInt(Math.min(lastTime, Math.max(0, Math.trunc(time))))
}

/** Text of at most `max` UTF-16 units. Errors: `too-large`. */
export function textFromWire(text: string, max: number, what: string): string {
  if (text.length > max) throw new QuorumError('too-large', `${what} is longer than ${max} characters`)
  return text
}

/** Exactly `length` bytes. Errors: `bad-request`. */
export function bytesFromWire(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.byteLength !== length) throw new QuorumError('bad-request', `${what} has the wrong length`)
  return bytes
}

/** The well-formed multiaddrs among the first `max`; later ones are dropped unread. */
export function addressesFromWire(list: readonly string[], max: number): string[] {
  return list.slice(0, max).filter(isAddress)
}

/** Binary multiaddrs, which take half the bytes of text. */
export function binaryAddressesToWire(list: readonly string[]): Uint8Array[] {
  return list.map((address) => multiaddr(address).bytes)
}

/** The same as `addressesFromWire`, of binary multiaddrs. */
export function binaryAddressesFromWire(list: readonly Uint8Array[], max: number): string[] {
  return list.slice(0, max).flatMap((bytes) => addressFromBytes(bytes) ?? [])
}

function addressFromBytes(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > limits.address) return undefined
  try {
    const text = multiaddr(bytes).toString()
    return isAddress(text) ? text : undefined
  } catch {
    // The parser throws for malformed addresses.
    return undefined
  }
}

/** The error of a node's answer. */
export function errorFromWire({ code, message }: Pick<WireError, 'code' | 'message'>): ErrorData {
  const text = textFromWire(message, wireLimits.errorMessage, 'An error')
  const known = errorFromData({ code, message: text })
  return { code: known.code, message: known.message }
}

export function signedToWire(signed: SignedBytes): Uint8Array {
  return encode(SignedSchema, signed)
}

export function signedFromWire(signed: Uint8Array | Signed | undefined): SignedBytes {
  if (signed == null) throw new QuorumError('bad-request', 'A signature is missing')
  const { payload, publicKey, signature } = signed instanceof Uint8Array ? decode(SignedSchema, signed) : signed
  return { payload, publicKey, signature }
}

export function sealingKeyToWire(key: SealingKeyInfo): Fields<typeof SealingKeySchema> {
  const { publicKey, hybridKey = new Uint8Array(), expiresAt } = key
  return { publicKey, hybridKey, expiresAt: timeToWire(expiresAt) }
}

export function sealingKeyFromWire(key: SealingKey | undefined): SealingKeyInfo | undefined {
  if (key == null) return undefined
  const { publicKey, hybridKey, expiresAt } = key
  return {
    publicKey: bytesFromWire(publicKey, 32, 'A sealing key'),
    ...(hybridKey.byteLength > 0 && { hybridKey: bytesFromWire(hybridKey, hybridKeyBytes, 'A hybrid sealing key') }),
    expiresAt: timeFromWire(expiresAt),
  }
}

/**
 * Length of the padding field's content that brings a message of `length` bytes to a Padmé length (Nikitin et al.,
 * "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019), at least `floor`: at most 12 %
 * more, and O(log log length) of information left in the size.
 */
export function padding(length: number, floor: number): Uint8Array {
  // The padding field takes three bytes besides its content, or two when its length is under 128; none under 16 KiB
  // takes more. So no field is of 130 bytes: the next length, then.
  const target = Math.max(floor, padme(length + 3))
  const field = (target - length === 130 ? padme(target + 1) : target) - length
  return new Uint8Array(field < 130 ? field - 2 : field - 3)
}

/** The smallest Padmé length of at least `length`. */
function padme(length: number): number {
  const exponent = Math.floor(Math.log2(length))
  const mantissaBits = Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** Math.max(0, exponent - mantissaBits)
  return Math.ceil(length / step) * step
}
