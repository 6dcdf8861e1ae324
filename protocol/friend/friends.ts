/**
 * Friendship: requests, answers and invites, as states in the store and envelopes on their way. It knows nothing of
 * connections: what is to be sent becomes mail in the store (envelope-delivery.ts delivers it), in the same transaction as the
 * state that caused it.
 */
import { QuorumError, type ErrorCode } from '../base/errors.ts'
import type { Emit, PeerEvent } from '../api/events.ts'
import type { Friend } from '../api/model.ts'
import { peerFromPublicKey, publicKeyOf, randomBytes, sign, verify, type Identity } from '../identity/identity.ts'
import { createCode, inviteToLink, type Invite } from '../identity/invite-link.ts'
import { friendLimits } from './limits.ts'
import { KeyedBuckets, TokenBucket } from '../base/rate-limit.ts'
import type { SealingKeys } from '../identity/sealing.ts'
import type { FriendRow, InviteRow, Store } from '../store/store.ts'
import { signedFromWire, signedToWire } from '../wire/codec.ts'
import {
  contactFromWire,
  contactToWire,
  sealedFromWire,
  type ContactContent,
  type ContactKind,
  type Reach,
} from '../wire/contact.ts'

export interface FriendsOptions {
  identity: Identity
  store: Store
  sealing: SealingKeys
  now: () => number
  emit: Emit
  name(): string
  /** Where this peer is reached, to tell those it writes to, or anybody. */
  reach(to?: string): Reach
  /** A stored friend as callers see it. */
  view(row: FriendRow): Friend
  /** There is new mail in the store. */
  onMail(): void
  /** `peer` became a friend, or stopped being one. */
  onChange(row: FriendRow): void
  /** A friend that cannot dial us has told where it can be dialled. */
  onDialMe(peer: string): void
}

/** Somebody to ask: what is known of them so far. */
export interface Candidate extends Partial<Reach> {
  peer: string
  name?: string
  handle?: string
  /** From their invite. */
  token?: Uint8Array
  recordSequence?: number
}

const tokenLength = 16
/** Letters and digits of a PeerId that stand for a name nobody gave. */
const unnamed = ''

export class Friends {
  readonly #options: FriendsOptions
  readonly #opened: TokenBucket
  readonly #dialMes: KeyedBuckets
  #toldQueueFull = false

  constructor(options: FriendsOptions) {
    this.#options = options
    this.#opened = new TokenBucket(friendLimits.envelopesOpened, () => performance.now())
    this.#dialMes = new KeyedBuckets(friendLimits.dialMesHeard, () => performance.now())
  }

  /** Everybody but those removed. */
  list(): FriendRow[] {
    return this.#options.store.friends().filter((row) => row.state !== 'removed')
  }

  /** Errors: `not-found`. */
  get(peer: string): FriendRow {
    const row = this.#options.store.friend(peer)
    if (row == null) throw new QuorumError('not-found', 'Nobody with that PeerId is known here')
    return row
  }

  /** A new invite. `expiresIn` in milliseconds. Errors: `rate-limited` when too many are outstanding. */
  invite(once: boolean, expiresIn: number): InviteRow {
    const { identity, store, now } = this.#options
    return store.transaction(() => {
      const outstanding = store.invites().filter((invite) => {
        if (invite.expiresAt > now()) return true
        store.deleteInvite(invite.token)
        return false
      })
      if (outstanding.length >= friendLimits.invites) {
        throw new QuorumError('rate-limited', 'There are too many open invites: wait until some expire')
      }
      const token = randomBytes(tokenLength)
      const expiresAt = now() + expiresIn
      const link = inviteToLink(identity, { ...this.#options.reach(), name: this.#options.name(), token, expiresAt })
      const row: InviteRow = { token, link, code: createCode(), once, createdAt: now(), expiresAt }
      store.putInvite(row)
      return row
    })
  }

  /**
   * Asks `candidate` for friendship; works while they are offline. Asking somebody who has asked us accepts them.
   * Errors: `bad-request` (ourselves), `blocked`, `rate-limited` (too many friends).
   */
  request(candidate: Candidate, note: string): FriendRow {
    const { identity, store, now } = this.#options
    if (candidate.peer === identity.peer) throw new QuorumError('bad-request', 'That invite is your own')
    return this.#commit(() => {
      const known = store.friend(candidate.peer)
      if (known?.state === 'blocked') throw new QuorumError('blocked', 'You have blocked them: unblock them first')
      const told: FriendRow = { ...(known ?? this.#newRow(candidate.peer)), ...learned(candidate, known) }
      if (told.state === 'friend') return this.#put(told)
      if (told.state === 'incoming') return this.#befriend(told)
      const row: FriendRow = { ...told, state: 'requested', addedAt: now(), ...(note === '' ? {} : { note }) }
      return this.#send(row, { kind: 'request', note, ...(candidate.token == null ? {} : { token: candidate.token }) })
    })
  }

  /** Errors: `not-found`, `blocked`, `bad-request` (they have not asked). */
  accept(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      switch (row.state) {
        case 'incoming':
          return this.#befriend(row)
        case 'friend':
          return row
        case 'blocked':
          throw new QuorumError('blocked', 'You have blocked them: unblock them first')
        case 'requested':
        case 'removed':
          throw new QuorumError('bad-request', 'There is no request of theirs to accept')
      }
    })
  }

