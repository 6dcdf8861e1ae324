/** Friends, transfers, connections and the own profile: how results of calls and events change them in the state. */
import type { ConnectionInfo, Friend, Self, Transfer, TransferState } from '#protocol'
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

export function putTyping(peer: string, active: boolean): void {
  if (store.get().typing.has(peer) === active) return
  store.set((state) => {
    const typing = new Set(state.typing)
    if (active) typing.add(peer)
    else typing.delete(peer)
    return { typing }
  })
}
