/**
 * The store of an ephemeral peer: the same tables in memory. Nothing is written to the disk (SQLite keeps temporary
 * data in memory too), and all data is gone after `close()`.
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
