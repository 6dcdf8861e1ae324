/** Codec of /quorum/directory/1.0.0 (docs/protocol.md): requests of a peer, responses and envelopes from a node. */
import { QuorumError, type ErrorData } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { wireLimits } from './limits.ts'
import {
  addressesFromWire,
  bytesFromWire,
  decode,
  encode,
  errorFromWire,
  numberFromWire,
  signedFromWire,
  textFromWire,
  timeFromWire,
  timeToWire,
  type Fields,
  type SignedBytes,
} from './codec.ts'
import { DirectoryFrameSchema, DirectoryRequestSchema, type DirectoryResponseSchema } from './quorum_pb.ts'

const publicKeyLength = 32
const slotLength = 16

/** `peer` and `to` are raw public keys. Durations are milliseconds. */
export type DirectoryCall =
  | { call: 'announce'; record: SignedBytes; handle: string }
  | { call: 'lookup'; peer: Uint8Array }
  | { call: 'lookupHandle'; handle: string }
  | { call: 'deliver'; to: Uint8Array; envelope: Uint8Array; fleeting?: true }
  | { call: 'collected'; ids: number[] }
  | { call: 'knowledge' }
  | { call: 'forget' }
  | { call: 'postInvite'; slot: Uint8Array; sealed: Uint8Array; ttl: number }
  | { call: 'findInvite'; slot: Uint8Array }
  | { call: 'reachable'; port: number }
  | { call: 'expect'; peers: Uint8Array[]; noLonger: Uint8Array[] }

/** What lies in the mailbox of a peer. */
export interface HeldMailbox {
  /** Friends who may leave something. */
  tickets: number
  parcels: number
  /** Of the parcels. */
  bytes: number
  /** Of the oldest, milliseconds since the epoch; 0 without one. */
  heldSince: number
}

export interface KnowledgeReport {
  handle: string
  hasRecord: boolean
  connectedSince: number
  observedAddress: string
  held: { bytes: number; heldSince: number }[]
  /** Absent from a node without mailboxes. */
  mailbox?: HeldMailbox
  invites: number
  reserved: boolean
}

export type DirectoryResult =
  | { result: 'error'; error: ErrorData }
  /** `nodeAddresses`: those that the node announces of itself; empty from an older node. */
  /** `time`: the node's clock, in milliseconds since the epoch. */
  | { result: 'announced'; nodeAddresses: string[]; time: number }
  | { result: 'found'; record?: SignedBytes; age: number }
  | { result: 'delivered'; pushed: boolean }
  | { result: 'done' }
  | { result: 'knowledge'; report: KnowledgeReport }
  | { result: 'foundInvite'; sealed: Uint8Array }
  | { result: 'reachability'; reachable: boolean; observedAddress: string }
  | { result: 'present'; peers: Uint8Array[] }

/**
 * A result as a node writes it: `observedAddress` and `connected` are fields of the first version that no
 * version uses. A node still writes them, and no peer decodes them.
 */
export type DirectoryAnswer =
  | Exclude<DirectoryResult, { result: 'announced' | 'found' }>
  | (Extract<DirectoryResult, { result: 'announced' }> & { observedAddress?: string })
  | (Extract<DirectoryResult, { result: 'found' }> & { connected?: boolean })

/** `R` is a `DirectoryAnswer` where a frame is written. */
export type DirectoryFrame<R extends DirectoryAnswer = DirectoryResult> =
  | { frame: 'response'; id: number; result: R }
  /** `id` 0: pushed only, not held. */
  | { frame: 'envelope'; id: number; envelope: Uint8Array }
  /** Raw public keys of peers that came. */
  | { frame: 'present'; peers: Uint8Array[] }

export function requestToWire(id: number, call: DirectoryCall): Uint8Array {
  return encode(DirectoryRequestSchema, { id: BigInt(id), call: callToWire(call) })
}

/** `call` undefined: a call of a later version. */
export function requestFromWire(bytes: Uint8Array): { id: number; call: DirectoryCall | undefined } {
  const request = decode(DirectoryRequestSchema, bytes)
  return { id: numberFromWire(request.id), call: callFromWire(request.call) }
}

export function frameToWire(frame: DirectoryFrame<DirectoryAnswer>): Uint8Array {
  switch (frame.frame) {
    case 'envelope': {
      const value = { id: BigInt(frame.id), envelope: frame.envelope }
      return encode(DirectoryFrameSchema, { frame: { case: 'mail', value } })
    }
    case 'present':
      return encode(DirectoryFrameSchema, { frame: { case: 'present', value: { peers: frame.peers } } })
    case 'response': {
      const value = { id: BigInt(frame.id), result: resultToWire(frame.result) }
      return encode(DirectoryFrameSchema, { frame: { case: 'response', value } })
    }
  }
}

