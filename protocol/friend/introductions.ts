/**
 * How two peers that do not know each other meet: what a person typed becomes somebody to ask, with the help of the
 * nodes; and what the nodes tell others about us. The asking itself is friends.ts.
 */
import { isPublic, isRelayed, lastPeer } from '../address/address.ts'
import type { NodeKnowledge } from '../api/calls.ts'
import type { DirectorySession, Found } from '../directory/session.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { candidateFromInvite, type Candidate, type Friends } from './friends.ts'
import { sign, type Identity } from '../identity/identity.ts'
import { inviteFromLink, ParkedInvite, parseRecipient, type Invite } from '../identity/invite-link.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import type { HomeNodes } from '../directory/home-nodes.ts'
import type { Settings } from '../identity/settings.ts'
import type { FriendRow, InviteRow, Store } from '../store/store.ts'
import type { SignedBytes } from '../wire/codec.ts'
import { recordToWire, type Reach } from '../wire/contact.ts'

export interface IntroductionsOptions {
  identity: Identity
  store: Store
  settings: Settings
  nodes: HomeNodes
  friends: Friends
  reach(): Reach
  now: () => number
  log: Log
  /** Uses a node from now on. */
  addNode(address: string): void
}

export class Introductions {
  readonly #options: IntroductionsOptions
  /** Stretched codes: each costs a tenth of a second. */
  readonly #stretched = new Map<string, ParkedInvite>()

  constructor(options: IntroductionsOptions) {
    this.#options = options
  }

  /** The record for the directory: public addresses only, because anybody may look it up. */
  record(): SignedBytes {
    const { identity, settings, now } = this.#options
    const { addresses, nodes, ...rest } = this.#options.reach()
    const sequence = settings.nextRecordSequence(now())
    const told = { addresses: addresses.filter(isPublic), nodes: nodes.filter(isPublic) }
    return sign(identity, 'quorum-record', recordToWire({ ...rest, ...told, sequence, ttl: limits.recordTtl }))
  }

  /** `expiresIn` in milliseconds. */
  async invite(once: boolean, expiresIn: number): Promise<{ link: string; code: string }> {
    const { friends, nodes, log } = this.#options
    const row = friends.invite(once, expiresIn)
    try {
      await Promise.all((await nodes.someSessions()).map((session) => this.#park(session, row)))
    } catch (error) {
      // The link works all the same, and the code from the next session on.
      log('debug', 'an invite is parked nowhere yet', toError(error))
    }
    const { link, code } = row
    return { link, code }
  }

  /** A session with `node` has begun: the newest open invites are to be found there by their codes. */
  async parkAll(node: string): Promise<void> {
    const { store, nodes, now, log } = this.#options
    const open = store.invites().filter((row) => row.expiresAt > now() && !(row.once && row.usedBy != null))
    const newest = open.sort((a, b) => b.createdAt - a.createdAt).slice(0, limits.parkedPerPeer)
    try {
      for (const row of newest) await this.#park(nodes.session(node), row)
    } catch (error) {
      log('debug', 'invites could not be parked', toError(error))
    }
  }

  /**
   * Asks whoever `to` means: a link, a code, a PeerId or a handle. Errors: `bad-invite`, `invite-expired`,
   * `not-found`, `node-unreachable` (a code or handle needs a node), and those of `Friends.request`.
   */
  async request(to: string, note: string): Promise<FriendRow> {
    return this.#options.friends.request(await this.#candidate(to), note)
  }

  /** Looks up where a friend is now, and remembers it. Says nothing when nobody knows. */
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
    const told = publicOnly(newest)
    store.putFriend({
      ...row,
      recordSequence: sequence,
      // What they told us alone stays too: their record holds nothing of their LAN.
      nodes: [...new Set([...told.nodes, ...row.nodes])].slice(0, limits.nodeAddressesTold),
      addresses: [...new Set([...told.addresses, ...row.addresses])].slice(0, limits.addressesTold),
      ...(sealingKey == null ? {} : { sealingKey }),
    })
  }

  /** Everything that node stores about us. Errors: `not-found`, `node-unreachable`. */
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
        return this.#invited(inviteFromLink(await this.#linkOf(recipient.code)))
      case 'handle': {
        const found = await this.#lookup({ handle: recipient.handle })
        if (found == null) throw new QuorumError('not-found', `No node knows the handle ${recipient.handle}`)
        return { ...candidateFromFound(found), handle: recipient.handle }
      }
      case 'peer': {
        // A PeerId alone is enough to write to: a lookup only makes it faster and more private.
        const { nodes } = this.#options
        const found = nodes.sessions().length === 0 ? undefined : await this.#lookup({ peer: recipient.peer })
        return found == null ? { peer: recipient.peer } : candidateFromFound(found)
      }
    }
  }

  #invited(invite: Invite): Candidate {
    const { nodes, now, addNode } = this.#options
    if (invite.expiresAt <= now()) throw new QuorumError('invite-expired', 'That invite has expired: ask for a new one')
    // Somebody without a node joins the friend's: this is how a second person starts.
    if (nodes.addresses().length === 0) for (const address of invite.nodes) addNode(address)
    return candidateFromInvite(invite)
  }

  async #linkOf(code: string): Promise<string> {
    const parked = await this.#parked(code)
    const link = await this.#ask(async (session) => {
      const sealed = await session.findInvite(parked.slot)
      return sealed == null ? undefined : parked.open(sealed)
    })
    if (link == null) throw new QuorumError('not-found', 'No node knows that code: check it, or ask for the link')
    return link
  }

  async #lookup(who: { peer: string } | { handle: string }): Promise<Found | undefined> {
    return this.#ask((session) => session.lookup(who))
  }

  /** The first find of any node: one that lies, or is lost meanwhile, does not keep the others from being asked. */
  async #ask<T>(ask: (session: DirectorySession) => Promise<T | undefined>): Promise<T | undefined> {
    const sessions = await this.#options.nodes.someSessions()
    const failures: unknown[] = []
    for (const session of sessions) {
      try {
        const found = await ask(session)
        if (found != null) return found
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === sessions.length) throw failures[0]
    return undefined
  }

  async #park(session: DirectorySession, row: InviteRow): Promise<void> {
    const { now, log } = this.#options
    try {
      const parked = await this.#parked(row.code)
      await session.postInvite(parked.slot, parked.seal(row.link), row.expiresAt - now())
    } catch (error) {
      // The link works without it; the code will be there with the next session.
      log('debug', 'an invite could not be parked', toError(error))
    }
  }

  async #parked(code: string): Promise<ParkedInvite> {
    const known = this.#stretched.get(code)
    if (known != null) return known
    const parked = await ParkedInvite.fromCode(code)
    this.#stretched.set(code, parked)
    return parked
  }
}

function candidateFromFound(found: Found): Candidate {
  const { sequence, sealingKey } = found.record
  return {
    peer: found.peer,
    ...publicOnly(found),
    recordSequence: sequence,
    ...(sealingKey == null ? {} : { sealingKey }),
  }
}

/** Anybody can write a loopback or LAN address, or another's, into a record: those are never dialled. */
function publicOnly({ peer, record }: Found): { addresses: string[]; nodes: string[] } {
  const addresses = record.addresses.filter((address) => {
    const named = lastPeer(address)
    return isPublic(address) && !isRelayed(address) && (named == null || named === peer)
  })
  return { addresses, nodes: record.nodes.filter(isPublic) }
}
