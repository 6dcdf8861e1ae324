/** Friends, transfers, connections and the own profile: how results of calls and events change them in the state. */
import type { ConnectionInfo, Friend, Self, Transfer } from '#protocol'
import { store, withEntry } from './state.ts'

export function putFriend(friend: Friend): void {
  store.set(({ friends }) => ({ friends: withEntry(friends, friend.peer, friend) }))
}

export function changeFriend(peer: string, patch: Partial<Friend>): void {
  const friend = store.get().friends.get(peer)
  if (friend !== undefined) store.set(({ friends }) => ({ friends: withEntry(friends, peer, { ...friend, ...patch }) }))
}

/** More, or with a negative number fewer, messages of this friend are unread. */
export function countUnread(peer: string, more: number): void {
  changeFriend(peer, { unread: Math.max(0, (store.get().friends.get(peer)?.unread ?? 0) + more) })
}

export function putConnection(peer: string, info: ConnectionInfo): void {
  store.set(({ connections }) => ({ connections: withEntry(connections, peer, info) }))
}

export function putTransfer(transfer: Transfer): void {
  store.set(({ transfers }) => ({ transfers: withEntry(transfers, transfer.id, transfer) }))
}

/** Also records since when no node is connected. */
export function putSelf(self: Self): void {
  const offline = self.nodes.length > 0 && self.nodes.every(({ state }) => state !== 'connected')
  store.set(({ offlineSince }) => ({ self, offlineSince: offline ? (offlineSince ?? Date.now()) : undefined }))
}

export function putTyping(peer: string, active: boolean): void {
  if (store.get().typing.has(peer) === active) return
  store.set((state) => {
    const typing = new Set(state.typing)
    if (active) typing.add(peer)
    else typing.delete(peer)
    return { typing }
  })
}
