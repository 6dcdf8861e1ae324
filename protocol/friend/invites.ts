/**
 * Invites of this peer: made, used by those who were given them, and refused (docs/protocol.md, "Invites and codes" and
 * "Friendship"). Links and codes as text are identity/invite-link.ts.
 */
import { QuorumError, type ErrorCode } from '../base/errors.ts'
import { randomBytes, type Identity } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { createCode, inviteFromLink, inviteToLink } from '../identity/invite-link.ts'
import { friendLimits } from './limits.ts'
import type { InviteRow, Store } from '../store/store.ts'
import { inviteTokenLength } from '../wire/contact.ts'
import type { PeerAddress } from '../wire/peer-address.ts'

export interface InvitesOptions {
  identity: Identity
  store: Store
  now: () => number
  /** What time it is for others, in milliseconds since the epoch: the own clock may be wrong. */
  networkNow(): number
  name(): string
  /** How to reach this peer, as anybody may know it. */
  peerAddress(): PeerAddress
}

/** What the token of a friend request is worth. `none`: no token, or one that this peer never made. */
export type InviteUse = 'used now' | 'none' | 'invite-expired' | 'invite-used'

export class Invites {
  readonly #options: InvitesOptions

  constructor(options: InvitesOptions) {
    this.#options = options
  }

  /**
   * A new invite. `once`: for one peer only. `expiresIn` in milliseconds. Deletes those that have expired. Errors:
   * `rate-limited` when too many are outstanding.
   */
  create(once: boolean, expiresIn: number): InviteRow {
    const { store, now, networkNow } = this.#options
    return store.transaction(() => {
      const outstanding = store.invites().filter((invite) => {
        if (invite.expiresAt > now()) return true
        store.deleteInvite(invite.token)
        return false
      })
      if (outstanding.length >= friendLimits.invites) {
        throw new QuorumError('rate-limited', 'There are too many open invites: wait until some expire')
      }
      const token = randomBytes(inviteTokenLength)
      // Read by clocks of others; the own one decides when it is used.
      const link = this.#link(token, networkNow() + expiresIn)
      const row: InviteRow = { token, link, code: createCode(), once, createdAt: now(), expiresAt: now() + expiresIn }
      store.putInvite(row)
      return row
    })
  }

  /** Somebody can use it. */
  isOpen({ token }: InviteRow): boolean {
    const { store, now } = this.#options
    const row = store.invite(token)
    return row != null && row.expiresAt > now() && !(row.once && row.usedBy != null)
  }

  /** The open invites whose codes work, the newest first. */
  newest(): InviteRow[] {
    const open = this.#options.store.invites().filter((row) => this.isOpen(row))
    return open.sort((a, b) => b.createdAt - a.createdAt).slice(0, limits.parkedPerPeer)
  }

  /** The link of the same invite with the addresses of now, which are others in another network or on another port. */
  currentLink({ link, token }: InviteRow): string {
    return this.#link(token, inviteFromLink(link).expiresAt)
  }

  #link(token: Uint8Array, expiresAt: number): string {
    const { identity, name, peerAddress } = this.#options
    // A node has the sealing key in this peer's record, and a short link is easier to hand on.
    const { nodes, addresses, sealingKey } = peerAddress()
    const key = sealingKey == null || nodes.length > 0 ? {} : { sealingKey }
    return inviteToLink(identity, { nodes, addresses, ...key, name: name(), token, expiresAt })
  }

  /** Marks the invite as used by `sender`, or returns why it is of no use to them. */
  use(token: Uint8Array | undefined, sender: string): InviteUse {
    const { store, now } = this.#options
    const invite = token == null ? undefined : store.invite(token)
    if (invite == null) return 'none'
    if (invite.expiresAt <= now()) return 'invite-expired'
    if (invite.once && invite.usedBy != null && invite.usedBy !== sender) return 'invite-used'
    if (invite.usedBy == null) store.putInvite({ ...invite, usedBy: sender })
    return 'used now'
  }
}

/** What the person is told when another peer refuses its invite. An unknown `code` counts as `bad-invite`. */
export function refusalWarning(code: string): { code: ErrorCode; message: string } {
  switch (code) {
    case 'invite-used':
      return { code, message: 'That invite has been used by somebody else: ask for a new one' }
    case 'invite-expired':
      return { code, message: 'That invite has expired: ask for a new one' }
    default:
      return { code: 'bad-invite', message: 'They do not know that invite (any more): ask for a new one' }
  }
}
