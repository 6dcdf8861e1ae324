/** Codec of what is signed in groups: decisions, consents and entries (docs/protocol.md, "Groups"). */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import {
  bytesFromWire,
  decode,
  encode,
  numberFromWire,
  signedFromWire,
  textFromWire,
  timeFromWire,
  timeToWire,
  type Fields,
  type SignedBytes,
} from './codec.ts'
import { contentFromWire, contentToWire, type Content } from './content.ts'
import { hashLength } from './hello.ts'
import { wireLimits } from './limits.ts'
import { publicKeyLength } from './mailbox.ts'
import {
  GroupConsentSchema,
  GroupDecisionSchema,
  GroupEntrySchema,
  type ChainEnd as WireChainEnd,
  type GroupDecision,
} from './quorum_pb.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'

/** Bytes of the random part of a founding, of an invitation and of a chain. */
export const markLength = 16

/** Hashes and ids of chains have 32 bytes, people are raw public keys. */
export interface ChainEndContent {
  chain: Uint8Array
  sequence: number
  hash: Uint8Array
}

export type ActionContent =
  | { kind: 'found'; name: string; salt: Uint8Array }
  | { kind: 'add'; consent: SignedBytes; from: ChainEndContent[] }
  | { kind: 'remove'; member: Uint8Array; upTo: ChainEndContent[]; undo: Uint8Array[] }
  | { kind: 'role'; member: Uint8Array; rank: number }
  | { kind: 'name'; name: string; picture: Uint8Array }
  | { kind: 'leave'; upTo: ChainEndContent[] }
  /** Of a later version. It is received and never written. */
  | { kind: 'unknown' }

export interface DecisionContent {
  /** Empty in a founding. */
  group: Uint8Array
  author: Uint8Array
  heads: Uint8Array[]
  lamport: number
  /** Milliseconds since the epoch. */
  time: number
  action: ActionContent
}

export interface ConsentContent {
  group: Uint8Array
  invitation: Uint8Array
}

export interface EntryContent {
  group: Uint8Array
  author: Uint8Array
  admission: Uint8Array
  mark: Uint8Array
  sequence: number
  /** Empty at sequence 1. */
  previous: Uint8Array
  ledger: Uint8Array[]
  lamport: number
  /** Milliseconds since the epoch. */
  time: number
  /** UUID. */
  id: string
  content:
    | Content
    /** Of a later version. It is received and never written. */
    | { kind: 'unknown' }
}

export function decisionToWire(decision: DecisionContent): Uint8Array {
  const { group, author, heads, lamport, time, action } = decision
  const kind = actionToWire(action)
  return encode(GroupDecisionSchema, { group, author, heads, lamport: BigInt(lamport), time: timeToWire(time), kind })
}

/** Errors: `bad-request`, `too-large`. */
export function decisionFromWire(bytes: Uint8Array): DecisionContent {
  const { group, author, heads, lamport, time, kind } = decode(GroupDecisionSchema, bytes)
  return {
    group: kind.case === 'founding' ? bytesFromWire(group, 0, 'The group of a founding') : hashFromWire(group),
    author: keyFromWire(author),
    heads: hashesFromWire(heads, wireLimits.groupHeads),
    lamport: numberFromWire(lamport),
    time: timeFromWire(time),
    action: actionFromWire(kind),
  }
}

export function consentToWire(consent: ConsentContent): Uint8Array {
  return encode(GroupConsentSchema, consent)
}

/** Errors: `bad-request`. */
export function consentFromWire(bytes: Uint8Array): ConsentContent {
  const { group, invitation } = decode(GroupConsentSchema, bytes)
  return { group: hashFromWire(group), invitation: bytesFromWire(invitation, markLength, 'An invitation') }
}

export function entryToWire(entry: EntryContent): Uint8Array {
  return encode(GroupEntrySchema, {
    ...entry,
    sequence: BigInt(entry.sequence),
    lamport: BigInt(entry.lamport),
    time: timeToWire(entry.time),
    id: uuidToBytes(entry.id),
    content: entry.content.kind === 'unknown' ? { case: undefined } : contentToWire(entry.content),
  })
}

