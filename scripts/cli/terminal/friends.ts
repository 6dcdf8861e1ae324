/**
 * The people that the terminal client knows: their state, their unread counts, and which person a typed word means.
 * It calls no peer. Its content comes from the call `friends` and from events.
 */
import { QuorumError } from '#protocol'
import type { Friend, FriendState } from '#protocol'
import { cleanLine } from './sanitize.ts'
import { meantBy } from './typed-name.ts'
import type { Nameable } from './typed-name.ts'
import { knownBefore, labelOf } from './view.ts'

const order: readonly FriendState[] = ['incoming', 'friend', 'requested', 'blocked', 'removed']

export class Friends {
  readonly #friends = new Map<string, Friend>()
  /** PeerIds in the order they were last listed: what `/open 2` refers to. */
  #listed: string[] = []

  /** Stores the newest state of a person. Returns the one before. */
  put(friend: Friend): Friend | undefined {
    const before = this.#friends.get(friend.peer)
    this.#friends.set(friend.peer, friend)
    return before
  }

  get(peer: string): Friend | undefined {
    return this.#friends.get(peer)
  }

  /** The name to print, cleaned. */
  label(peer: string): string {
    const friend = this.#friends.get(peer)
    return friend === undefined ? `…${cleanLine(peer).slice(-6)}` : labelOf(friend, this.#friends.values())
  }

  /** The person who had the name or handle of `friend` before, with another identity. */
  knownBefore(friend: Friend): Friend | undefined {
    return knownBefore(friend, this.#friends.values())
  }

  /** Everybody, in no order. */
  known(): Iterable<Friend> {
    return this.#friends.values()
  }

  /** Everybody except removed people. Those who wait for an answer come first, then by name. */
  all(): Friend[] {
    return [...this.#friends.values()]
      .filter((friend) => friend.state !== 'removed')
      .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || byName(a, b))
  }

  incoming(): Friend[] {
    return this.all().filter((friend) => friend.state === 'incoming')
  }

  /** The same as `all`. From now on, numbers refer to this order. */
  list(): Friend[] {
    const all = this.all()
    this.#listed = all.map((friend) => friend.peer)
    return all
  }

  unread(peer: string): number {
    return this.#friends.get(peer)?.unread ?? 0
  }

  setUnread(peer: string, count: number): void {
    const friend = this.#friends.get(peer)
    if (friend !== undefined) this.#friends.set(peer, { ...friend, unread: count })
  }

  /**
   * The person meant by a number of the list, a PeerId or its end, a handle, a name or the beginning of one name; also
   * with what lists and sentences put around those. Errors: `not-found` if nobody or more than one person is meant.
   */
  find(text: string): Friend {
    const friend = meantBy(text, this.nameable(), { listed: this.#listed, hint: 'Use the number from /friends.' })
    if (friend !== undefined) return friend
    throw new QuorumError('not-found', `Nobody is called “${cleanLine(text)}”. /friends lists everybody.`)
  }

  /** PeerIds in the order that numbers refer to. */
  get listed(): readonly string[] {
    return this.#listed
  }

  nameable(): Nameable<Friend>[] {
    return [...this.#friends.values()].map((friend) => {
      const label = this.label(friend.peer)
      const names = [cleanLine(friend.name), label, cleanLine(friend.handle ?? '')]
      return { value: friend, id: friend.peer, label, names, gone: friend.state === 'removed' }
    })
  }
}

function byName(a: Friend, b: Friend): number {
  return cleanLine(a.name).localeCompare(cleanLine(b.name)) || (a.peer < b.peer ? -1 : 1)
}
