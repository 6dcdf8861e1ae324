/** Friends, groups, transfers, connections, the own profile: how results of calls and events change them. */
import type { ConnectionInfo, Friend, Group, Self, Transfer, TransferState } from '#protocol'
import { store, withEntry } from './state.ts'

/** Transfers in memory, from which on those that are over are dropped. */
const transfersHeld = 2000
const underWay: ReadonlySet<TransferState> = new Set(['offered', 'waiting', 'active', 'paused'])

export function putFriend(friend: Friend): void {
  store.set(({ friends }) => ({ friends: withEntry(friends, friend.peer, friend) }))
}

export function changeFriend(peer: string, patch: Partial<Friend>): void {
  const friend = store.get().friends.get(peer)
  if (friend !== undefined) store.set(({ friends }) => ({ friends: withEntry(friends, peer, { ...friend, ...patch }) }))
}

export function putConnection(peer: string, info: ConnectionInfo): void {
  store.set(({ connections }) => ({ connections: withEntry(connections, peer, info) }))
}

/** Of those that are over, only the last ones stay: others are loaded again where they are shown. */
export function putTransfer(transfer: Transfer): void {
  store.set(({ transfers }) => {
    const next = new Map(transfers).set(transfer.id, transfer)
    if (next.size <= transfersHeld) return { transfers: next }
    const ended = [...next.values()].filter(({ id, state }) => id !== transfer.id && !underWay.has(state))
    for (const { id } of ended.slice(0, -transfersHeld / 2)) next.delete(id)
    return { transfers: next }
  })
}

/** Also records since when no node is connected. */
export function putSelf(self: Self): void {
  const offline = self.nodes.length > 0 && self.nodes.every(({ state }) => state !== 'connected')
  store.set(({ offlineSince }) => ({ self, offlineSince: offline ? (offlineSince ?? Date.now()) : undefined }))
}

export function putGroup(group: Group): void {
  store.set(({ groups }) => ({ groups: withEntry(groups, group.group, group) }))
}

/** Of all groups, which the peer has just listed. */
export function putGroups(groups: readonly Group[]): void {
  store.set({ groups: new Map(groups.map((group) => [group.group, group])) })
}

/** `peer` writes in this conversation, or no longer does. */
export function putTyping(conversation: string, peer: string, active: boolean): void {
  const before = store.get().typing.get(conversation) ?? []
  if (before.includes(peer) === active) return
  const now = active ? [...before, peer] : before.filter((one) => one !== peer)
  store.set(({ typing }) => ({ typing: withEntry(typing, conversation, now.length === 0 ? undefined : now) }))
}
