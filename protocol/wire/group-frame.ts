/**
 * Codec of /quorum/group/1.0.0 (docs/protocol.md): what two members tell each other. Hashes and ids of groups and
 * chains are in hexadecimal digits, people are raw public keys, and what is signed stays bytes.
 */
import { QuorumError } from '../base/errors.ts'
import { bytesOfHex as bytes, hex } from '../base/hex.ts'
import { bytesFromWire, decode, encode, numberFromWire, padding, type Fields } from './codec.ts'
import { hashLength } from './hello.ts'
import { wireLimits } from './limits.ts'
import { publicKeyLength } from './mailbox.ts'
import {
  GroupFrameSchema,
  type GroupFrame as WireFrame,
  type GroupHole as WireHole,
  type GroupState,
} from './quorum_pb.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'

/** Version of the protocol in this code. */
export const groupVersion = 1

/** Bytes of the nonce and of each tag in a hello, and of the short form of a decision's hash. */
export const nonceLength = 16
export const tagLength = 16
export const shortHashLength = 8
/** Bytes of the smallest padded frame. */
const frameFloor = 512

export interface GroupHelloContent {
  version: number
  nonce: Uint8Array
  tags: Uint8Array[]
  answer: boolean
}

interface HoleContent {
  above: number
  end: { sequence: number; hash: string }
}

export interface GroupStateContent {
  answer: boolean
  decisions: number
  digest: string
  /** 16 hexadecimal digits each. */
  ids?: string[]
  chains: { chain: string; sequence: number; hash: string; forkAt?: number; holes: HoleContent[] }[]
  /** UUIDs. */
  again: string[]
  cards: { member: Uint8Array; sequence: number }[]
}

interface GroupSeenContent {
  by: { member: Uint8Array; chains: { chain: string; sequence: number }[] }[]
  /** Decisions that the sender holds, as in a state. */
  decisions: number
  digest: string
}

export type AboutGroup =
  | ({ kind: 'state' } & GroupStateContent)
  | { kind: 'decisions' | 'out' | 'proof' | 'yours'; signed: Uint8Array[] }
  | { kind: 'cards'; signed: Uint8Array[] }
  | { kind: 'typing'; active: boolean }
  | { kind: 'entries'; base?: { sequence: number; hash: string }; signed: Uint8Array[] }
  | { kind: 'hashes'; chain: string; base: number; hashes: string[] }
  | { kind: 'successor'; signed: Uint8Array }
  | { kind: 'fill'; chain: string; hole: HoleContent; signed: Uint8Array[] }
  | ({ kind: 'seen' } & GroupSeenContent)

export type GroupFrame =
  | { kind: 'hello'; hello: GroupHelloContent }
  | { kind: 'about'; group: string; about: AboutGroup }
  /** Of a later version. */
  | { kind: 'unknown' }

/** `padded`: not within a parcel, which has a padding of its own. */
export function groupFrameToWire(frame: Exclude<GroupFrame, { kind: 'unknown' }>, padded = true): Uint8Array {
  const value =
    frame.kind === 'hello'
      ? { frame: { case: 'hello' as const, value: frame.hello } }
      : { group: bytes(frame.group), frame: aboutToWire(frame.about) }
  const bare = encode(GroupFrameSchema, value)
  return padded ? encode(GroupFrameSchema, { ...value, padding: padding(bare.byteLength, frameFloor) }) : bare
}

/** Errors: `bad-request`, `too-large`. */
export function groupFrameFromWire(frameBytes: Uint8Array): GroupFrame {
  const { group, frame } = decode(GroupFrameSchema, frameBytes)
  if (frame.case === undefined) return { kind: 'unknown' }
  if (frame.case === 'hello') {
    const { version, nonce, tags, answer } = frame.value
    const all = listFromWire(tags, wireLimits.groupTags).map((tag) => bytesFromWire(tag, tagLength, 'A tag'))
    return { kind: 'hello', hello: { version, nonce: bytesFromWire(nonce, nonceLength, 'A nonce'), tags: all, answer } }
  }
  return { kind: 'about', group: hashFromWire(group), about: aboutFromWire(frame) }
}

function aboutToWire(about: AboutGroup): NonNullable<Fields<typeof GroupFrameSchema>['frame']> {
  switch (about.kind) {
    case 'state':
      return { case: 'state', value: stateToWire(about) }
    case 'decisions':
    case 'out':
    case 'proof':
    case 'yours':
    case 'cards':
      return { case: about.kind, value: { signed: about.signed } }
    case 'entries': {
      const { sequence = 0, hash = '' } = about.base ?? {}
      return { case: 'entries', value: { base: BigInt(sequence), baseHash: bytes(hash), signed: about.signed } }
    }
    case 'hashes': {
      const { chain, base, hashes } = about
      return { case: 'hashes', value: { chain: bytes(chain), base: BigInt(base), hashes: bytes(hashes.join('')) } }
    }
    case 'successor':
      return { case: 'successor', value: about.signed }
    case 'fill':
      return { case: 'fill', value: { chain: bytes(about.chain), hole: holeToWire(about.hole), signed: about.signed } }
    case 'typing':
      return { case: 'typing', value: about.active }
    case 'seen':
      return {
        case: 'seen',
        value: {
          by: about.by.map(({ member, chains }) => ({
            member,
            chains: chains.map(({ chain, sequence }) => ({ chain: bytes(chain), sequence: BigInt(sequence) })),
          })),
          decisions: about.decisions,
          digest: bytes(about.digest),
        },
      }
  }
}

