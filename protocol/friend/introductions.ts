/**
 * Introduces peers that have no contact yet. With the help of the nodes, it resolves a typed link, code, PeerId or
 * handle to a candidate for a friend request. It also creates the own record and the own invites. The friend request
 * itself is in friends.ts, codes are in codes.ts. Described in docs/protocol.md, "Invites and codes" and "Records".
 */
import { isPublic } from '../address/address.ts'
import { areForeign, byNode } from '../address/node-addresses.ts'
import type { NodeKnowledge } from '../api/calls.ts'
import type { FriendState, RecipientInfo } from '../api/model.ts'
import { firstAnswer } from '../directory/first-answer.ts'
import type { Found } from '../directory/session.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { candidateFromFound, candidateFromInvite, publicAddresses, type Candidate } from './candidate.ts'
import { Codes } from './codes.ts'
import type { Friends } from './friends.ts'
import { sign, type Identity } from '../identity/identity.ts'
import { inviteFromLink, type Invite } from '../identity/invite-link.ts'
import { parseRecipient } from '../identity/recipient.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import type { HomeNodes } from '../directory/home-nodes.ts'
import type { Settings } from '../identity/settings.ts'
import type { LanSlots } from '../net/lan/slots.ts'
import type { FriendRow, Store } from '../store/store.ts'
import type { SignedBytes } from '../wire/codec.ts'
import { recordToWire } from '../wire/contact.ts'
import type { PeerAddress } from '../wire/peer-address.ts'

export interface IntroductionsOptions {
  identity: Identity
  store: Store
  settings: Settings
  nodes: HomeNodes
  friends: Friends
  slots: LanSlots
  /** The own peer address that any peer may receive. */
  peerAddress(): PeerAddress
  now: () => number
  log: Log
  /** This peer may connect to nodes that only `peer` chose. */
  mayUseNodesOf(peer: string): boolean
  /** This peer may connect to that address, which `peer` told. */
  mayDial(address: string, peer: string): boolean
  /** Uses a node from now on. */
  addNode(address: string): void
}

export class Introductions {
  readonly #options: IntroductionsOptions
  readonly codes: Codes

  constructor(options: IntroductionsOptions) {
    const { nodes, friends, slots, now, log } = options
    this.#options = options
    this.codes = new Codes({ invites: friends.invites, nodes, slots, now, log })
  }

  /** The own record for the directory: public addresses only, because any peer may look it up. */
  record(): SignedBytes {
    const { identity, settings, now } = this.#options
    const { addresses, nodes, ...rest } = this.#options.peerAddress()
    const sequence = settings.nextRecordSequence(now())
    const announced = { addresses: addresses.filter(isPublic), nodes: nodes.filter(isPublic) }
    return sign(identity, 'quorum-record', recordToWire({ ...rest, ...announced, sequence, ttl: limits.recordTtl }))
  }

  /** A new invite, whose code works at the nodes. `expiresIn` in milliseconds. Errors: `rate-limited`. */
  async invite(once: boolean, expiresIn: number): Promise<{ link: string; code: string }> {
    const row = this.#options.friends.invites.create(once, expiresIn)
    await this.codes.park(row)
    const { link, code } = row
    return { link, code }
  }

