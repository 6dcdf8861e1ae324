/**
 * How the window shows groups: names of groups and members without control characters, the identity beside members
 * whose names look the same, and what this person may decide. Pure.
 */
import { appearance, looksLike } from '#lookalike'
import type { Friend, Group, GroupMember } from '#protocol'
import { cleanLine } from '../../text/foreign.ts'
import { nameOf, shortId } from './friend-display.ts'

/** Characters of a name; a longer one is shortened. */
const mostCharacters = 48

export function groupName({ name, group }: Pick<Group, 'name' | 'group'>): string {
  return cleanLine(name, mostCharacters) || shortId(group)
}

/** Names are asked for by each message that is rendered, and change with the group only. */
const known = new WeakMap<readonly GroupMember[], ReadonlyMap<string, string>>()

/**
 * The names of members by PeerId. Of two that look the same, each with the identity; of who is not a friend, with a
 * mark in front: anybody can choose the name of a friend.
 */
export function memberNames(members: readonly GroupMember[]): ReadonlyMap<string, string> {
  const before = known.get(members)
  if (before !== undefined) return before
  const people = members.map(({ peer, name, friend }) => {
    const shown = memberName({ peer, name })
    return { peer, friend, shown, look: appearance(shown) }
  })
  const names = people.map(({ peer, friend, shown, look }) => {
    const ambiguous = people.some((other) => other.peer !== peer && looksLike(look, other.look))
    return [peer, `${friend ? '' : '~'}${shown}${ambiguous ? ` ${shortId(peer)}` : ''}`] as const
  })
  const result = new Map(names)
  known.set(members, result)
  return result
}

export function memberName({ peer, name }: Pick<GroupMember, 'peer' | 'name'>): string {
  return cleanLine(name, mostCharacters) || shortId(peer)
}

export interface Known {
  friends: ReadonlyMap<string, Friend>
  groups: ReadonlyMap<string, Group>
}

/** The name of who wrote something in this conversation. */
export function authorName({ friends, groups }: Known, conversation: string, peer: string): string {
  const group = groups.get(conversation)
  const member = group === undefined ? undefined : memberNames(group.members).get(peer)
  if (member !== undefined) return member
  const friend = friends.get(peer)
  return friend === undefined ? shortId(peer) : nameOf(friend)
}

/** Messages can be sent there. */
export function isIn({ state }: Pick<Group, 'state'>): boolean {
  return state === 'member' || state === 'frozen'
}

/** This person, `self`, may invite, rename, and decide about those below them. */
export function mayManage(group: Group, self: string): boolean {
  return isIn(group) && (group.founder === self || group.rank > 0)
}

/** A right reaches downwards only: the founder stands above all, then admins by rank. */
export function mayDecideAbout(group: Group, member: GroupMember, self: string): boolean {
  if (!mayManage(group, self) || member.peer === self || member.peer === group.founder) return false
  return group.founder === self || member.rank === 0 || member.rank > group.rank
}
