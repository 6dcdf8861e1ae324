/**
 * What a node stores on disk for the directory: sealed envelopes for peers that are away, handles, parked invites. The
 * store cannot read envelopes and invites, and has the sender of an envelope only as a keyed digest, enough to count.
 * The implementation is node/mailboxes.ts; the interface is here because server.ts calls it.
 */

/**
 * Where what is stored came from: the keys of an address (address/quota-key.ts), the narrowest first. They bound what
 * one address can fill, and may be stored only so that nobody can read them. Without keys there is no such bound.
 */
type OriginKeys = readonly string[]

import type { HeldMailbox } from '../wire/directory.ts'

export interface HeldEnvelope {
  id: number
  /** Size of the envelope. */
  bytes: number
  /** Milliseconds since the epoch, by the node's clock. */
  heldSince: number
}

/** What changes something resolves when the change is durable, and rejects when it is not made. */
export interface DirectoryStore {
  /**
   * Holds `envelope` (at most `limits.envelope` bytes) for PeerId `to`. `from` is the sender's PeerId, stored only as a
   * keyed digest of sender and recipient. An identical envelope already held for `to` is not held twice. Ids grow.
   * Of a full mailbox, and of a full store, the oldest of the address with the most is deleted.
   * Errors: `rate-limited` (limits.heldPerRecipient, heldPerSender, heldPerAddress, heldFromAddress), `disk-full`
   * (limits.held, or the disk).
   */
  hold(to: string, from: string, envelope: Uint8Array, now: number, origin?: OriginKeys): Promise<HeldEnvelope>
  /** Without their content: a full mailbox has 800 KiB. Oldest first. */
  held(to: string): HeldEnvelope[]
  /** The content of one of them, if it is still held. */
  envelope(to: string, id: number): Uint8Array | undefined
  /** Deletes those of `ids` that are held for `to`. */
  drop(to: string, ids: number[]): Promise<void>

  /**
   * Gives `handle` to `peer` if it is free, lapsed (limits.handleKept since last seen) or already theirs; a peer has
   * one handle, an older one is released. Of a full store, the handle of the address with the most is released that was
   * not seen for longest. Errors: `handle-taken`, `rate-limited` (limits.handlesPerAddress).
   */
  claimHandle(handle: string, peer: string, now: number, origin?: OriginKeys): Promise<void>
  /** Gives up the handle of `peer`, if it has one. */
  releaseHandle(peer: string): Promise<void>
  /** Notes that the owner of a handle was seen, so that it does not lapse. */
  seen(peer: string, now: number): Promise<void>
  handleOwner(handle: string, now: number): string | undefined
  handleOf(peer: string): string | undefined

  /**
   * Parks `sealed` (at most limits.parkedInvite bytes) under `slot` (16 bytes) until `expiresAt`. The same slot by the
   * same owner is replaced. Of a full store, the next to expire of the address with the most is deleted. Errors:
   * `rate-limited` (limits.parkedPerPeer, limits.parkedPerAddress), `bad-request` (slot of another owner).
   */
  park(
    slot: Uint8Array,
    owner: string,
    sealed: Uint8Array,
    expiresAt: number,
    now: number,
    origin?: OriginKeys,
  ): Promise<void>
  parked(slot: Uint8Array, now: number): Uint8Array | undefined
  parkedCount(owner: string, now: number): number

  /** Deletes everything about `peer`: envelopes held for it, its handle, its parked invites. */
  forget(peer: string): Promise<void>
  /**
   * Deletes what has expired: envelopes after limits.heldFor, handles after limits.handleKept, parked invites. Other
   * calls are carried out meanwhile.
   */
  expire(now: number): Promise<void>
  /** What lies in the mailbox of that peer; absent where there are no mailboxes. */
  mailbox?(peer: string): HeldMailbox
  stats(): { held: number; heldBytes: number; handles: number; parked: number }
  close(): void
}