  /** Whom `to` means, without asking anybody. Errors: `bad-invite`, `bad-request`. */
  recipient(to: string): RecipientInfo {
    const { nodes } = this.#options
    const needsNode = nodes.addresses().length === 0
    const recipient = parseRecipient(to)
    switch (recipient.kind) {
      case 'invite': {
        const { peer, name } = recipient.invite
        return { kind: 'invite', peer, name, expired: this.#isExpired(recipient.invite), ...this.#known(peer) }
      }
      case 'peer':
        return { ...recipient, ...this.#known(recipient.peer) }
      case 'code':
        return { kind: 'code', needsNode: this.codes.nobodyToAsk, lan: this.codes.lan.allowed }
      case 'handle':
        return { ...recipient, needsNode }
    }
  }

  #known(peer: string): { known?: FriendState | 'self' } {
    const { identity, store } = this.#options
    const known = peer === identity.peer ? 'self' : store.friend(peer)?.state
    return known == null ? {} : { known }
  }

  /**
   * Sends a friend request. `to`: a link, a code, a PeerId or a handle. Errors: `bad-invite`, `invite-expired`,
   * `not-found`, `node-unreachable` (a handle needs a node, a code a node or the local network), those of
   * `Codes.linkOf`, `foreign-node` (an invite of somebody who uses
   * none of the own nodes, which are the only ones allowed), and those of `Friends.request`.
   */
  async request(to: string, note: string): Promise<FriendRow> {
    return this.#options.friends.request(await this.#candidate(to), note)
  }

  /** Looks up the current address of a friend and stores it. Changes nothing if no node knows a newer one. */
  async discover(peer: string): Promise<void> {
    const { store, nodes, log } = this.#options
    const found = await Promise.all(
      nodes.sessions().map(async (session) => {
        try {
          return await session.lookup({ peer })
        } catch (error) {
          log('debug', 'a lookup failed', toError(error))
          return undefined
        }
      }),
    )
    const row = store.friend(peer)
    const newest = found.flatMap((one) => one ?? []).sort((a, b) => b.record.sequence - a.record.sequence)[0]
    if (row == null || newest == null || newest.record.sequence <= row.recordSequence) return
    const { sequence, sealingKey } = newest.record
    const announced = publicAddresses(newest)
    store.putFriend({
      ...row,
      recordSequence: sequence,
      // Older addresses remain, because a record contains no LAN addresses: only friends receive those.
      nodes: [...new Set([...announced.nodes, ...row.nodes])].slice(0, limits.nodeAddressesTold),
      addresses: [...new Set([...announced.addresses, ...row.addresses])].slice(0, limits.addressesTold),
      ...(sealingKey == null ? {} : { sealingKey }),
    })
  }

  /** All data that the node stores about this peer. Errors: `not-found`, `node-unreachable`. */
  async knowledge(node: string): Promise<NodeKnowledge> {
    const { identity, nodes } = this.#options
    const { handle, ...report } = await nodes.session(node).knowledge()
    return { peer: identity.peer, ...(handle === '' ? {} : { handle }), ...report }
  }

  async #candidate(to: string): Promise<Candidate> {
    const recipient = parseRecipient(to)
    switch (recipient.kind) {
      case 'invite':
        return this.#invited(recipient.invite)
      case 'code':
        return this.#invited(inviteFromLink(await this.codes.linkOf(recipient.code)))
      case 'handle': {
        const found = await this.#lookup({ handle: recipient.handle })
        if (found == null) throw new QuorumError('not-found', `No node knows the handle ${recipient.handle}`)
        return { ...candidateFromFound(found), handle: recipient.handle }
      }
      case 'peer': {
        // A PeerId is enough for a request. A lookup only makes it faster and, with a sealing key, more private.
        const { nodes } = this.#options
        const found = nodes.sessions().length === 0 ? undefined : await this.#lookup({ peer: recipient.peer })
        return found == null ? { peer: recipient.peer } : candidateFromFound(found)
      }
    }
  }

  async #invited(invite: Invite): Promise<Candidate> {
    const { nodes, addNode, mayUseNodesOf, mayDial } = this.#options
    if (this.#isExpired(invite)) throw new QuorumError('invite-expired', expired(invite))
    if (!mayUseNodesOf(invite.peer)) await this.#checkReachable(invite)
    // A peer without a node joins those of the inviter: this is how a second person starts.
    else if (nodes.addresses().length === 0) {
      // All are asked about before the first is added: of a node that is an own one, nobody else tells addresses.
      const all = [...byNode(invite.nodes).values()].flat()
      for (const address of all.filter((one) => mayDial(one, invite.peer))) addNode(address)
    }
    return candidateFromInvite(invite)
  }

  #isExpired({ expiresAt }: Invite): boolean {
    return expiresAt <= this.#options.nodes.time.now()
  }

  /**
   * Only own nodes are used: one of them must know the author of the invite, unless the author is a friend or has
   * asked already. A request that waits at a node that its reader never asks would wait for ever. Errors:
   * `foreign-node`, `node-unreachable`.
   */
  async #checkReachable({ peer, nodes: theirs }: Invite): Promise<void> {
    const { nodes, store } = this.#options
    const state = store.friend(peer)?.state
    if (state === 'friend' || state === 'incoming' || !areForeign(theirs, (node) => nodes.has(node))) return
    const known = nodes.states().length > 0 && (await this.#lookup({ peer })) !== undefined
    if (known) return
    throw new QuorumError(
      'foreign-node',
      'This invite leads to a node that is not one of yours, and your choice about direct connections allows no ' +
        `other: add the node ${theirs[0]}, or change that choice`,
    )
  }

  async #lookup(who: { peer: string } | { handle: string }): Promise<Found | undefined> {
    return firstAnswer(this.#options.nodes, (session) => session.lookup(who))
  }
}

/** Without a node that tells the time, a wrong clock of either side looks the same. */
function expired({ expiresAt }: Invite): string {
  const when = new Date(expiresAt).toUTCString()
  return `That invite expired on ${when}: ask for a new one. If it was made just now, a clock is wrong`
}
