/**
 * Friendship as states in the store: requests, answers, removals, blocks (docs/protocol.md, "Friendship"). It knows
 * nothing of connections. What is to be sent is queued as an envelope in the same transaction as the state that caused
 * it; envelope-delivery.ts delivers it.
 */
import { QuorumError } from '../base/errors.ts'
import type { Emit } from '../api/events.ts'
import type { Friend } from '../api/model.ts'
import { KeyedBuckets, TokenBucket } from '../base/rate-limit.ts'
import { publicKeyOf } from '../identity/identity.ts'
import { learned, type Candidate } from './candidate.ts'
import { Envelopes, type EnvelopesOptions, type OpenedEnvelope } from './envelopes.ts'
import { announced, emptyRow } from './friend-row.ts'
import { Invites, refusalWarning } from './invites.ts'
import { friendLimits } from './limits.ts'
import type { Conversation, FriendRow } from '../store/store.ts'
import type { ContactContent } from '../wire/contact.ts'
import type { Hello } from '../wire/hello.ts'

export interface FriendsOptions extends EnvelopesOptions {
  /** As in InvitesOptions. */
  networkNow(): number
  emit: Emit
  /** A stored friend as callers of the API see it. */
  view(row: FriendRow): Friend
  /** There may be a new envelope in the store. */
  onEnvelopeQueued(): void
  /** The row changed: `peer` may have become a friend, or stopped being one. */
  onChange(row: FriendRow): void
  /** Somebody was removed long ago, and is no longer in the store. */
  onForgotten(peer: string): void
  /** A conversation with that friend is open, so they have not removed this peer. */
  online(peer: string): boolean
  /** A friend that cannot dial this peer asks to be dialled; its addresses are stored. */
  onDialMe(peer: string): void
  /** A friend says in an envelope where it stands. Errors: those of the store. */
  onStand(peer: string, word: Hello): void
}

type Effects = (() => void)[]

export class Friends {
  readonly invites: Invites
  readonly #options: FriendsOptions
  readonly #envelopes: Envelopes
  readonly #opened: TokenBucket
  /** One after the other: of two envelopes of a peer, the later one must not be taken first. Never rejects. */
  #receiving = Promise.resolve()
  readonly #dialMes: KeyedBuckets
  readonly #stands: KeyedBuckets
  /** The person has been told that the queue of friend requests is full, and it has been full since. */
  #warnedOfFullQueue = false

  constructor(options: FriendsOptions) {
    this.#options = options
    this.invites = new Invites(options)
    this.#envelopes = new Envelopes(options)
    this.#opened = new TokenBucket(friendLimits.envelopesOpened, () => performance.now())
    this.#dialMes = new KeyedBuckets(friendLimits.dialMes, () => performance.now())
    this.#stands = new KeyedBuckets(friendLimits.stands, () => performance.now())
  }

  /** Everybody but those removed. */
  list(): FriendRow[] {
    return this.#options.store.friends().filter((row) => row.state !== 'removed')
  }

  /** Those removed with whom messages were exchanged, or with whom none were. */
  removed(spoken: boolean): FriendRow[] {
    const { store } = this.#options
    const messages = ({ queued, received }: Conversation): number => queued + received
    const removed = store.friends().filter(({ state }) => state === 'removed')
    return removed.filter(({ peer }) => messages(store.conversation(peer)) > 0 === spoken)
  }

  /** Errors: `not-found`. */
  get(peer: string): FriendRow {
    const row = this.#options.store.friend(peer)
    if (row == null) throw new QuorumError('not-found', 'Nobody with that PeerId is known here')
    return row
  }

