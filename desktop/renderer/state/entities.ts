/** What is known of people, files and ourselves, as calls and events tell it. */
import type { Friend, Self, Transfer } from '#protocol'
import { store, withEntry } from './state.ts'

export function putFriend(friend: Friend): void {
  store.set(({ friends, open }) => {
    const known = friends.get(friend.peer)
    // What is read at this moment is not unread, whatever the event remembers.
    const reading = open === friend.peer && document.hasFocus()
    const unread = reading ? (known?.unread ?? 0) : friend.unread
    return { friends: withEntry(friends, friend.peer, { ...friend, unread }) }
  })
}

export function changeFriend(peer: string, patch: Partial<Friend>): void {
  const friend = store.get().friends.get(peer)
  if (friend !== undefined) store.set(({ friends }) => ({ friends: withEntry(friends, peer, { ...friend, ...patch }) }))
}

export function putTransfer(transfer: Transfer): void {
  store.set(({ transfers }) => ({ transfers: withEntry(transfers, transfer.id, transfer) }))
}

/** Also notes since when no node answers. */
export function putSelf(self: Self): void {
  const away = self.nodes.length > 0 && self.nodes.every(({ state }) => state !== 'connected')
  store.set(({ offlineSince }) => ({ self, offlineSince: away ? (offlineSince ?? Date.now()) : undefined }))
}
