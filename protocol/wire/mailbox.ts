/** Codec of /quorum/mailbox/1.0.0 (docs/protocol.md): requests of a peer, responses and parcels from a node. */
import { QuorumError, type ErrorData } from '../base/errors.ts'
import { wireLimits } from './limits.ts'
import {
  bytesFromWire,
  decode,
  encode,
  errorFromWire,
  numberFromWire,
  timeFromWire,
  timeToWire,
  type Fields,
} from './codec.ts'
import { Left_Outcome, MailboxFrameSchema, MailboxRequestSchema } from './quorum_pb.ts'

/** Bytes of what names a parcel, of a ticket, and of a ticket's hash. */
export const parcelIdLength = 16
export const ticketLength = 32
export const ticketHashLength = 16
export const publicKeyLength = 32

/** `to`: a raw public key. */
export type MailboxCall =
  | { call: 'tickets'; hashes: Uint8Array[] }
  | { call: 'leave'; to: Uint8Array; parcelId: Uint8Array; ticket: Uint8Array; sealed: Uint8Array }
  | { call: 'withdraw'; to: Uint8Array; parcelId: Uint8Array; ticket: Uint8Array }
  | { call: 'taken'; parcelIds: Uint8Array[] }

/** What became of a parcel that was left. */
export type LeaveOutcome = 'held' | 'no-ticket' | 'full'

export type MailboxResult =
  | { result: 'error'; error: ErrorData }
  | { result: 'done' }
  | { result: 'left'; outcome: LeaveOutcome }

/** What waits at a node for its recipient. */
export interface Parcel {
  parcelId: Uint8Array
  ticketHash: Uint8Array
  sealed: Uint8Array
  /** Milliseconds since the epoch, by the node's clock. */
  heldSince: number
}

export type MailboxFrame =
  | { frame: 'response'; id: number; result: MailboxResult }
  | { frame: 'parcel'; parcel: Parcel }

const outcomes: Readonly<Record<LeaveOutcome, Left_Outcome>> = {
  held: Left_Outcome.HELD,
  'no-ticket': Left_Outcome.NO_TICKET,
  full: Left_Outcome.FULL,
}

export function mailboxRequestToWire(id: number, call: MailboxCall): Uint8Array {
  return encode(MailboxRequestSchema, { id: BigInt(id), call: callToWire(call) })
}

/** `call` undefined: a call of a later version. */
export function mailboxRequestFromWire(bytes: Uint8Array): { id: number; call: MailboxCall | undefined } {
  const request = decode(MailboxRequestSchema, bytes)
  return { id: numberFromWire(request.id), call: callFromWire(request.call) }
}

export function mailboxFrameToWire(frame: MailboxFrame): Uint8Array {
  if (frame.frame === 'parcel') {
    const { heldSince, ...rest } = frame.parcel
    const value = { ...rest, heldSince: timeToWire(heldSince) }
    return encode(MailboxFrameSchema, { frame: { case: 'parcel', value } })
  }
  const value = { id: BigInt(frame.id), result: resultToWire(frame.result) }
  return encode(MailboxFrameSchema, { frame: { case: 'response', value } })
}

/** Undefined: a frame of a later version, to be ignored. */
export function mailboxFrameFromWire(bytes: Uint8Array): MailboxFrame | undefined {
  const { frame } = decode(MailboxFrameSchema, bytes)
  switch (frame.case) {
    case 'response':
      return { frame: 'response', id: numberFromWire(frame.value.id), result: resultFromWire(frame.value.result) }
    case 'parcel': {
      const { parcelId, ticketHash, sealed, heldSince } = frame.value
      return {
        frame: 'parcel',
        parcel: {
          parcelId: bytesFromWire(parcelId, parcelIdLength, 'A parcel id'),
          ticketHash: bytesFromWire(ticketHash, ticketHashLength, 'The hash of a ticket'),
          sealed: sealedFromWire(sealed),
          heldSince: timeFromWire(heldSince),
        },
      }
    }
    case undefined:
      return undefined
  }
}

