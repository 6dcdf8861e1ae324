/**
 * The question for a slot, and its answer, as messages of multicast DNS (docs/protocol.md, "Codes in the local
 * network"): one question, or one TXT record, whose name is the slot. Whatever else is in a message makes it none of
 * these; most messages of other programs are told by their header and never decoded.
 */
import type MulticastDns from 'multicast-dns'
import { limits } from '../../base/limits.ts'

const service = '_quorum-code._udp.local'
const nameOf = (slot: string): string => `${slot}.${service}`
const name = /^([0-9a-f]{32})\._quorum-code\._udp\.local$/u
/** Bytes of one string of a TXT record (RFC 1035, section 3.3). */
const stringLength = 255
/** Seconds: nobody needs to remember an answer. */
const ttl = 10
/** Bytes of the header, of the name, and of the fields of a question or a record. */
const headerLength = 12
const nameLength = nameOf('0'.repeat(32)).length + 2
const longestQuestion = headerLength + nameLength + 4
const longestAnswer =
  headerLength + nameLength + 10 + limits.parkedInvite + Math.ceil(limits.parkedInvite / stringLength)

export const slotText = (slot: Uint8Array): string => Buffer.from(slot).toString('hex')

/** The datagram has the header and at most the length of a question. */
export function mayAsk(datagram: Buffer): boolean {
  return hasHeader(datagram, longestQuestion, 0x00, { questions: 1, answers: 0 })
}

/** The datagram has the header and at most the length of an answer. */
export function mayAnswer(datagram: Buffer): boolean {
  return hasHeader(datagram, longestAnswer, 0x80, { questions: 0, answers: 1 })
}

/** `slot` in hexadecimal, as in all that follows. */
export function questionFor(slot: string): MulticastDns.QueryOutgoingPacket {
  return { questions: [{ name: nameOf(slot), type: 'TXT' }] }
}

/** The slot that is asked for; undefined if something else is. */
export function slotAsked({ questions }: Pick<MulticastDns.QueryPacket, 'questions'>): string | undefined {
  const [question] = questions ?? []
  return question?.type === 'TXT' ? name.exec(question.name)?.[1] : undefined
}

/** `sealed`: at most `limits.parkedInvite` bytes. */
export function answerFor(slot: string, sealed: Uint8Array): MulticastDns.ResponseOutgoingPacket {
  const strings = Array.from({ length: Math.ceil(sealed.byteLength / stringLength) }, (_, at) =>
    Buffer.from(sealed.subarray(at * stringLength, (at + 1) * stringLength)),
  )
  return { answers: [{ name: nameOf(slot), type: 'TXT', ttl, data: strings }] }
}

/** What is answered for `slot`, unproven; undefined if the answer is about something else. */
export function sealedFor(
  slot: string,
  { answers }: Pick<MulticastDns.ResponsePacket, 'answers'>,
): Uint8Array | undefined {
  const [answer] = answers ?? []
  if (answer?.type !== 'TXT' || answer.name !== nameOf(slot)) return undefined
  const sealed = Buffer.concat([answer.data].flat().map((part) => Buffer.from(part)))
  return sealed.byteLength > limits.parkedInvite ? undefined : sealed
}

/** RFC 1035, section 4.1.1; `kind`: the bit that tells an answer from a question, with operation 0. */
function hasHeader(
  datagram: Buffer,
  longest: number,
  kind: number,
  counts: { questions: number; answers: number },
): boolean {
  if (datagram.byteLength < headerLength || datagram.byteLength > longest) return false
  const same = datagram.readUInt16BE(4) === counts.questions && datagram.readUInt16BE(6) === counts.answers
  return same && (datagram.readUInt8(2) & 0xf8) === kind && datagram.readUInt32BE(8) === 0
}