/** `undefined`: a frame of a later version, to be ignored. */
export function frameFromWire(bytes: Uint8Array): DirectoryFrame | undefined {
  const { frame } = decode(DirectoryFrameSchema, bytes)
  switch (frame.case) {
    case 'mail':
      return { frame: 'envelope', id: numberFromWire(frame.value.id), envelope: frame.value.envelope }
    case 'response':
      return { frame: 'response', id: numberFromWire(frame.value.id), result: resultFromWire(frame.value.result) }
    case 'present':
      return { frame: 'present', peers: peersFromWire(frame.value.peers) }
    case undefined:
      return undefined
  }
}

function callToWire(call: DirectoryCall): NonNullable<Fields<typeof DirectoryRequestSchema>['call']> {
  switch (call.call) {
    case 'announce':
      return { case: 'announce', value: { record: call.record, handle: call.handle } }
    case 'lookup':
      return { case: 'lookup', value: { who: { case: 'peer', value: call.peer } } }
    case 'lookupHandle':
      return { case: 'lookup', value: { who: { case: 'handle', value: call.handle } } }
    case 'deliver':
      return { case: 'deliver', value: { to: call.to, envelope: call.envelope, fleeting: call.fleeting ?? false } }
    case 'collected':
      return { case: 'collected', value: { mail: call.ids.map(BigInt) } }
    case 'knowledge':
      return { case: 'knowledge', value: {} }
    case 'forget':
      return { case: 'forget', value: {} }
    case 'postInvite':
      return { case: 'postInvite', value: { slot: call.slot, sealed: call.sealed, ttlSeconds: seconds(call.ttl) } }
    case 'findInvite':
      return { case: 'findInvite', value: { slot: call.slot } }
    case 'reachable':
      return { case: 'reachable', value: { port: call.port } }
    case 'expect':
      return { case: 'expect', value: { peers: call.peers, noLonger: call.noLonger } }
  }
}

function callFromWire(
  call: ReturnType<typeof decode<typeof DirectoryRequestSchema>>['call'],
): DirectoryCall | undefined {
  switch (call.case) {
    case 'announce':
      return { call: 'announce', record: signedFromWire(call.value.record), handle: handleFromWire(call.value.handle) }
    case 'lookup':
      if (call.value.who.case === 'handle')
        return { call: 'lookupHandle', handle: handleFromWire(call.value.who.value) }
      return {
        call: 'lookup',
        peer: bytesFromWire(call.value.who.value ?? new Uint8Array(), publicKeyLength, 'A peer'),
      }
    case 'deliver': {
      const { to, envelope, fleeting } = call.value
      if (envelope.byteLength === 0) throw new QuorumError('bad-request', 'An envelope is empty')
      if (envelope.byteLength > limits.envelope) throw new QuorumError('too-large', 'An envelope is too large')
      const recipient = bytesFromWire(to, publicKeyLength, 'A recipient')
      return { call: 'deliver', to: recipient, envelope, ...(fleeting ? { fleeting } : {}) }
    }
    case 'collected':
      return { call: 'collected', ids: call.value.mail.slice(0, limits.heldPerRecipient).map(numberFromWire) }
    case 'knowledge':
      return { call: 'knowledge' }
    case 'forget':
      return { call: 'forget' }
    case 'postInvite': {
      const { slot, sealed, ttlSeconds } = call.value
      if (sealed.byteLength > limits.parkedInvite) throw new QuorumError('too-large', 'An invite is too large')
      return { call: 'postInvite', slot: bytesFromWire(slot, slotLength, 'A slot'), sealed, ttl: ttlSeconds * 1000 }
    }
    case 'findInvite':
      return { call: 'findInvite', slot: bytesFromWire(call.value.slot, slotLength, 'A slot') }
    case 'reachable': {
      const { port } = call.value
      if (port < 1 || port > 0xffff) throw new QuorumError('bad-request', 'A port is 1 to 65535')
      return { call: 'reachable', port }
    }
    case 'expect':
      return {
        call: 'expect',
        peers: peersFromWire(call.value.peers),
        noLonger: peersFromWire(call.value.noLonger),
      }
    case undefined:
      return undefined
  }
}

