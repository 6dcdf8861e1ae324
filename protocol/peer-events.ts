/**
 * The events of a peer: delivers them to the listeners, and converts friends to the form that callers receive. Events
 * report completed changes; this file makes no decision.
 */
import type { ErrorCode, ErrorData } from './base/errors.ts'
import { QuorumError, toError } from './base/errors.ts'
import type { PeerEvent } from './api/events.ts'
import type { ConnectionInfo, Friend, HeldReason, PathKind } from './api/model.ts'
import type { Log } from './base/log.ts'
import { shortId } from './identity/identity.ts'
import type { FriendRow, Store } from './store/store.ts'
import type { Hello } from './wire/hello.ts'

export interface PeerEventsOptions {
  store: Store
  log: Log
  /** Milliseconds since the epoch. */
  now(): number
  /** A conversation with this peer is open. */
  online(peer: string): boolean
  held(peer: string): HeldReason | undefined
  /** As `Friend.mailbox`. */
  mailbox(row: FriendRow): boolean
  path(peer: string): PathKind
  connection(peer: string): ConnectionInfo
}

const heldWarnings: Record<HeldReason, ErrorData> = {
  'too-much': {
    code: 'rate-limited',
    message: 'They send very much: what they write waits until you take more of it, or block them',
  },
  'disk-full': { code: 'disk-full', message: 'The disk is nearly full: what they write waits until there is room' },
}

export class PeerEvents {
  readonly #options: PeerEventsOptions
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  /** Warnings from before the first subscription. The first listener receives them. */
  #early: PeerEvent[] = []
  /** The kind of the path to each friend at the last `path-changed` event. */
  readonly #paths = new Map<string, PathKind>()
  /** What was told last of each person: `friend-changed` reports a change of it, once. */
  readonly #told = new Map<string, string>()

  constructor(options: PeerEventsOptions) {
    this.#options = options
  }

  /** What is known of people now is no news. Called when all parts exist. */
  start(): void {
    for (const row of this.#options.store.friends())
      this.#told.set(row.peer, toldOf({ ...row, ...nameOf(row), ...this.#mailbox(row), online: false }))
  }

  /** Errors: `bad-request` for what is no function. */
  subscribe(listener: (event: PeerEvent) => void): () => void {
    if (typeof listener !== 'function') throw new QuorumError('bad-request', 'subscribe: the listener is no function')
    this.#listeners.add(listener)
    const early = this.#early
    this.#early = []
    if (early.length > 0) setImmediate(() => early.forEach(this.emit))
    return () => this.#listeners.delete(listener)
  }

  /** After this, no listener is called. */
  stop(): void {
    this.#listeners.clear()
  }

  readonly emit = (event: PeerEvent): void => {
    if ((event.event === 'friend-changed' || event.event === 'friend-request') && !this.#isNews(event)) return
    for (const listener of this.#listeners) {
      // A listener that throws must not stop the other listeners, or the protocol.
      try {
        const done: unknown = listener(event)
        if (done instanceof Promise) done.catch((error: unknown) => this.#listenerFailed(event, error))
      } catch (error) {
        this.#listenerFailed(event, error)
      }
    }
  }

  /** Of a person who is no longer in the store. */
  forget(peer: string): void {
    this.#told.delete(peer)
  }

  #isNews({ event, data }: Extract<PeerEvent, { event: 'friend-changed' | 'friend-request' }>): boolean {
    const told = toldOf(data)
    const before = this.#told.get(data.peer)
    this.#told.set(data.peer, told)
    return event === 'friend-request' || told !== before
  }

  #listenerFailed({ event }: PeerEvent, error: unknown): void {
    this.#options.log('error', `a listener failed at ${event}`, toError(error))
  }

  warn(code: ErrorCode, message: string, part?: string): void {
    const data = { code, message, ...(part === undefined ? {} : { part }) }
    const event: PeerEvent = { event: 'warning', data }
    if (this.#listeners.size > 0) this.emit(event)
    else this.#early.push(event)
  }

  /** A friend in the form for callers. Its name is the announced name, or the handle, or the end of the PeerId. */
  friend(row: FriendRow): Friend {
    const { peer, handle, state, note, verified, addedAt, lastSeen, askedAt } = row
    const held = this.#options.held(peer)
    return {
      peer,
      ...nameOf(row),
      ...(handle == null ? {} : { handle }),
      state,
      ...(note == null ? {} : { note }),
      verified,
      online: this.#options.online(peer),
      path: this.#options.path(peer),
      addedAt,
      unread: this.#options.store.unread(peer),
      ...(lastSeen == null ? {} : { lastSeen }),
      ...(askedAt == null ? {} : { askedAt }),
      ...this.#mailbox(row),
      ...(held == null ? {} : { held }),
    }
  }

  #mailbox(row: FriendRow): Pick<Friend, 'mailbox'> {
    return row.state === 'friend' && this.#options.mailbox(row) ? { mailbox: true } : {}
  }

  friendChanged(row: FriendRow): void {
    this.emit({ event: 'friend-changed', data: this.friend(row) })
  }

  /** Emits `path-changed` if the kind of the path to a friend differs from the last emitted one. */
  pathChanged(peer: string): void {
    const kind = this.#options.path(peer)
    if (kind === (this.#paths.get(peer) ?? 'none') || this.#options.store.friend(peer) == null) return
    this.#paths.set(peer, kind)
    this.emit({ event: 'path-changed', data: { ...this.#options.connection(peer), peer } })
  }

  /** What the friend writes is held, or taken again. */
  heldChanged(peer: string): void {
    const row = this.#options.store.friend(peer)
    if (row == null) return
    this.friendChanged(row)
    const held = this.#options.held(peer)
    if (held != null) this.emit({ event: 'warning', data: { ...heldWarnings[held], peer } })
  }

  /** A friend's conversation opened or ended. */
  presenceChanged(peer: string): void {
    const { store, log, now } = this.#options
    const row = store.friend(peer)
    if (row == null) return
    const seen = { ...row, lastSeen: now() }
    try {
      store.putFriend(seen)
    } catch (error) {
      // With a full disk only the stored time is lost; the event is still emitted.
      log('warn', 'the time at which a friend was last seen could not be stored', toError(error))
    }
    this.friendChanged(seen)
  }

  /** Stores the current name, addresses, nodes and sealing key from a friend's hello. */
  helloReceived(peer: string, hello: Hello): void {
    const { store, log } = this.#options
    const row = store.friend(peer)
    if (row == null) return
    const { name, nodes, addresses, sealingKey } = hello
    const updated: FriendRow = { ...row, name, nodes, addresses, ...(sealingKey == null ? {} : { sealingKey }) }
    if (JSON.stringify(updated) !== JSON.stringify(row)) {
      try {
        store.putFriend(updated)
      } catch (error) {
        log('warn', 'what a friend announced about itself could not be stored', toError(error))
        return
      }
    }
    this.friendChanged(updated)
  }
}

function nameOf({ peer, name, handle }: FriendRow): { name: string } {
  return { name: name === '' ? (handle ?? shortId(peer)) : name }
}

/** All that `friend-changed` is about: the rest has events of its own, or changes with these. */
function toldOf(friend: Omit<Friend, 'path' | 'unread'>): string {
  const { name, handle, state, note, verified, online, mailbox, held } = friend
  return JSON.stringify([name, handle, state, note, verified, online, mailbox, held])
}
