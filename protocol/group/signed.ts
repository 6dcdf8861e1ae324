/**
 * Decisions, consents and entries as their authors sign them: members hand on these very bytes. What is read here is
 * genuine; whether it counts is for the ledger and the chains.
 */
import { QuorumError } from '../base/errors.ts'
import { bytesOfHex, hex } from '../base/hex.ts'
import { digest, peerFromPublicKey, publicKeyOf, sign, verify, type Identity } from '../identity/identity.ts'
import { signedFromWire, signedToWire, type SignedBytes } from '../wire/codec.ts'
import {
  consentFromWire,
  consentToWire,
  decisionFromWire,
  decisionToWire,
  entryFromWire,
  entryToWire,
  type ActionContent,
  type ChainEndContent,
  type DecisionContent,
  type EntryContent,
} from '../wire/group.ts'
import { wireLimits } from '../wire/limits.ts'
import type { Action, ChainEnds, Decision } from './decision.ts'
import { chainOf, type Entry } from './entry.ts'

type ToSign<T extends { author: Uint8Array }> = Omit<T, 'author'>

export function signDecision(identity: Identity, content: ToSign<DecisionContent>): Decision {
  const payload = decisionToWire({ ...content, author: identity.publicKey })
  const bytes = signedToWire(sign(identity, 'quorum-decision', payload))
  return readDecision(bytes, hex(content.group))
}

/**
 * A decision of that group. `group` of a founding: its hash, or empty to found one. Errors: `verification-failed`,
 * `bad-request`, `too-large`.
 */
export function readDecision(bytes: Uint8Array, group: string): Decision {
  return decisionIn(open(bytes, 'quorum-decision'), bytes, group)
}

/** A decision that was read before: its signature is not checked again. */
export function heldDecision(bytes: Uint8Array, group: string): Decision {
  return decisionIn(held(bytes), bytes, group)
}

function decisionIn({ signer, payload }: Opened, bytes: Uint8Array, group: string): Decision {
  const content = decisionFromWire(payload)
  const hash = hex(digest(payload))
  const of = content.action.kind === 'found' ? hash : hex(content.group)
  if (content.action.kind === 'found' ? group !== '' && of !== group : of !== group) throw foreign()
  return {
    ...actionOf(content.action, of),
    hash,
    author: authorOf(content, signer),
    heads: content.heads.map(hex),
    lamport: content.lamport,
    time: content.time,
    signed: bytes,
  }
}

export function signConsent(identity: Identity, group: string, invitation: Uint8Array): SignedBytes {
  return sign(identity, 'quorum-consent', consentToWire({ group: bytesOfHex(group), invitation }))
}

/** Who agrees to be added to that group, with what. Errors: `verification-failed`, `bad-request`. */
export function readConsent(signed: SignedBytes): { member: string; group: string; invitation: string } {
  const member = verify(signed, 'quorum-consent')
  const { group, invitation } = consentFromWire(signed.payload)
  return { member, group: hex(group), invitation: hex(invitation) }
}

export function signEntry(identity: Identity, content: ToSign<EntryContent>): Entry {
  const payload = entryToWire({ ...content, author: identity.publicKey })
  const bytes = signedToWire(sign(identity, 'quorum-talk', payload))
  return readEntry(bytes, hex(content.group))
}

/** An entry of that group. Errors: `verification-failed`, `bad-request`, `too-large`. */
export function readEntry(bytes: Uint8Array, group: string): Entry {
  return entryIn(open(bytes, 'quorum-talk'), bytes, group)
}

/** An entry that was read before: its signature is not checked again. */
export function heldEntry(bytes: Uint8Array, group: string): Entry {
  return entryIn(held(bytes), bytes, group)
}

function entryIn({ signer, payload }: Opened, bytes: Uint8Array, group: string): Entry {
  const content = entryFromWire(payload)
  if (hex(content.group) !== group) throw foreign()
  const author = authorOf(content, signer)
  const admission = hex(content.admission)
  const { sequence, lamport, time, id } = content
  return {
    hash: hex(digest(payload)),
    author,
    admission,
    chain: chainOf(author, admission, content.mark),
    sequence,
    previous: hex(content.previous),
    ledger: content.ledger.map(hex),
    lamport,
    time,
    id,
    content: content.content,
    signed: bytes,
  }
}

/** For what is signed: the ends of chains. */
export function endsToSign(ends: ChainEnds): ChainEndContent[] {
  return [...ends].map(([chain, { sequence, hash }]) => ({
    chain: bytesOfHex(chain),
    sequence,
    hash: bytesOfHex(hash),
  }))
}

interface Opened {
  /** PeerId. */
  signer: string
  payload: Uint8Array
}

function held(bytes: Uint8Array): Opened {
  const { publicKey, payload } = signedFromWire(bytes)
  return { signer: peerFromPublicKey(publicKey), payload }
}

function open(bytes: Uint8Array, domain: 'quorum-decision' | 'quorum-talk'): Opened {
  if (bytes.byteLength > wireLimits.groupSigned)
    throw new QuorumError('too-large', 'What was said in a group is too long')
  const signed = signedFromWire(bytes)
  return { signer: verify(signed, domain), payload: signed.payload }
}

/** The author is within the bytes, so that their hash names it. */
function authorOf({ author }: { author: Uint8Array }, signer: string): string {
  if (!Buffer.from(author).equals(publicKeyOf(signer)))
    throw new QuorumError('verification-failed', 'Somebody else has signed that')
  return signer
}

function actionOf(action: ActionContent, group: string): Action {
  switch (action.kind) {
    case 'found':
      return { kind: 'found', name: action.name }
    case 'add': {
      const { member, invitation, group: agreed } = readConsent(action.consent)
      if (agreed !== group) throw foreign()
      return { kind: 'add', member, invitation, from: endsOf(action.from) }
    }
    case 'remove': {
      const member = peerFromPublicKey(action.member)
      return { kind: 'remove', member, upTo: endsOf(action.upTo), undo: action.undo.map(hex) }
    }
    case 'role':
      return { kind: 'role', member: peerFromPublicKey(action.member), rank: action.rank }
    case 'name':
      return { kind: 'name', name: action.name, picture: action.picture }
    case 'leave':
      return { kind: 'leave', upTo: endsOf(action.upTo) }
    case 'unknown':
      return { kind: 'unknown' }
  }
}

/** Of a chain that is named twice, the larger sequence counts. */
function endsOf(ends: readonly ChainEndContent[]): ChainEnds {
  return new Map(
    ends
      .toSorted((a, b) => a.sequence - b.sequence)
      .map(({ chain, sequence, hash }) => [hex(chain), { sequence, hash: hex(hash) }]),
  )
}

function foreign(): QuorumError {
  return new QuorumError('verification-failed', 'That belongs to another group')
}
