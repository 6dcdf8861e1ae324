/** The stored record of a friend, for tests that begin after the friendship was made. */
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