/** Errors: `bad-request`, `too-large`. */
export function entryFromWire(bytes: Uint8Array): EntryContent {
  const entry = decode(GroupEntrySchema, bytes)
  const sequence = numberFromWire(entry.sequence)
  if (sequence === 0) throw new QuorumError('bad-request', 'An entry has no sequence')
  return {
    group: hashFromWire(entry.group),
    author: keyFromWire(entry.author),
    admission: hashFromWire(entry.admission),
    mark: bytesFromWire(entry.mark, markLength, 'A mark'),
    sequence,
    previous: bytesFromWire(entry.previous, sequence === 1 ? 0 : hashLength, 'A hash'),
    ledger: hashesFromWire(entry.ledger, wireLimits.groupHeads),
    lamport: numberFromWire(entry.lamport),
    time: timeFromWire(entry.time),
    id: uuidFromBytes(entry.id),
    content: entry.content.case === undefined ? { kind: 'unknown' } : contentFromWire(entry.content),
  }
}

function actionToWire(action: ActionContent): NonNullable<Fields<typeof GroupDecisionSchema>['kind']> {
  switch (action.kind) {
    case 'found':
      return { case: 'founding', value: { name: action.name, salt: action.salt } }
    case 'add':
      return { case: 'addition', value: { consent: action.consent, from: endsToWire(action.from) } }
    case 'remove': {
      const { member, upTo, undo } = action
      return { case: 'removal', value: { member, upTo: endsToWire(upTo), undo } }
    }
    case 'role':
      return { case: 'role', value: { member: action.member, rank: action.rank } }
    case 'name':
      return { case: 'name', value: { name: action.name, picture: action.picture } }
    case 'leave':
      return { case: 'departure', value: { upTo: endsToWire(action.upTo) } }
    case 'unknown':
      return { case: undefined }
  }
}

function actionFromWire(kind: GroupDecision['kind']): ActionContent {
  switch (kind.case) {
    case 'founding': {
      const salt = bytesFromWire(kind.value.salt, markLength, 'A salt')
      return { kind: 'found', name: nameFromWire(kind.value.name), salt }
    }
    case 'addition':
      return { kind: 'add', consent: signedFromWire(kind.value.consent), from: endsFromWire(kind.value.from) }
    case 'removal': {
      const { member, upTo, undo } = kind.value
      const undone = hashesFromWire(undo, wireLimits.groupUndo)
      return { kind: 'remove', member: keyFromWire(member), upTo: endsFromWire(upTo), undo: undone }
    }
    case 'role':
      return { kind: 'role', member: keyFromWire(kind.value.member), rank: kind.value.rank }
    case 'name': {
      const { name, picture } = kind.value
      if (picture.byteLength > wireLimits.picture) throw new QuorumError('too-large', 'A picture is too large')
      return { kind: 'name', name: nameFromWire(name), picture }
    }
    case 'departure':
      return { kind: 'leave', upTo: endsFromWire(kind.value.upTo) }
    case undefined:
      return { kind: 'unknown' }
  }
}

function endsToWire(ends: readonly ChainEndContent[]) {
  return ends.map(({ chain, sequence, hash }) => ({ chain, sequence: BigInt(sequence), hash }))
}

/** Unlike other lists, what decides is not cut: readers would differ. */
function endsFromWire(ends: readonly WireChainEnd[]): ChainEndContent[] {
  if (ends.length > wireLimits.chainEnds) throw new QuorumError('too-large', 'A decision names too many chains')
  return ends.map(({ chain, sequence, hash }) => ({
    chain: hashFromWire(chain),
    sequence: numberFromWire(sequence),
    hash: hashFromWire(hash),
  }))
}

function hashesFromWire(hashes: readonly Uint8Array[], most: number): Uint8Array[] {
  if (hashes.length > most) throw new QuorumError('too-large', `More than ${most} hashes are named`)
  return hashes.map(hashFromWire)
}

function hashFromWire(hash: Uint8Array): Uint8Array {
  return bytesFromWire(hash, hashLength, 'A hash')
}

function keyFromWire(key: Uint8Array): Uint8Array {
  return bytesFromWire(key, publicKeyLength, 'A public key')
}

function nameFromWire(name: string): string {
  return textFromWire(name, limits.nameCharacters, 'A name')
}
