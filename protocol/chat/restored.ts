/** What a store that was restored from a backup does for parcels before anything else (docs/protocol.md, "Parcels"). */
import { randomBytes } from '../identity/identity.ts'
import type { Store } from '../store/store.ts'
import { eraLength } from '../wire/hello.ts'
import { chatLimits } from './limits.ts'

/**
 * The private halves of the keys that it gave are not in a backup, and of those that it held some may have been used
 * since: it begins a new era with each friend, which owes them a word. `now`: milliseconds since the epoch. Within the
 * caller's transaction.
 */
export function beginMailAnew(store: Store, now: number): void {
  for (const { peer } of store.ticketsGiven()) {
    const anew = { era: randomBytes(eraLength), nextKey: 1, keysHeld: 0, keysTop: 0, owed: true }
    store.putWord({ ...store.word(peer), ...anew, floorUntil: now + chatLimits.keyFloor })
  }
}
