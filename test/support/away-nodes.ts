/**
 * Nodes in memory that hold parcels by the rules and bounds of real ones, and break them as nodes do: they are down,
 * lose everything, answer and forget, repeat what was taken, change the order, and keep things back. Only while the
 * world is not quiet.
 */
import { QuorumError } from '../../protocol/base/errors.ts'
import { mailboxLimits } from '../../protocol/mailbox/limits.ts'
import { hashOf } from '../../protocol/mailbox/ticket.ts'
import type { Hello } from '../../protocol/wire/hello.ts'
import type { LeaveOutcome, Parcel } from '../../protocol/wire/mailbox.ts'

/** What decides over chances, and what time it is. */
export interface Fate {
  /** Milliseconds since the epoch, truly. */
  readonly time: number
  /** Nothing goes wrong any more. */
  readonly quiet: boolean
  next(): number
  /** False once the world is quiet. */
  mishap(probability: number): boolean
}

/** What is told in an envelope. */
interface Stand {
  to: string
  word: Hello
  heldSince: number
}

interface Held extends Parcel {
  to: string
}

/** Bytes that a parcel counts besides its own (docs/protocol.md). */
const rowBytes = 300
/** What a node that repeats things remembers. */
const remembered = 40

export class MailNode {
  up = true
  hostile = false
  readonly #fate: Fate
  readonly #tickets = new Map<string, Set<string>>()
  #held: Held[] = []
  #stands: Stand[] = []
  readonly #remembered: Held[] = []

  constructor(fate: Fate) {
    this.#fate = fate
  }

  wipe(): void {
    this.#tickets.clear()
    this.#held = []
    this.#stands = []
  }

  setTickets(peer: string, hashes: readonly Uint8Array[]): void {
    if (!this.up) return
    const given = new Set(hashes.map(text))
    this.#tickets.set(peer, given)
    this.#held = this.#held.filter(({ to, ticketHash }) => to !== peer || given.has(text(ticketHash)))
  }

  /** Errors: `node-unreachable`. */
  leave(to: string, parcelId: Uint8Array, ticket: Uint8Array, sealed: Uint8Array): LeaveOutcome {
    if (!this.up || this.#fate.mishap(0.05)) throw gone()
    const ticketHash = hashOf(ticket)
    if (this.#tickets.get(to)?.has(text(ticketHash)) !== true) return 'no-ticket'
    if (this.hostile && this.#fate.mishap(0.3)) return 'held'
    const own = this.#held.filter((one) => one.to === to && text(one.ticketHash) === text(ticketHash))
    if (own.some((one) => text(one.parcelId) === text(parcelId))) return 'held'
    const bytes = own.reduce((sum, one) => sum + one.sealed.byteLength + rowBytes, sealed.byteLength + rowBytes)
    const { perTicket } = mailboxLimits
    if (own.length >= perTicket.parcels || bytes > perTicket.bytes) return 'full'
    const held = { to, parcelId, ticketHash, sealed, heldSince: this.#fate.time }
    this.#held.push(held)
    this.#remembered.push(held)
    if (this.#remembered.length > remembered) this.#remembered.shift()
    // It holds it, and its answer is lost.
    if (this.#fate.mishap(0.05)) throw gone()
    return 'held'
  }

  /** Errors: `node-unreachable`. */
  withdraw(to: string, parcelId: Uint8Array): void {
    if (!this.up || this.#fate.mishap(0.1)) throw gone()
    this.#held = this.#held.filter((one) => one.to !== to || text(one.parcelId) !== text(parcelId))
  }

  taken(to: string, parcelIds: readonly Uint8Array[]): void {
    if (!this.up || this.#fate.mishap(0.1)) return
    const ids = new Set(parcelIds.map(text))
    this.#held = this.#held.filter((one) => one.to !== to || !ids.has(text(one.parcelId)))
  }

  /** An envelope. */
  deliver(to: string, word: Hello): void {
    if (!this.up || this.#fate.mishap(0.1)) return
    this.#stands.push({ to, word, heldSince: this.#fate.time })
  }

  /** The envelopes for `to`, which it does not keep. */
  stands(to: string): Hello[] {
    const fresh = this.#stands.filter(({ heldSince }) => this.#fate.time - heldSince < mailboxLimits.heldFor)
    this.#stands = fresh.filter((one) => one.to !== to)
    return fresh.flatMap((one) => (one.to === to ? [one.word] : []))
  }

  /** What it gives to its recipient, in that order. */
  parcels(to: string): Parcel[] {
    const { time, quiet } = this.#fate
    this.#held = this.#held.filter(({ heldSince }) => time - heldSince < mailboxLimits.heldFor)
    let list = this.#held.filter((one) => one.to === to)
    if (quiet) return list
    if (this.hostile) {
      list = list.filter(() => !this.#fate.mishap(0.3))
      if (this.#fate.mishap(0.3))
        list.push(...this.#remembered.filter((one) => one.to === to && this.#fate.mishap(0.2)))
    }
    if (this.#fate.mishap(0.3)) list.reverse()
    if (list[0] !== undefined && this.#fate.mishap(0.1)) list.push(list[0])
    return list
  }
}

function gone(): QuorumError {
  return new QuorumError('node-unreachable', 'The node does not answer')
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
