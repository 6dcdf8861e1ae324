/** Codec of what is sealed for an absent member of a group (docs/protocol.md, "Groups", Away). */
import { QuorumError } from '../base/errors.ts'
import { bytesFromWire, decode, encode, padding } from './codec.ts'
import { wireLimits } from './limits.ts'
import { parcelIdLength, publicKeyLength } from './mailbox.ts'
import { GroupParcelSchema } from './quorum_pb.ts'

export interface GroupParcelContent {
  /** Raw public key of the recipient. */
  to: Uint8Array
  /** 16 bytes. */
  parcelId: Uint8Array
  /** Wire forms of group frames (group-frame.ts). */
  frames: Uint8Array[]
}

/** Bytes of the smallest padded content, as of a parcel of a friend. */
const contentFloor = 2048

export function groupParcelToWire(content: GroupParcelContent): Uint8Array {
  const length = encode(GroupParcelSchema, content).byteLength
  return encode(GroupParcelSchema, { ...content, padding: padding(length, contentFloor) })
}

/** Errors: `bad-request`, `too-large`. */
export function groupParcelFromWire(bytes: Uint8Array): GroupParcelContent {
  const { to, parcelId, frames } = decode(GroupParcelSchema, bytes)
  if (frames.length > wireLimits.groupParcelFrames) throw new QuorumError('too-large', 'A parcel says too much at once')
  return {
    to: bytesFromWire(to, publicKeyLength, 'A recipient'),
    parcelId: bytesFromWire(parcelId, parcelIdLength, 'A parcel id'),
    frames,
  }
}