  /** Silent: they are told nothing. Errors: `not-found`, `bad-request`. */
  decline(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      if (row.state !== 'incoming') throw new QuorumError('bad-request', 'There is no request of theirs to decline')
      return this.#leave(row, 'removed')
    })
  }

  /** Ends a friendship, or takes a request back. History stays. Errors: `not-found`, `blocked`. */
  remove(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      if (row.state === 'blocked') throw new QuorumError('blocked', 'They are blocked: unblock them instead')
      return this.#leave(row, 'removed')
    })
  }

  /** Anybody, known or not. Errors: `bad-request` for something that is no PeerId, or for ourselves. */
  block(peer: string): FriendRow {
    const { identity, store } = this.#options
    publicKeyOf(peer)
    if (peer === identity.peer) throw new QuorumError('bad-request', 'That is yourself')
    return this.#commit(() => this.#leave(store.friend(peer) ?? this.#newRow(peer), 'blocked'))
  }

  /** They may ask again; nothing else comes back. Errors: `not-found`, `bad-request`. */
  unblock(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      if (row.state !== 'blocked') throw new QuorumError('bad-request', 'They are not blocked')
      return this.#leave(row, 'removed')
    })
  }

  /** The signed content of an envelope that asks a friend to dial us. Errors: `not-friend`. */
  dialMe(peer: string): Uint8Array {
    const { store } = this.#options
    return store.transaction(() => {
      const row = store.friend(peer)
      if (row?.state !== 'friend') throw new QuorumError('not-friend', 'Only friends are asked to dial')
      return this.#write(row, { kind: 'dial-me' }).content
    })
  }

  verified(peer: string, verified: boolean): FriendRow {
    return this.#commit(() => this.#put({ ...this.get(peer), verified }))
  }

  /**
   * An envelope arrived, over a node or directly. Returns when what it says is on disk, or it is dropped for good
   * (forged, replayed, not for us, from somebody blocked). Errors: those of the store, and `rate-limited`: then it
   * must be offered again.
   */
  receive(envelope: Uint8Array): void {
    if (!this.#opened.take()) throw new QuorumError('rate-limited', 'Too many envelopes at once')
    const opened = this.#open(envelope)
    if (opened == null) return
    const { sender, content } = opened
    const events: PeerEvent[] = []
    let dialThem = false
    this.#commit(() => {
      const { store } = this.#options
      const row = store.friend(sender)
      if (row != null && content.sequence <= row.heardSequence) return undefined
      if (row?.state === 'blocked') {
        // Heard and dropped: a node that keeps a copy cannot bring it back after an unblock.
        store.putFriend({ ...row, heardSequence: content.sequence })
        return undefined
      }
      switch (content.kind) {
        case 'request':
          return this.#onRequest(sender, content, row, events)
        case 'answer':
          if (row?.state !== 'requested' && row?.state !== 'friend') return undefined
          return this.#enter({ ...row, ...heard(content) }, 'friend')
        case 'refusal':
          if (row?.state !== 'requested') return undefined
          events.push({ event: 'warning', data: { ...refusals(content.code), peer: sender } })
          return this.#leave({ ...row, heardSequence: content.sequence }, 'removed')
        case 'dial-me':
          // Of anybody else, neither the addresses nor the sequence count.
          if (row?.state !== 'friend' || !this.#dialMes.take(sender)) return undefined
          store.putFriend({ ...row, ...heard(content) })
          dialThem = true
          return undefined
      }
    })
    for (const event of events) this.#options.emit(event)
    if (dialThem) this.#options.onDialMe(sender)
  }

  #onRequest(
    sender: string,
    content: ContactContent & { kind: 'request' },
    known: FriendRow | undefined,
    events: PeerEvent[],
  ): FriendRow | undefined {
    const row: FriendRow = { ...(known ?? emptyRow(sender, this.#options.now())), ...heard(content) }
    // They ask again (our answer was lost, or they removed us), or our requests crossed: one friendship.
    if (known?.state === 'friend' || known?.state === 'requested') return this.#befriend(row)
    const asked = known?.state === 'incoming'
    const use = asked && known.invited ? 'used now' : this.#useInvite(content.token, sender)
    if (use === 'invite-expired' || use === 'invite-used') {
      this.#refuse(sender, use)
      return undefined
    }
    row.invited = use === 'used now'
    // Dropped for good rather than thrown: what can never be taken must not be offered again and again.
    if (!asked && (this.#full() || (!row.invited && this.#queueFull()))) {
      this.#warnOfQueue(events)
      return undefined
    }
    const incoming: FriendRow = {
      ...row,
      state: 'incoming',
      addedAt: asked ? known.addedAt : this.#options.now(),
    }
    if (content.note !== '') incoming.note = content.note
    this.#options.store.putFriend(incoming)
    events.push({ event: 'friend-request', data: this.#options.view(incoming) })
    return undefined
  }

  /** Marks the invite as used by `sender`, or says why not. A token we never gave is as good as none. */
  #useInvite(token: Uint8Array | undefined, sender: string): 'used now' | 'none' | 'invite-expired' | 'invite-used' {
    const { store, now } = this.#options
    const invite = token == null ? undefined : store.invite(token)
    if (invite == null) return 'none'
    if (invite.expiresAt <= now()) return 'invite-expired'
    if (invite.once && invite.usedBy != null && invite.usedBy !== sender) return 'invite-used'
    if (invite.usedBy == null) store.putInvite({ ...invite, usedBy: sender })
    return 'used now'
  }

  /**
   * Tells somebody that their invite is no good any more, and nothing else: no name, no address. No row is kept of
   * them, so the refusal is left with our own nodes, never brought to an address they wrote themselves.
   */
  #refuse(sender: string, code: ErrorCode): void {
    const { identity, store, now } = this.#options
    if (store.envelopes().filter(({ kind }) => kind === 'refusal').length >= friendLimits.refusals) return
    const sequence = Math.max(Math.trunc(now()), (store.friend(sender)?.spokenSequence ?? 0) + 1)
    const to = publicKeyOf(sender)
    const bare = { to, sequence, time: now(), name: '', nodes: [], addresses: [] }
    const signed = sign(identity, 'quorum-envelope', contactToWire({ ...bare, kind: 'refusal', code }))
    store.putEnvelope({ to: sender, kind: 'refusal', content: signedToWire(signed) })
  }

  #full(): boolean {
    return this.list().length >= friendLimits.friends
  }

  #queueFull(): boolean {
    const waiting = this.list().filter((row) => row.state === 'incoming' && !row.invited).length
    if (waiting < friendLimits.strangerRequests) this.#toldQueueFull = false
    return waiting >= friendLimits.strangerRequests
  }

  /** One line, however many come. */
  #warnOfQueue(events: PeerEvent[]): void {
    if (this.#toldQueueFull) return
    this.#toldQueueFull = true
    const message = 'Too many requests wait for an answer: more are dropped until you accept or decline some'
    events.push({ event: 'warning', data: { code: 'rate-limited', message } })
  }

  #open(envelope: Uint8Array): { sender: string; content: ContactContent } | undefined {
    try {
      const signed = signedFromWire(this.#options.sealing.open(sealedFromWire(envelope)))
      const sender = verify(signed, 'quorum-envelope')
      const content = contactFromWire(signed.payload)
      const { peer } = this.#options.identity
      return peerFromPublicKey(content.to) === peer && sender !== peer ? { sender, content } : undefined
    } catch (error) {
      // Anybody can send anything: what does not open, decode or verify is nothing.
      if (error instanceof QuorumError && error.code !== 'disk-full' && error.code !== 'not-writable') return undefined
      throw error
    }
  }

  /** They are a friend from now on, and are told so. */
  #befriend(row: FriendRow): FriendRow {
    return this.#send(this.#enter(row, 'friend'), { kind: 'answer' })
  }

  #enter(row: FriendRow, state: 'friend'): FriendRow {
    const { store } = this.#options
    for (const mail of store.envelopes())
      if (mail.to === row.peer && mail.kind === 'request') store.deleteEnvelope(mail.id)
    return this.#put({ ...row, state })
  }

  #leave(row: FriendRow, state: 'removed' | 'blocked'): FriendRow {
    const { store } = this.#options
    for (const mail of store.envelopes()) if (mail.to === row.peer) store.deleteEnvelope(mail.id)
    this.#forgetOldest()
    return this.#put({ ...row, state, invited: false })
  }

  /** Of those removed with whom nothing was ever said, only so many are kept. */
  #forgetOldest(): void {
    const { store } = this.#options
    const removed = store.friends().filter(({ state }) => state === 'removed')
    if (removed.length < friendLimits.strangersRemembered) return
    const unspoken = removed.find(
      ({ peer }) => store.conversation(peer).queued + store.conversation(peer).received === 0,
    )
    if (unspoken != null) store.deleteFriend(unspoken.peer)
  }

  /** Puts an envelope into the mail. */
  #send(row: FriendRow, kind: Exclude<ContactKind, { kind: 'dial-me' }>): FriendRow {
    const { spoken, content } = this.#write(row, kind)
    this.#options.store.putEnvelope({ to: row.peer, kind: kind.kind, content })
    return spoken
  }

  /** What an envelope holds, signed, with the sequence that belongs to it. */
  #write(row: FriendRow, kind: ContactKind): { spoken: FriendRow; content: Uint8Array } {
    const { identity, now } = this.#options
    // Time, so that a store put back from a backup is not taken for a replay; a counter, so that clocks may be wrong.
    const sequence = Math.max(Math.trunc(now()), row.spokenSequence + 1)
    const content = contactToWire({
      ...this.#options.reach(row.peer),
      ...kind,
      to: publicKeyOf(row.peer),
      sequence,
      time: now(),
      name: this.#options.name(),
    })
    const spoken = this.#put({ ...row, spokenSequence: sequence })
    return { spoken, content: signedToWire(sign(identity, 'quorum-envelope', content)) }
  }

  #put(row: FriendRow): FriendRow {
    this.#options.store.putFriend(row)
    return row
  }

  /** Errors: `rate-limited`. */
  #newRow(peer: string): FriendRow {
    if (this.#full()) throw new QuorumError('rate-limited', 'There are too many people in this list')
    return emptyRow(peer, this.#options.now())
  }

  /** Runs `work` as one transaction, then announces the row that it changed. */
  #commit<T extends FriendRow | undefined>(work: () => T): T {
    const { store, emit, view, onChange, onMail } = this.#options
    const row = store.transaction(work)
    if (row != null) {
      onChange(row)
      emit({ event: 'friend-changed', data: view(row) })
    }
    onMail()
    return row
  }
}

