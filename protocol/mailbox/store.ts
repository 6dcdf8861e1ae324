/**
 * What a node stores on disk for mailboxes: parcels, which are sealed messages for peers that are away, and who may
 * leave some, as hashes of tickets. It knows neither who left a parcel nor what is in it. The implementation is
 * node/parcels.ts; the interface is here because server.ts calls it.
 */
import type { LeaveOutcome } from '../wire/mailbox.ts'

/** A parcel without its content. Sizes are bytes, times milliseconds since the epoch by the node's clock. */
export interface HeldParcel {
  /** Grows from one to the next. */
  id: number
  /** 16 bytes. */
  parcelId: Uint8Array
  /** 16 bytes: the hash of the ticket under which it lies. */
  ticketHash: Uint8Array
  bytes: number
  heldSince: number
}

/** What changes something resolves when the change is durable, and rejects when it is not made. */
export interface ParcelStore {
  /**
   * Who may leave something for PeerId `peer`: replaces what it said before, and deletes what lies under the tickets
   * that are not among `hashes`. Errors: `rate-limited` (the address has as much as it may), `disk-full`.
   */
  setTickets(peer: string, hashes: readonly Uint8Array[], now: number, origin?: readonly string[]): Promise<void>
  /**
   * Holds a parcel for PeerId `to` under a ticket that it has given. One of the same id and ticket that is held
   * already is not held twice. Of a recipient that has too much, the oldest of the ticket with the most is deleted; of
   * a full store, the oldest of the address with the most. Errors: `rate-limited`, `disk-full`.
   */
  leave(
    to: string,
    parcel: { parcelId: Uint8Array; ticketHash: Uint8Array; sealed: Uint8Array },
    now: number,
    origin?: readonly string[],
  ): Promise<LeaveOutcome>
  /** Deletes a parcel under that ticket, if it is held. */
  withdraw(to: string, parcelId: Uint8Array, ticketHash: Uint8Array): Promise<void>
  /** Deletes those of `parcelIds` that are held for `to`. */
  take(to: string, parcelIds: readonly Uint8Array[]): Promise<void>
  /** The oldest first. */
  parcels(to: string): HeldParcel[]
  /** The oldest whose id is above `after`. */
  nextParcel(to: string, after: number): HeldParcel | undefined
  /** The content of one of them, if it is still held. */
  parcel(to: string, parcelId: Uint8Array, ticketHash: Uint8Array): Uint8Array | undefined
}
