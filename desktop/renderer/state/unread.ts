/**
 * How many messages of a friend are unread. The peer counts; the window asks again when the number may have changed. A
 * count of its own, from events, would differ from the peer's as soon as a `friend-changed` counts a message whose
 * event follows.
 */
import { coalesced } from './coalesced.ts'
import { changeFriend } from './entities.ts'

/**
 * `ask` returns the number of a friend, undefined if there is none. The returned function asks, and once more for all
 * calls that come meanwhile.
 */
export function unreadRenewal(ask: (peer: string) => Promise<number | undefined>): (peer: string) => Promise<void> {
  return coalesced(async (peer) => {
    const unread = await ask(peer)
    if (unread !== undefined) changeFriend(peer, { unread })
  })
}