function resultToWire(result: DirectoryAnswer): NonNullable<Fields<typeof DirectoryResponseSchema>['result']> {
  switch (result.result) {
    case 'error':
      return { case: 'error', value: result.error }
    case 'announced':
      return {
        case: 'announced',
        value: {
          observedAddress: result.observedAddress ?? '',
          time: timeToWire(result.time),
          nodeAddresses: result.nodeAddresses,
        },
      }
    case 'found': {
      const { record, connected = false, age } = result
      return {
        case: 'found',
        value: { ...(record == null ? {} : { record }), connected, ageSeconds: seconds(age) },
      }
    }
    case 'delivered':
      return { case: 'delivered', value: { pushed: result.pushed } }
    case 'done':
      return { case: 'done', value: {} }
    case 'knowledge': {
      const { mailbox, ...report } = result.report
      return {
        case: 'knowledge',
        value: {
          ...report,
          ...(mailbox && {
            mailbox: { ...mailbox, bytes: BigInt(mailbox.bytes), heldSince: timeToWire(mailbox.heldSince) },
          }),
          connectedSince: timeToWire(report.connectedSince),
          held: report.held.map(({ bytes, heldSince }) => ({ bytes, heldSince: timeToWire(heldSince) })),
        },
      }
    }
    case 'foundInvite':
      return { case: 'foundInvite', value: { sealed: result.sealed } }
    case 'reachability': {
      const { reachable, observedAddress } = result
      return { case: 'reachability', value: { reachable, observedAddress } }
    }
    case 'present':
      return { case: 'present', value: { peers: result.peers } }
  }
}

type WireResult = Extract<
  ReturnType<typeof decode<typeof DirectoryFrameSchema>>['frame'],
  { case: 'response' }
>['value']['result']

function resultFromWire(result: WireResult): DirectoryResult {
  switch (result.case) {
    case 'error':
      return { result: 'error', error: errorFromWire(result.value) }
    case 'announced':
      return {
        result: 'announced',
        nodeAddresses: addressesFromWire(result.value.nodeAddresses, limits.nodeAddressesTold),
        time: timeFromWire(result.value.time),
      }
    case 'found': {
      const { record, ageSeconds } = result.value
      return {
        result: 'found',
        ...(record == null ? {} : { record: signedFromWire(record) }),
        age: ageSeconds * 1000,
      }
    }
    case 'delivered':
      return { result: 'delivered', pushed: result.value.pushed }
    case 'done':
      return { result: 'done' }
    case 'knowledge': {
      const { handle, hasRecord, connectedSince, observedAddress, held, invites, reserved, mailbox } = result.value
      return {
        result: 'knowledge',
        report: {
          handle: handleFromWire(handle),
          hasRecord,
          connectedSince: timeFromWire(connectedSince),
          observedAddress: textFromWire(observedAddress, limits.address, 'An address'),
          held: held
            .slice(0, limits.heldPerRecipient)
            .map(({ bytes, heldSince }) => ({ bytes, heldSince: timeFromWire(heldSince) })),
          invites,
          reserved,
          ...(mailbox && {
            mailbox: {
              tickets: mailbox.tickets,
              parcels: mailbox.parcels,
              bytes: numberFromWire(mailbox.bytes),
              heldSince: timeFromWire(mailbox.heldSince),
            },
          }),
        },
      }
    }
    case 'foundInvite':
      return { result: 'foundInvite', sealed: result.value.sealed }
    case 'reachability': {
      const { reachable, observedAddress } = result.value
      return {
        result: 'reachability',
        reachable,
        observedAddress: textFromWire(observedAddress, limits.address, 'An address'),
      }
    }
    case 'present':
      return { result: 'present', peers: peersFromWire(result.value.peers) }
    case undefined:
      throw new QuorumError('unsupported-version', 'A node gave an answer that this version does not know')
  }
}

/** Errors: `too-large`, `bad-request`. */
function peersFromWire(peers: readonly Uint8Array[]): Uint8Array[] {
  if (peers.length > wireLimits.peersTogether) throw new QuorumError('too-large', 'A list of peers is too long')
  return peers.map((peer) => bytesFromWire(peer, publicKeyLength, 'A peer'))
}

/** Empty, or 3-32 of a-z 0-9 - _ . */
function handleFromWire(handle: string): string {
  if (handle === '' || limits.handlePattern.test(handle)) return handle
  throw new QuorumError('bad-request', 'A handle is 3 to 32 of a-z 0-9 - _ .')
}

function seconds(ms: number): number {
  return Math.min(0xffffffff, Math.max(0, Math.round(ms / 1000)))
}
