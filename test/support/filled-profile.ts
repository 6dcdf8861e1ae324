/** A profile on disk with one friend, Susan, and what was said with her, for windows that open on it. */
import { randomBytes } from 'node:crypto'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { createPeer, openSqliteStore, type Store } from '../../protocol/index.ts'
import { befriended } from './friends.ts'

/** `fill` stores what was said with Susan, whose PeerId it gets. */
export async function filledProfile(profile: string, fill: (store: Store, susan: string) => void): Promise<void> {
  const { peer } = await identityFromSeed(randomBytes(32))
  const named = await createPeer({ store: await openSqliteStore({ directory: profile }), name: 'Ada', listen: [] })
  await named.stop()
  const store = await openSqliteStore({ directory: profile })
  store.transaction(() => {
    store.putFriend({ ...befriended(peer, []), name: 'Susan' })
    fill(store, peer)
  })
  store.close()
}
