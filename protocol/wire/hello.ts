/**
 * Codec of the hello: who its sender is, how it is reached, and where it stands in the conversation. The first frame of
 * a chat stream, and in each parcel (docs/protocol.md, "/quorum/chat/1.0.0" and "Parcels").
 */
import { limits } from '../base/limits.ts'
import { bytesFromWire, numberFromWire, textFromWire, type Fields } from './codec.ts'
import { ticketLength, parcelIdLength } from './mailbox.ts'
import { wireLimits } from './limits.ts'
import { peerAddressFromWire, peerAddressToWire, type PeerAddress } from './peer-address.ts'
import type { HelloSchema, Hello as WireHello } from './quorum_pb.ts'
import { hybridKeyBytes } from './sealing-key.ts'

/** Of a body. */
export const hashLength = 32
/** Bytes of a hash in a trail. */
export const trailHash = 8
/** Enough to double up to any sequence. */
const trailLength = 53
/** Bytes that name an era of one-time keys. */
export const eraLength = 8

/** What a peer understands besides what every version does. */
export const features = { parcels: 1, groups: 2 } as const

export interface Hello extends PeerAddress {
  version: number
  /** Highest sequence of the other's messages on the sender's disk, and the hash of that body (empty at 0). */
  received: number
  receivedHash: Uint8Array
  /** Highest sequence of the other's messages that was read; 0 from a peer that keeps that to itself. */
  read: number
  name: string
  /** Larger than in any earlier hello or parcel; 0 from an earlier version, which tells no trail either. */
  number: number
  /** The first `trailHash` bytes of the hashes of the other's messages `received` − 1, − 2, − 4 …, as far as known. */
  trail: { sequence: number; hash: Uint8Array }[]
  /** At most wireLimits.features, of which this version may not know all. */
  features: number[]
  /** The largest `number` of the other that the sender has counted. */
  counted: number
  /** Of parcels: to who understands them. */
  mail?: MailWord
}

/** What a peer says about the parcels of a friend. */
export interface MailWord {
  /** 32 bytes: with it the friend may leave parcels. */
  ticket: Uint8Array
  /** One-time keys for the friend, numbered from `first`; keys of another era are void. */
  keys: { era: Uint8Array; first: number; publicKeys: Uint8Array[] }
  /** Of the friend's keys: their era, how many are unused, the largest number that came, the lowest one needed. */
  account?: { era: Uint8Array; held: number; top: number; settled: number }
  /** Ids (16 bytes) of the friend's parcels that do not open. */
  unopened: Uint8Array[]
  /** Parcels of the friend wait for what comes before them. */
  hole: boolean
}

export function helloToWire(hello: Hello): Fields<typeof HelloSchema> {
  return {
    ...peerAddressToWire(hello),
    version: hello.version,
    receivedSequence: BigInt(hello.received),
    receivedHash: hello.receivedHash,
    readSequence: BigInt(hello.read),
    name: hello.name,
    number: BigInt(hello.number),
    trail: trailToWire(hello),
    features: hello.features,
    counted: BigInt(hello.counted),
    ...(hello.mail == null ? {} : mailToWire(hello.mail)),
  }
}

/** Errors: `bad-request`, `too-large`. */
export function helloFromWire(hello: WireHello): Hello {
  const received = numberFromWire(hello.receivedSequence)
  const mail = mailFromWire(hello)
  return {
    ...peerAddressFromWire(hello),
    version: hello.version,
    received,
    receivedHash: bytesFromWire(hello.receivedHash, received === 0 ? 0 : hashLength, 'A hash'),
    read: numberFromWire(hello.readSequence),
    name: textFromWire(hello.name, limits.nameCharacters, 'A name'),
    number: numberFromWire(hello.number),
    trail: trailFromWire(received, hello.trail),
    features: hello.features.slice(0, wireLimits.features),
    counted: numberFromWire(hello.counted),
    ...(mail == null ? {} : { mail }),
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

function mailToWire({ ticket, keys, account, unopened, hole }: MailWord) {
  const { era, first, publicKeys } = keys
  return {
    ticket,
    keys: { era, first: BigInt(first), publicKeys },
    ...(account == null ? {} : { account: { ...account, top: BigInt(account.top), settled: BigInt(account.settled) } }),
    unopened,
    hole,
  }
}

/** Undefined without a ticket. */
function mailFromWire({ ticket, keys, account, unopened, hole }: WireHello): MailWord | undefined {
  if (ticket.byteLength === 0) return undefined
  return {
    ticket: bytesFromWire(ticket, ticketLength, 'A ticket'),
    keys: {
      era: bytesFromWire(keys?.era ?? new Uint8Array(), eraLength, 'An era'),
      first: numberFromWire(keys?.first ?? 0n),
      publicKeys: (keys?.publicKeys ?? [])
        .slice(0, wireLimits.oneTimeKeys)
        .map((key) => bytesFromWire(key, hybridKeyBytes, 'A one-time key')),
    },
    ...(account == null
      ? {}
      : {
          account: {
            era: bytesFromWire(account.era, eraLength, 'An era'),
            held: account.held,
            top: numberFromWire(account.top),
            settled: numberFromWire(account.settled),
          },
        }),
    unopened: unopened.slice(0, wireLimits.unopened).map((id) => bytesFromWire(id, parcelIdLength, 'A parcel id')),
    hole,
  }
}