function callToWire(call: MailboxCall): NonNullable<Fields<typeof MailboxRequestSchema>['call']> {
  switch (call.call) {
    case 'tickets':
      return { case: 'tickets', value: { hashes: Buffer.concat(call.hashes) } }
    case 'leave': {
      const { to, parcelId, ticket, sealed } = call
      return { case: 'leave', value: { to, parcelId, ticket, sealed } }
    }
    case 'withdraw': {
      const { to, parcelId, ticket } = call
      return { case: 'withdraw', value: { to, parcelId, ticket } }
    }
    case 'taken':
      return { case: 'taken', value: { parcelIds: call.parcelIds } }
  }
}

function callFromWire(call: ReturnType<typeof decode<typeof MailboxRequestSchema>>['call']): MailboxCall | undefined {
  switch (call.case) {
    case 'tickets':
      return { call: 'tickets', hashes: hashesFromWire(call.value.hashes) }
    case 'leave':
      return { call: 'leave', ...namedFromWire(call.value), sealed: sealedFromWire(call.value.sealed) }
    case 'withdraw':
      return { call: 'withdraw', ...namedFromWire(call.value) }
    case 'taken': {
      const ids = call.value.parcelIds
      if (ids.length > wireLimits.parcelsTogether) throw new QuorumError('too-large', 'That names too many parcels')
      return { call: 'taken', parcelIds: ids.map((id) => bytesFromWire(id, parcelIdLength, 'A parcel id')) }
    }
    case undefined:
      return undefined
  }
}

function namedFromWire({ to, parcelId, ticket }: Record<'to' | 'parcelId' | 'ticket', Uint8Array>) {
  return {
    to: bytesFromWire(to, publicKeyLength, 'A recipient'),
    parcelId: bytesFromWire(parcelId, parcelIdLength, 'A parcel id'),
    ticket: bytesFromWire(ticket, ticketLength, 'A ticket'),
  }
}

function hashesFromWire(hashes: Uint8Array): Uint8Array[] {
  if (hashes.byteLength % ticketHashLength !== 0) throw new QuorumError('bad-request', 'A ticket’s hash is cut')
  if (hashes.byteLength > wireLimits.tickets * ticketHashLength) {
    throw new QuorumError('too-large', 'There are too many tickets')
  }
  return Array.from({ length: hashes.byteLength / ticketHashLength }, (_, at) =>
    hashes.slice(at * ticketHashLength, (at + 1) * ticketHashLength),
  )
}

function sealedFromWire(sealed: Uint8Array): Uint8Array {
  if (sealed.byteLength === 0) throw new QuorumError('bad-request', 'A parcel is empty')
  if (sealed.byteLength > wireLimits.parcel) throw new QuorumError('too-large', 'A parcel is too large')
  return sealed
}

type ResponseFields = NonNullable<Fields<typeof MailboxFrameSchema>['frame']> & { case: 'response' }

function resultToWire(result: MailboxResult): NonNullable<ResponseFields['value']['result']> {
  switch (result.result) {
    case 'error':
      return { case: 'error', value: result.error }
    case 'done':
      return { case: 'done', value: {} }
    case 'left':
      return { case: 'left', value: { outcome: outcomes[result.outcome] } }
  }
}

function resultFromWire(
  result: Extract<
    ReturnType<typeof decode<typeof MailboxFrameSchema>>['frame'],
    { case: 'response' }
  >['value']['result'],
): MailboxResult {
  switch (result.case) {
    case 'error':
      return { result: 'error', error: errorFromWire(result.value) }
    case 'done':
      return { result: 'done' }
    case 'left': {
      const found = Object.entries(outcomes).find(([, outcome]) => outcome === result.value.outcome)
      // A later version's reason why it is not held.
      return { result: 'left', outcome: (found?.[0] as LeaveOutcome | undefined) ?? 'full' }
    }
    case undefined:
      throw new QuorumError('unsupported-version', 'The node answers in a way that this version does not know')
  }
}
