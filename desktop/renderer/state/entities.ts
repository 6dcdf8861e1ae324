/** Friends, transfers, connections and the own profile: how results of calls and events change them in the state. */
import type { ConnectionInfo, Friend, Self, Transfer } from '#protocol'
import { isReading } from './reading.ts'
import { store, withEntry } from './state.ts'

export function putFriend(friend: Friend): void {
  store.set((state) => {
    const { friends } = state
    // A conversation that is being read is read at this moment, even if the event was sent before that.
    const unread = isReading(state, friend.peer) ? (friends.get(friend.peer)?.unread ?? 0) : friend.unread
    return { friends: withEntry(friends, friend.peer, { ...friend, unread }) }
  })
}

export function changeFriend(peer: string, patch: Partial<Friend>): void {
  const friend = store.get().friends.get(peer)
  if (friend !== undefined) store.set(({ friends }) => ({ friends: withEntry(friends, peer, { ...friend, ...patch }) }))
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
