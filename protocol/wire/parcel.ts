/** Codec of what is in a parcel (docs/protocol.md, "Parcels"): bodies of messages, and where their writer stands. */
import { QuorumError } from '../base/errors.ts'
import { bytesFromWire, decode, encode, padding } from './codec.ts'
import type { SealedBytes } from './contact.ts'
import { helloFromWire, helloToWire, type Hello } from './hello.ts'
import { parcelIdLength, publicKeyLength } from './mailbox.ts'
import { ParcelContentSchema, SealedParcelSchema } from './quorum_pb.ts'

export interface ParcelContent {
  /** Raw public key of the recipient. */
  to: Uint8Array
  /** 16 bytes. */
  parcelId: Uint8Array
  /** Bodies of messages, as hashed, in the order of their sequences; none in a mere receipt. */
  bodies: Uint8Array[]
  word: Hello
}

/** Bytes of the smallest padded content: a hello has a hybrid key of 1,216 bytes. */
const contentFloor = 2048
const keyIdLength = 8

export function parcelToWire(content: ParcelContent): Uint8Array {
  const value = { ...content, word: helloToWire(content.word) }
  const length = encode(ParcelContentSchema, value).byteLength
  return encode(ParcelContentSchema, { ...value, padding: padding(length, contentFloor) })
}

export function parcelFromWire(bytes: Uint8Array): ParcelContent {
  const { to, parcelId, bodies, word } = decode(ParcelContentSchema, bytes)
  if (word == null) throw new QuorumError('bad-request', 'A parcel does not say where its writer stands')
  return {
    to: bytesFromWire(to, publicKeyLength, 'A recipient'),
    parcelId: bytesFromWire(parcelId, parcelIdLength, 'A parcel id'),
    bodies,
    word: helloFromWire(word),
  }
}

export function sealedParcelToWire(parcel: SealedBytes): Uint8Array {
  return encode(SealedParcelSchema, parcel)
}

export function sealedParcelFromWire(bytes: Uint8Array): SealedBytes {
  const { keyId, sealed } = decode(SealedParcelSchema, bytes)
  return { keyId: bytesFromWire(keyId, keyIdLength, 'A key id'), sealed }
}
