/** Codec of what is said about a group and its members outside its talk: invitations, and the cards of members. */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import {
  addressesFromWire,
  bytesFromWire,
  decode,
  encode,
  numberFromWire,
  sealingKeyFromWire,
  sealingKeyToWire,
  signedFromWire,
  textFromWire,
  type SignedBytes,
} from './codec.ts'
import { markLength } from './group.ts'
import { hashLength } from './hello.ts'
import { wireLimits } from './limits.ts'
import { publicKeyLength, ticketLength } from './mailbox.ts'
import { GroupCardSchema, GroupInvitationSchema, GroupJoiningSchema } from './quorum_pb.ts'
import type { SealingKeyInfo } from './sealing-key.ts'

export interface InvitationContent {
  /** 32 bytes. */
  group: Uint8Array
  /** 16 random bytes. */
  invitation: Uint8Array
  name: string
  /** Names of the first members, of `count`. Foreign text. */
  members: string[]
  count: number
}

/** What who is invited answers. */
export interface JoiningContent {
  consent: SignedBytes
  /** Wire form of `Signed`: their card. */
  card: Uint8Array
}

export interface CardContent {
  group: Uint8Array
  /** Raw public key. */
  member: Uint8Array
  sequence: number
  name: string
  picture: Uint8Array
  nodes: string[]
  sealingKey?: SealingKeyInfo
  ticket?: Uint8Array
}

export function invitationToWire(invitation: InvitationContent): Uint8Array {
  return encode(GroupInvitationSchema, invitation)
}

/** Errors: `bad-request`, `too-large`. */
export function invitationFromWire(bytes: Uint8Array): InvitationContent {
  const { group, invitation, name, members, count } = decode(GroupInvitationSchema, bytes)
  return {
    group: bytesFromWire(group, hashLength, 'A group'),
    invitation: bytesFromWire(invitation, markLength, 'An invitation'),
    name: textFromWire(name, limits.nameCharacters, 'A name'),
    members: members
      .slice(0, wireLimits.groupNames)
      .map((member) => textFromWire(member, limits.nameCharacters, 'A name')),
    count,
  }
}

export function joiningToWire(joining: JoiningContent): Uint8Array {
  return encode(GroupJoiningSchema, joining)
}

/** Errors: `bad-request`. */
export function joiningFromWire(bytes: Uint8Array): JoiningContent {
  const { consent, card } = decode(GroupJoiningSchema, bytes)
  return { consent: signedFromWire(consent), card }
}

export function cardToWire({ sealingKey, ticket = new Uint8Array(), ...card }: CardContent): Uint8Array {
  return encode(GroupCardSchema, {
    ...card,
    sequence: BigInt(card.sequence),
    ticket,
    ...(sealingKey && { sealingKey: sealingKeyToWire(sealingKey) }),
  })
}

/** Errors: `bad-request`, `too-large`. */
export function cardFromWire(bytes: Uint8Array): CardContent {
  const card = decode(GroupCardSchema, bytes)
  const sealingKey = sealingKeyFromWire(card.sealingKey)
  if (card.picture.byteLength > wireLimits.picture) throw new QuorumError('too-large', 'A picture is too large')
  return {
    group: bytesFromWire(card.group, hashLength, 'A group'),
    member: bytesFromWire(card.member, publicKeyLength, 'A public key'),
    sequence: numberFromWire(card.sequence),
    name: textFromWire(card.name, limits.nameCharacters, 'A name'),
    picture: card.picture,
    nodes: addressesFromWire(card.nodes, limits.nodeAddressesTold),
    ...(sealingKey && { sealingKey }),
    ...(card.ticket.byteLength > 0 && { ticket: bytesFromWire(card.ticket, ticketLength, 'A ticket') }),
  }
}
