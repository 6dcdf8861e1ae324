/** What a store remembers of a friend, for tests that begin where the friendship is made already. */
import type { FriendRow } from '../../protocol/store/store.ts'

export function befriended(peer: string, nodes: string[], addresses: string[] = []): FriendRow {
  return {
    peer,
    name: 'Friend',
    state: 'friend',
    verified: false,
    invited: false,
    addedAt: 1,
    nodes,
    addresses,
    heardSequence: 0,
    spokenSequence: 0,
    recordSequence: 0,
  }
}
