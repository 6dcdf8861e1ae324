/**
 * The store of an ephemeral peer: the same tables in memory. Nothing touches the disk (SQLite keeps even its
 * temporary data in memory), and everything is gone when it is closed.
 */

import { Database } from './database.ts'
import { migrate, migrations } from './migrations.ts'
import type { Store } from './store.ts'
import { storeOn } from './tables.ts'

export function openMemoryStore(): Store {
  const database = new Database()
  migrate(database, migrations, () => {})
  return storeOn(database)
}
