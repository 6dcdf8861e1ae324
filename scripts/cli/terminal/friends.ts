/**
 * The people that the terminal client knows: their state, their unread counts, and which person a typed word means.
 * It calls no peer. Its content comes from the call `friends` and from events.
 */
import { QuorumError } from '#protocol'
import type { Friend, FriendState } from '#protocol'
import { cleanLine } from './sanitize.ts'
import { knownBefore, labelOf } from './view.ts'

/** The marks around a name: of a handle, of the end of a PeerId, of a number, of a quotation, of a sentence. */
const around = /^[\s@#\u2026"'\u2018-\u201f\xab\xbb(]+|[\s.,;:!?"'\u2018-\u201f\xab\xbb)]+$/gu
/** The fewest last characters of a PeerId that name somebody. */
const shortestEnd = 4

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
    for (const typed of new Set([text.trim(), text.replaceAll(around, '')])) {
      const number = /^\d{1,4}$/u.test(typed) ? this.#listed[Number(typed) - 1] : undefined
      const exact = this.#friends.get(typed) ?? (number === undefined ? undefined : this.#friends.get(number))
      if (exact !== undefined) return exact
      const wanted = cleanLine(typed).toLowerCase()
      const named = (matches: (name: string) => boolean): Friend[] =>
        [...this.#friends.values()].filter((friend) => namesOf(friend, this.label(friend.peer)).some(matches))
      const meant =
        onlyOne(
          this,
          named((name) => name === wanted),
        ) ??
        onlyOne(this, wanted === '' ? [] : named((name) => name.startsWith(wanted))) ??
        onlyOne(this, typed.length < shortestEnd ? [] : this.all().filter(({ peer }) => peer.endsWith(typed)))
      if (meant !== undefined) return meant
    }
    throw new QuorumError('not-found', `Nobody is called “${cleanLine(text)}”. /friends lists everybody.`)
  }
}

/** Undefined without anybody. Errors: `not-found` for more than one person who has not been removed. */
function onlyOne(friends: Friends, found: readonly Friend[]): Friend | undefined {
  const present = found.filter((friend) => friend.state !== 'removed')
  const meant = present.length > 0 ? present : found
  if (meant.length > 1) {
    const labels = meant.slice(0, 5).map((friend) => friends.label(friend.peer))
    throw new QuorumError('not-found', `That could be ${labels.join(' or ')}. Use the number from /friends.`)
  }
  return meant[0]
}

function namesOf(friend: Friend, label: string): string[] {
  const names = [cleanLine(friend.name).toLowerCase(), label.toLowerCase()]
  if (friend.handle !== undefined) names.push(cleanLine(friend.handle).toLowerCase())
  return names.filter((name) => name !== '')
}

function byName(a: Friend, b: Friend): number {
  return cleanLine(a.name).localeCompare(cleanLine(b.name)) || (a.peer < b.peer ? -1 : 1)
}
