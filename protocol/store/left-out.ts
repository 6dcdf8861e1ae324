/** What no backup has, and no restored profile keeps: it must be destroyed in time, or opens other backups. */

import type { Database } from './database.ts'
import { dropSecrets } from './secrets.ts'

export function leftOut(database: Database): void {
  dropSecrets(database)
  database.run("DELETE FROM setting WHERE key = 'weekly-backups'")
}
