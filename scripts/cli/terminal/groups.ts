/**
 * The groups that the terminal client knows, who is or was seen in each, and which group or member a typed word means.
 * It calls no peer. Its content comes from the call `groups` and from events.
 */
import { QuorumError } from '#protocol'
import type { Friend, Group, GroupMember } from '#protocol'
import type { Friends } from './friends.ts'
import { groupLabel } from './group-view.ts'
import { cleanLine } from './sanitize.ts'
import { meantBy } from './typed-name.ts'
import type { Nameable } from './typed-name.ts'
import { labelOf, shortId } from './view.ts'

const order: readonly Group['state'][] = ['invited', 'member', 'frozen', 'left', 'removed']

export class Groups {
  readonly #friends: Friends
  readonly #groups = new Map<string, Group>()
  /** Members by PeerId, of each group, also those who have left since the start: they have written messages. */
  readonly #seen = new Map<string, Map<string, Friend>>()
  /** PeerIds of new members, of each group, whose names have not come yet. */
  readonly #nameless = new Map<string, Set<string>>()
  /** Ids in the order they were last listed: what `/open #2` refers to. */
  #listed: string[] = []

  constructor(friends: Friends) {
    this.#friends = friends
  }

  /** Replaces all by what the call `groups` returns. */
  load(groups: readonly Group[]): void {
    this.#groups.clear()
    for (const group of groups) this.put(group)
  }

  /** Stores the newest state of a group. Returns the one before. */
  put(group: Group): Group | undefined {
    const before = this.#groups.get(group.group)
    this.#groups.set(group.group, group)
    const seen = this.#seen.get(group.group) ?? new Map<string, Friend>()
    for (const member of group.members)
      if (seen.get(member.peer)?.name !== member.name) seen.set(member.peer, personOf(member))
    this.#seen.set(group.group, seen)
    return before
  }

  get(group: string | undefined): Group | undefined {
    return group === undefined ? undefined : this.#groups.get(group)
  }

  /**
   * PeerIds of those who have come in since `before`. Members who are no friends are named by their cards, which come
   * later: they count as having come once they have a name. Who comes in oneself finds the others there.
   */
  arrived(before: Group, { group, members }: Group, self: string): string[] {
    const nameless = this.#nameless.get(group) ?? new Set()
    this.#nameless.set(group, nameless)
    const was = new Set(before.members.map(({ peer }) => peer))
    if (!was.has(self)) return []
    const fresh = members.filter(({ peer }) => nameless.has(peer) || !was.has(peer))
    const named = fresh.filter(({ peer, name }) => !peer.endsWith(name))
    nameless.clear()
    for (const { peer } of fresh) nameless.add(peer)
    for (const { peer } of named) nameless.delete(peer)
    return named.map(({ peer }) => peer)
  }

  /** The name to print: `#` before the cleaned name. */
  label(group: string): string {
    const known = this.#groups.get(group)
    return known === undefined ? `#…${group.slice(-6)}` : groupLabel(known, this.#groups.values())
  }

  /** The name of a person in a group, cleaned. It has the end of the PeerId if anybody else could be meant by it. */
  person(group: string, peer: string): string {
    const seen = this.#seen.get(group) ?? new Map<string, Friend>()
    const person = this.#friends.get(peer) ?? seen.get(peer)
    if (person === undefined) return shortId(cleanLine(peer))
    const others = [...seen.values()].filter((one) => this.#friends.get(one.peer) === undefined)
    return labelOf(person, [...this.#friends.known(), ...others])
  }

  /** Invitations come first, then the groups that this person is in; each by name. */
  all(): Group[] {
    return [...this.#groups.values()].toSorted(
      (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || byName(a, b),
    )
  }

  /** Those that wait for an answer. */
  invited(): Group[] {
    return this.all().filter(({ state, joining }) => state === 'invited' && joining !== true)
  }

  /** The same as `all`. From now on, numbers refer to this order. */
  list(): Group[] {
    const all = this.all()
    this.#listed = all.map(({ group }) => group)
    return all
  }

  /** The group meant by a number of the list, its name or the beginning of it. Errors: `not-found`. */
  find(text: string): Group {
    const group = meantBy(text, this.nameable(), { listed: this.#listed, hint: 'Use the number from /groups, as #1.' })
    if (group !== undefined) return group
    throw new QuorumError('not-found', `No group is called “${cleanLine(text)}”. /groups lists them.`)
  }

  nameable(): Nameable<Group>[] {
    return [...this.#groups.values()].map((group) => {
      const label = this.label(group.group)
      return { value: group, id: group.group, label, names: [cleanLine(group.name), label] }
    })
  }

  /** Errors: `not-found` if no member or more than one is meant. */
  member(group: Group, text: string): GroupMember {
    const all = group.members.map((member) => {
      const label = this.person(group.group, member.peer)
      return { value: member, id: member.peer, label, names: [cleanLine(member.name), label] }
    })
    const hint = 'Use the end of the identity, from /group members.'
    const member = meantBy(text, all, { hint })
    if (member !== undefined) return member
    throw new QuorumError(
      'not-found',
      `Nobody in this group is called “${cleanLine(text)}”. /group members lists them.`,
    )
  }
}

/** A member as the views of people take one. */
function personOf({ peer, name, online }: GroupMember): Friend {
  return { peer, name, online, state: 'removed', verified: false, path: 'none', addedAt: 0, unread: 0 }
}

function byName(a: Group, b: Group): number {
  return cleanLine(a.name).localeCompare(cleanLine(b.name)) || (a.group < b.group ? -1 : 1)
}