  /**
   * Asks `candidate` for friendship; works while they are offline. If they have asked already, this accepts them. A
   * friend is asked as well, unless they are online: a removal is not announced, so they may have removed this peer; if
   * not, they only confirm. `askedAt` of the result says whether anything was sent. Errors: `bad-request` (this peer
   * itself), `blocked`, `rate-limited` (too many friends).
   */
  request(candidate: Candidate, note: string): FriendRow {
    const { identity, store, now, online } = this.#options
    if (candidate.peer === identity.peer) throw new QuorumError('bad-request', 'That invite is your own')
    return this.#commit(() => {
      const known = store.friend(candidate.peer)
      if (known?.state === 'blocked') throw new QuorumError('blocked', 'You have blocked them: unblock them first')
      const updated: FriendRow = { ...(known ?? this.#newRow(candidate.peer)), ...learned(candidate, known) }
      if (updated.state === 'incoming') return this.#befriend(updated)
      if (updated.state === 'friend' && online(updated.peer)) return this.#put(updated)
      const own = { state: 'requested' as const, addedAt: now(), ...(note === '' ? {} : { note }) }
      const row: FriendRow = { ...updated, ...(updated.state === 'friend' ? {} : own), askedAt: now() }
      const token = candidate.token == null ? {} : { token: candidate.token }
      return this.#envelopes.queue(row, { kind: 'request', note, ...token })
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

  /** Silent: they are not told, and not heard for a while. Errors: `not-found`, `bad-request`. */
  decline(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      if (row.state !== 'incoming') throw new QuorumError('bad-request', 'There is no request of theirs to decline')
      return this.#leave({ ...row, declinedAt: this.#options.now() }, 'removed')
    })
  }

  /** Ends a friendship, or takes a request back. The messages stay. Errors: `not-found`, `blocked`. */
  remove(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      if (row.state === 'blocked') throw new QuorumError('blocked', 'They are blocked: unblock them instead')
      return this.#leave(row, 'removed')
    })
  }

  /** Blocks anybody, known here or not. Errors: `bad-request` for something that is no PeerId, or for this peer. */
  block(peer: string): FriendRow {
    const { identity, store } = this.#options
    publicKeyOf(peer)
    if (peer === identity.peer) throw new QuorumError('bad-request', 'That is yourself')
    return this.#commit(() => {
      const row = store.friend(peer) ?? this.#newRow(peer)
      const { state, blockedAs } = row
      const before = state === 'friend' || state === 'incoming' ? state : blockedAs
      return this.#leave({ ...row, ...(before == null ? {} : { blockedAs: before }) }, 'blocked')
    })
  }

  /**
   * They are again what they were: a friend, or somebody who waits for an answer. A request of this peer that was not
   * answered was taken back by the block. Errors: `not-found`, `bad-request`.
   */
  unblock(peer: string): FriendRow {
    return this.#commit(() => {
      const row = this.get(peer)
      if (row.state !== 'blocked') throw new QuorumError('bad-request', 'They are not blocked')
      const { blockedAs, ...known } = row
      return blockedAs == null ? this.#leave(known, 'removed') : this.#put({ ...known, state: blockedAs })
    })
  }

  /** The signed content of an envelope that asks a friend to dial this peer. Errors: `not-friend`. */
  dialMe(peer: string): Uint8Array {
    const { store } = this.#options
    return store.transaction(() => {
      const row = store.friend(peer)
      if (row?.state !== 'friend') throw new QuorumError('not-friend', 'Only friends are asked to dial')
      return this.#envelopes.write(row, { kind: 'dial-me' }).content
    })
  }

  /** Tells a friend who understands parcels where this peer stands. Within the caller's transaction. */
  stand(peer: string, word: Hello): void {
    const row = this.#options.store.friend(peer)
    if (row?.state === 'friend') this.#commit(() => void this.#envelopes.queue(row, { kind: 'stand', word }))
  }

  /**
   * A conversation with `peer` has begun: nothing that this peer asked them waits any more. Errors: those of the store.
   */
  connected(peer: string): void {
    const { store } = this.#options
    const row = store.friend(peer)
    if (row?.state !== 'friend' || row.askedAt == null) return
    store.transaction(() => this.#enter(row))
  }

  /** Stores whether the person compared the safety number. Errors: `not-found`. */
  verified(peer: string, verified: boolean): FriendRow {
    return this.#commit(() => this.#put({ ...this.get(peer), verified }))
  }

  /**
   * An envelope arrived, over a node or directly. Resolves when its content is on disk, or when it is dropped for good
   * (forged, replayed, not for this peer, from somebody blocked). Errors: those of the store, and `rate-limited`; the
   * envelope must be offered again then.
   */
  async receive(envelope: Uint8Array): Promise<void> {
    if (!this.#opened.take()) throw new QuorumError('rate-limited', 'Too many envelopes at once')
    const received = this.#receiving.then(() => this.#receive(envelope))
    this.#receiving = received.catch(() => undefined)
    await received
  }

  async #receive(envelope: Uint8Array): Promise<void> {
    const opened = await this.#envelopes.open(envelope)
    if (opened == null) return
    const effects: Effects = []
    this.#commit(() => this.#onEnvelope(opened, effects))
    for (const effect of effects) effect()
  }

  /** Runs within a transaction. Returns the row if the change concerns the callers of the API. */
  #onEnvelope({ sender, content }: OpenedEnvelope, effects: Effects): FriendRow | undefined {
    const { store, emit, onDialMe, onStand } = this.#options
    const row = store.friend(sender)
    if (content.kind === 'stand') {
      // Its word has a number of its own, and somebody who was put back has lower sequences than before.
      if (row?.state === 'friend' && this.#stands.take(sender)) effects.push(() => onStand(sender, content.word))
      return undefined
    }
    if (row != null && content.sequence <= row.heardSequence) return undefined
    if (row?.state === 'blocked') {
      // Dropped, but its sequence counts: a node that keeps a copy cannot bring the envelope back after an unblock.
      store.putFriend({ ...row, heardSequence: content.sequence })
      return undefined
    }
    switch (content.kind) {
      case 'request':
        return this.#onRequest(sender, content, row, effects)
      case 'answer':
        if (row?.state !== 'requested' && row?.state !== 'friend') return undefined
        return this.#enter({ ...row, ...announced(content) })
      case 'refusal':
        if (row?.askedAt == null && row?.state !== 'requested') return undefined
        effects.push(() => emit({ event: 'warning', data: { ...refusalWarning(content.code), peer: sender } }))
        return this.#refused({ ...row, heardSequence: content.sequence })
      case 'dial-me':
        // From anybody else, neither the addresses nor the sequence count.
        if (row?.state !== 'friend' || !this.#dialMes.take(sender)) return undefined
        store.putFriend({ ...row, ...announced(content) })
        effects.push(() => onDialMe(sender))
        return undefined
    }
  }

  #onRequest(
    sender: string,
    content: ContactContent & { kind: 'request' },
    known: FriendRow | undefined,
    effects: Effects,
  ): FriendRow | undefined {
    const { store, now, emit, view } = this.#options
    const row: FriendRow = { ...(known ?? emptyRow(sender, now())), ...announced(content) }
    // They ask again (the answer was lost, or they removed this peer), or both requests crossed: one friendship.
    if (known?.state === 'friend' || known?.state === 'requested') return this.#befriend(row)
    if (known !== undefined && this.#isDeclined(known, content.token)) {
      // Its sequence counts, so that a node cannot bring the envelope back later.
      store.putFriend({ ...known, heardSequence: content.sequence })
      return undefined
    }
    const asked = known?.state === 'incoming'
    const use = asked && known.invited ? 'used now' : this.invites.use(content.token, sender)
    if (use === 'invite-expired' || use === 'invite-used') {
      this.#envelopes.queueRefusal(sender, use)
      return undefined
    }
    row.invited = use === 'used now'
    // Dropped for good and not thrown: an envelope that can never be accepted must not be offered again and again.
    if (!asked && (this.#full() || (!row.invited && this.#queueFull()))) {
      this.#warnOfFullQueue(effects)
      return undefined
    }
    const incoming: FriendRow = { ...row, state: 'incoming', addedAt: asked ? known.addedAt : now() }
    if (content.note !== '') incoming.note = content.note
    const changed = !asked || known.name !== incoming.name || known.note !== incoming.note
    const rings = changed && (!asked || !this.#within(friendLimits.ringsAgain, known.rangAt))
    if (rings) {
      incoming.rangAt = now()
      effects.push(() => emit({ event: 'friend-request', data: view(incoming) }))
    }
    this.#put(incoming)
    return changed && !rings ? incoming : undefined
  }

  /** The person declined them lately, and has made no invite since then that they have. */
  #isDeclined({ state, declinedAt }: FriendRow, token: Uint8Array | undefined): boolean {
    if (state !== 'removed' || !this.#within(friendLimits.declineRemembered, declinedAt)) return false
    const invite = token === undefined ? undefined : this.#options.store.invite(token)
    return invite === undefined || invite.createdAt < (declinedAt ?? 0)
  }

  /** Less than `period` from now, in both directions: a clock that went back must not silence anybody for years. */
  #within(period: number, time: number | undefined): boolean {
    return time !== undefined && Math.abs(this.#options.now() - time) < period
  }

  /** Envelopes that wait for people who may not know this peer's address any more are written again, without it. */
  hideAddresses(): void {
    this.#envelopes.hideAddresses()
  }

  #full(): boolean {
    return this.list().length >= friendLimits.friends
  }

  #queueFull(): boolean {
    const waiting = this.list().filter((row) => row.state === 'incoming' && !row.invited).length
    if (waiting < friendLimits.strangerRequests) this.#warnedOfFullQueue = false
    return waiting >= friendLimits.strangerRequests
  }

  /** One warning, however many requests are dropped. */
  #warnOfFullQueue(effects: Effects): void {
    if (this.#warnedOfFullQueue) return
    this.#warnedOfFullQueue = true
    const { emit } = this.#options
    const message = 'Too many requests wait for an answer: more are dropped until you accept or decline some'
    effects.push(() => emit({ event: 'warning', data: { code: 'rate-limited', message } }))
  }

  /** They become a friend, and an envelope tells them so. */
  #befriend(row: FriendRow): FriendRow {
    return this.#envelopes.queue(this.#enter(row), { kind: 'answer' })
  }

  #enter(row: FriendRow): FriendRow {
    this.#envelopes.discard(row.peer, 'request')
    const { declinedAt: _, askedAt: __, ...friend } = row
    return this.#put({ ...friend, state: 'friend' })
  }

  /** They refused the invite with which they were asked. That ends no friendship: a friend stays one here. */
  #refused(row: FriendRow): FriendRow {
    return row.state === 'friend' ? this.#enter(row) : this.#leave(row, 'removed')
  }

  #leave(row: FriendRow, state: 'removed' | 'blocked'): FriendRow {
    this.#envelopes.discard(row.peer)
    this.#forgetOldest()
    const { askedAt: _, ...left } = row
    return this.#put({ ...left, state, invited: false })
  }

  /** Only so many removed people are remembered with whom no message was exchanged. */
  #forgetOldest(): void {
    const { store, onForgotten } = this.#options
    const removed = this.removed(false)
    const [oldest] = removed
    if (oldest == null || removed.length < friendLimits.strangersRemembered) return
    store.deleteFriend(oldest.peer)
    onForgotten(oldest.peer)
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

  /** Runs `work` as one transaction, then announces the row that it returns. */
  #commit<T extends FriendRow | undefined>(work: () => T): T {
    const { store, emit, view, onChange, onEnvelopeQueued } = this.#options
    const row = store.transaction(work)
    if (row != null) {
      onChange(row)
      // What ended with the friendship has changed the row once more.
      emit({ event: 'friend-changed', data: view(store.friend(row.peer) ?? row) })
    }
    onEnvelopeQueued()
    return row
  }
}
