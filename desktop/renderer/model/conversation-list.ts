/** The conversations of the sidebar: friends and groups in one list, the newest first. Pure. */
import { addedAt } from '#message-times'
import type { Friend, Group, Message } from '#protocol'
import { nameOf } from './friend-display.ts'
import { groupName } from './group-display.ts'

export type Listed =
  | { id: string; friend: Friend; group?: undefined }
  | { id: string; group: Group; friend?: undefined }

/**
 * By the newest message or the time when the friend or group was added, newest first, then by name. Who asks for
 * friendship is listed elsewhere; who was removed only if something was said.
 */
export function conversationList(
  friends: Iterable<Friend>,
  groups: Iterable<Group>,
  last: ReadonlyMap<string, Message>,
): Listed[] {
  const people = [...friends].filter(
    ({ state, peer }) => state !== 'incoming' && (state !== 'removed' || last.has(peer)),
  )
  const all: Listed[] = [
    ...people.map((friend) => ({ id: friend.peer, friend })),
    ...[...groups].map((group) => ({ id: group.group, group })),
  ]
  const placed = all.map((listed) => ({ listed, at: placeOf(listed, last.get(listed.id)), name: nameIn(listed) }))
  return placed.toSorted((a, b) => b.at - a.at || a.name.localeCompare(b.name)).map(({ listed }) => listed)
}

function placeOf({ friend, group }: Listed, last: Message | undefined): number {
  const since = friend === undefined ? group.createdAt : friend.addedAt
  return last === undefined ? since : Math.max(addedAt(last), since)
}

function nameIn({ friend, group }: Listed): string {
  return friend === undefined ? groupName(group) : nameOf(friend)
}
