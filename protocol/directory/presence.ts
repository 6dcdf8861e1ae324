/**
 * Presence of friends, the peer's side: tells each node once in a session which friends are expected, and reports those
 * that are there or come. A node names a friend only if it expects this peer as well (expectations.ts).
 */
import { later } from '../base/backoff.ts'
import { errorToData, toError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { wireLimits } from '../wire/limits.ts'
import { directoryLimits } from './limits.ts'
import type { DirectorySession } from './session.ts'

export interface PresenceOptions {
  /** PeerIds of all friends. */
  friends(): readonly string[]
  /** A friend is connected to one of the nodes, and expects this peer. */
  onPresent(peer: string): void
  log: Log
}

export class Presence {
  readonly #options: PresenceOptions
  /** Open sessions whose node was told. */
  readonly #told = new Set<DirectorySession>()

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  /** To be called after the reservation, because those that the node tells dial at once. Never throws. */
  async tell(session: DirectorySession, signal: AbortSignal): Promise<void> {
    if (this.#told.has(session)) return
    this.#told.add(session)
    void session.closed.then(() => this.#told.delete(session))
    const { friends, log } = this.#options
    const all = friends()
    try {
      for (let at = 0; at < all.length; at += wireLimits.peersTogether) {
        await this.#expect(session, all.slice(at, at + wireLimits.peersTogether))
      }
    } catch (error) {
      // An older node does not know the call: friends are found by attempts to reach them, and by theirs.
      log('debug', 'a node does not report which friends come', toError(error))
      if (errorToData(error).code !== 'rate-limited') return
      later(directoryLimits.announceRetry, signal, () => {
        if (this.#told.delete(session)) void this.tell(session, signal)
      })
    }
  }

  /** `peer` became a friend, or is one no longer. */
  async friendshipChanged(peer: string, friend: boolean): Promise<void> {
    for (const session of this.#told) {
      try {
        if (friend) await this.#expect(session, [peer])
        else await session.expectNoLonger(peer)
      } catch (error) {
        this.#options.log('debug', 'a node was not told of a change of friends', toError(error))
      }
    }
  }

  async #expect(session: DirectorySession, peers: readonly string[]): Promise<void> {
    for (const peer of await session.expect(peers)) this.#options.onPresent(peer)
  }
}