function aboutFromWire(frame: Exclude<WireFrame['frame'], { case: 'hello' | undefined }>): AboutGroup {
  switch (frame.case) {
    case 'state':
      return { kind: 'state', ...stateFromWire(frame.value) }
    case 'decisions':
    case 'out':
    case 'cards':
      return { kind: frame.case, signed: [...listFromWire(frame.value.signed, wireLimits.groupSignatures)] }
    case 'proof':
    case 'yours':
      return { kind: frame.case, signed: [...listFromWire(frame.value.signed, wireLimits.groupEntries)] }
    case 'entries': {
      const { base, baseHash, signed } = frame.value
      const sequence = numberFromWire(base)
      return {
        kind: 'entries',
        ...(sequence > 0 && { base: { sequence, hash: hashFromWire(baseHash) } }),
        signed: [...listFromWire(signed, wireLimits.groupEntries)],
      }
    }
    case 'hashes': {
      const { chain, base, hashes } = frame.value
      if (hashes.byteLength > wireLimits.groupHashes * hashLength)
        throw new QuorumError('too-large', 'Too many hashes at once')
      const all = piecesOf(hashes, hashLength)
      return { kind: 'hashes', chain: hashFromWire(chain), base: numberFromWire(base), hashes: all }
    }
    case 'successor':
      return { kind: 'successor', signed: frame.value }
    case 'fill': {
      const { chain, hole, signed } = frame.value
      if (hole === undefined) throw new QuorumError('bad-request', 'It is not said which hole is filled')
      return {
        kind: 'fill',
        chain: hashFromWire(chain),
        hole: holeFromWire(hole),
        signed: [...listFromWire(signed, wireLimits.groupEntries)],
      }
    }
    case 'typing':
      return { kind: 'typing', active: frame.value }
    case 'seen':
      if (frame.value.by.reduce((sum, { chains }) => sum + chains.length, 0) > wireLimits.groupChains)
        throw new QuorumError('too-large', 'Too much is seen at once')
      return {
        kind: 'seen',
        by: listFromWire(frame.value.by, wireLimits.groupMembers).map(({ member, chains }) => ({
          member: bytesFromWire(member, publicKeyLength, 'A public key'),
          chains: listFromWire(chains, wireLimits.groupChains).map(({ chain, sequence }) => ({
            chain: hashFromWire(chain),
            sequence: numberFromWire(sequence),
          })),
        })),
        decisions: frame.value.decisions,
        digest: hashFromWire(frame.value.digest),
      }
  }
}

function stateToWire({ decisions, digest, ids = [], chains, again, cards, answer }: GroupStateContent) {
  return {
    answer,
    decisions,
    digest: bytes(digest),
    ids: bytes(ids.join('')),
    chains: chains.map(({ chain, sequence, hash, forkAt = 0, holes }) => ({
      chain: bytes(chain),
      sequence: BigInt(sequence),
      hash: bytes(hash),
      forkAt: BigInt(forkAt),
      holes: holes.map(holeToWire),
    })),
    again: again.map(uuidToBytes),
    cards: cards.map(({ member, sequence }) => ({ member, sequence: BigInt(sequence) })),
  }
}

function stateFromWire({ answer, decisions, digest, ids, chains, again, cards }: GroupState): GroupStateContent {
  return {
    answer,
    decisions,
    digest: hashFromWire(digest),
    ...((ids.byteLength > 0 || decisions === 0) && { ids: piecesOf(ids, shortHashLength) }),
    chains: listFromWire(chains, wireLimits.groupChains).map(({ chain, sequence: last, hash, forkAt, holes }) => {
      const sequence = numberFromWire(last)
      return {
        chain: hashFromWire(chain),
        sequence,
        hash: sequence === 0 ? '' : hashFromWire(hash),
        ...(forkAt > 0n && { forkAt: numberFromWire(forkAt) }),
        holes: listFromWire(holes, wireLimits.groupHoles).map(holeFromWire),
      }
    }),
    again: listFromWire(again, wireLimits.groupAgain).map(uuidFromBytes),
    cards: listFromWire(cards, wireLimits.groupMembers).map(({ member, sequence }) => ({
      member: bytesFromWire(member, publicKeyLength, 'A public key'),
      sequence: numberFromWire(sequence),
    })),
  }
}

function holeToWire({ above, end }: HoleContent) {
  return { above: BigInt(above), sequence: BigInt(end.sequence), hash: bytes(end.hash) }
}

function holeFromWire({ above, sequence, hash }: WireHole): HoleContent {
  return { above: numberFromWire(above), end: { sequence: numberFromWire(sequence), hash: hashFromWire(hash) } }
}

/** Unlike other lists, these are not cut: what is missing would be sent again and again. */
function listFromWire<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length > most) throw new QuorumError('too-large', 'A list in a group is too long')
  return list
}

function piecesOf(all: Uint8Array, length: number): string[] {
  if (all.byteLength % length !== 0) throw new QuorumError('bad-request', 'A list of hashes has the wrong length')
  return Array.from({ length: all.byteLength / length }, (_, at) => hex(all.subarray(at * length, (at + 1) * length)))
}

function hashFromWire(hash: Uint8Array): string {
  return hex(bytesFromWire(hash, hashLength, 'A hash'))
}
