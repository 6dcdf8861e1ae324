/**
 * How many messages of a friend are unread. The peer counts; the window asks again when the number may have changed. A
 * count of its own, from events, would differ from the peer's as soon as a `friend-changed` counts a message whose
 * event follows.
 */
import { changeFriend } from './entities.ts'

/**
 * `ask` returns the number of a friend, undefined if there is none. The returned function asks, and once more for all
 * calls that come meanwhile.
 */
export function unreadRenewal(ask: (peer: string) => Promise<number | undefined>): (peer: string) => Promise<void> {
  /** Whose number is being asked for; true: it may have changed since. */
  const asked = new Map<string, boolean>()
  return async (peer) => {
    if (asked.has(peer)) {
      asked.set(peer, true)
      return
    }
    do {
      asked.set(peer, false)
      const unread = await ask(peer)
      if (unread !== undefined) changeFriend(peer, { unread })
    } while (asked.get(peer) === true)
    asked.delete(peer)
  }
}
