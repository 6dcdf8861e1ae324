/** The row of a person: before anything is known, and what an envelope reports. */
import { unnamed } from './candidate.ts'
import type { FriendRow } from '../store/store.ts'
import type { ContactContent } from '../wire/contact.ts'

/** Of somebody added at `addedAt`, in milliseconds since the epoch. */
export function emptyRow(peer: string, addedAt: number): FriendRow {
  return {
    peer,
    name: unnamed,
    state: 'removed',
    verified: false,
    invited: false,
    addedAt,
    nodes: [],
    addresses: [],
    heardSequence: 0,
    spokenSequence: 0,
    recordSequence: 0,
  }
}

/** What an envelope reports about its sender. */
export function announced(content: ContactContent) {
  const { name, nodes, addresses, sealingKey, sequence } = content
  return { name, nodes, addresses, heardSequence: sequence, ...(sealingKey == null ? {} : { sealingKey }) }
}