function emptyRow(peer: string, addedAt: number): FriendRow {
  return {
    peer,
    name: unnamed,
    state: 'removed',
    verified: false,
    invited: false,
    addedAt,
    nodes: [],
    addresses: [],
    heardSequence: 0,
    spokenSequence: 0,
    recordSequence: 0,
  }
}

function heard(content: ContactContent) {
  const { name, nodes, addresses, sealingKey, sequence } = content
  return { name, nodes, addresses, heardSequence: sequence, ...(sealingKey == null ? {} : { sealingKey }) }
}

function learned(candidate: Candidate, known: FriendRow | undefined): Partial<FriendRow> {
  const { name, handle, nodes, addresses, sealingKey, recordSequence } = candidate
  // An older record than the one we know: a node that is behind, or one that wants to lead us astray.
  if (recordSequence != null && known != null && recordSequence < known.recordSequence) {
    return handle == null ? {} : { handle }
  }
  return {
    name: name ?? known?.name ?? unnamed,
    ...(handle == null ? {} : { handle }),
    ...(nodes == null || nodes.length === 0 ? {} : { nodes }),
    ...(addresses == null || addresses.length === 0 ? {} : { addresses }),
    ...(sealingKey == null ? {} : { sealingKey }),
    ...(recordSequence == null ? {} : { recordSequence }),
  }
}

function refusals(code: string) {
  switch (code) {
    case 'invite-used':
      return { code, message: 'That invite has been used by somebody else: ask for a new one' } as const
    case 'invite-expired':
      return { code, message: 'That invite has expired: ask for a new one' } as const
    default:
      return { code: 'bad-invite', message: 'They do not know that invite (any more): ask for a new one' } as const
  }
}

/** What an invite tells about its author. */
export function candidateFromInvite(invite: Invite): Candidate {
  const { peer, name, nodes, addresses, token, sealingKey } = invite
  return { peer, name, nodes, addresses, token, ...(sealingKey == null ? {} : { sealingKey }) }
}
