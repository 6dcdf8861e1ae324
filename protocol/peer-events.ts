/**
 * What a peer announces: the listeners of its events, and how its friends look to callers. Events report finished
 * facts; nothing is decided here.
 */
import type { ErrorCode } from './base/errors.ts'
import { toError } from './base/errors.ts'
import type { PeerEvent } from './api/events.ts'
import type { ConnectionInfo, Friend, PathKind } from './api/model.ts'
import type { Log } from './base/log.ts'
import { shortId } from './identity/identity.ts'
import type { FriendRow, Store } from './store/store.ts'
import type { Hello } from './wire/chat.ts'

export interface PeerEventsOptions {
  store: Store
  log: Log
  /** Milliseconds since the epoch. */
  now(): number
  /** A conversation with that peer is open. */
  online(peer: string): boolean
  path(peer: string): PathKind
  connection(peer: string): ConnectionInfo
}

export class PeerEvents {
  readonly #options: PeerEventsOptions
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  /** Warnings from before the first listener: it gets them. */
  #early: PeerEvent[] = []
  /** The path to each friend as it was last announced. */
  readonly #paths = new Map<string, PathKind>()

  constructor(options: PeerEventsOptions) {
    this.#options = options
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener)
    const early = this.#early
    this.#early = []
    if (early.length > 0) setImmediate(() => early.forEach(this.emit))
    return () => this.#listeners.delete(listener)
  }

  /** No listener is called any more. */
  stop(): void {
    this.#listeners.clear()
  }

  readonly emit = (event: PeerEvent): void => {
    for (const listener of this.#listeners) {
      // A listener that throws must not stop the other listeners, or the protocol.
      try {
        listener(event)
      } catch (error) {
        this.#options.log('error', `a listener failed at ${event.event}`, toError(error))
      }
    }
  }

  warn(code: ErrorCode, message: string): void {
    const event: PeerEvent = { event: 'warning', data: { code, message } }
    if (this.#listeners.size > 0) this.emit(event)
    else this.#early.push(event)
  }

  /** A friend as callers see it: a name of theirs, or their handle, or the end of their PeerId. */
  friend(row: FriendRow): Friend {
    const { peer, name, handle, state, note, verified, addedAt, lastSeen } = row
    return {
      peer,
      name: name === '' ? (handle ?? shortId(peer)) : name,
      ...(handle == null ? {} : { handle }),
      state,
      ...(note == null ? {} : { note }),
      verified,
      online: this.#options.online(peer),
      path: this.#options.path(peer),
      addedAt,
      unread: this.#options.store.unread(peer),
      ...(lastSeen == null ? {} : { lastSeen }),
    }
  }

  friendChanged(row: FriendRow): void {
    this.emit({ event: 'friend-changed', data: this.friend(row) })
  }

  /** Announces the path to a friend, if its kind is another than the last one announced. */
  pathChanged(peer: string): void {
    const kind = this.#options.path(peer)
    if (kind === (this.#paths.get(peer) ?? 'none') || this.#options.store.friend(peer) == null) return
    this.#paths.set(peer, kind)
    this.emit({ event: 'path-changed', data: { ...this.#options.connection(peer), peer } })
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
      // A full disk loses the time they were last seen, not the event that they are here.
      log('warn', 'it could not be stored that a friend was seen', toError(error))
    }
    this.friendChanged(seen)
  }

  /** A friend's hello: where it is and what it is called now. */
  helloReceived(peer: string, hello: Hello): void {
    const { store, log } = this.#options
    const row = store.friend(peer)
    if (row == null) return
    const { name, nodes, addresses, sealingKey } = hello
    const updated: FriendRow = { ...row, name, nodes, addresses, ...(sealingKey == null ? {} : { sealingKey }) }
    if (JSON.stringify(updated) === JSON.stringify(row)) return
    try {
      store.putFriend(updated)
    } catch (error) {
      log('warn', 'what a friend announced about itself could not be stored', toError(error))
      return
    }
    if (name !== row.name) this.friendChanged(updated)
  }
}
