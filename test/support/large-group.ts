/** A group of many on the disk of one profile: the decisions and cards of people who exist nowhere else. */
import { randomBytes } from 'node:crypto'
import { HeldGroup } from '../../protocol/group/held-group.ts'
import { Cards } from '../../protocol/group/cards.ts'
import { signConsent } from '../../protocol/group/signed.ts'
import { createSeed, identityFromSeed } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { Settings } from '../../protocol/identity/settings.ts'
import type { Store } from '../../protocol/store/store.ts'
import { groupRow } from './group-rows.ts'

/** Adds a person for each name to a group that the owner of this profile, which is not open, has founded. */
export async function addMany(store: Store, group: string, names: readonly string[]): Promise<void> {
  const identity = await identityFromSeed(new Settings(store).seed(createSeed))
  const empty = new Uint8Array()
  const held = new HeldGroup({
    identity,
    store,
    group,
    now: Date.now,
    emit: () => {},
    people: { nameOf: () => undefined, isFriend: () => false, online: () => false },
    ownCard: () => ({ name: '', picture: empty, nodes: [] }),
    onNews: () => {},
    onMembers: () => {},
    onMissing: () => {},
    onTicket: () => {},
  })
  for (const name of names) {
    const other = await identityFromSeed(createSeed())
    held.add(signConsent(other, group, randomBytes(16)), 'none')
    const theirs = openMemoryStore()
    theirs.putGroup(groupRow(group))
    new Cards({ identity: other, store: theirs, group, now: Date.now, isMember: () => true }).tell({
      name,
      picture: empty,
      nodes: [],
    })
    for (const { signed } of theirs.groupCards(group)) held.takeCard(signed)
    theirs.close()
  }
}
