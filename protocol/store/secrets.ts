/**
 * What a copy of a store must not have: private halves of keys, which are destroyed with their use, and what only the
 * newest state of a store may use, since the states after the copy have used it too.
 */
import type { Database } from './database.ts'

/**
 * Removes all of it from a database of this version or of an earlier one; more than once does no harm. What follows for
 * those who go on with the copy is chat/restored.ts. Deleted rows may be left on pages.
 */
export function dropSecrets(database: Database): void {
  database.transaction(() => {
    database.exec(`DELETE FROM sealingKey`)
    const parcels = database.get(`SELECT 1 FROM sqlite_schema WHERE name = 'heldKey'`)
    if (parcels === undefined) return
    database.exec(`
      -- The first key that the friend must keep: it may be in use by a parcel, now or after this copy.
      UPDATE word SET floor = coalesce((
        SELECT min(number) FROM (
          SELECT peer, number FROM heldKey UNION ALL
          SELECT peer, keyNumber FROM parcel WHERE keyNumber > 0
        ) AS used WHERE used.peer = word.peer
      ), iif(floor > 0, floor, top + 1));
      DELETE FROM givenKey;
      DELETE FROM heldKey;
      DELETE FROM parcel;
      UPDATE message SET leftAt = NULL WHERE leftAt IS NOT NULL;
    `)
    // Who goes on with the copy speaks in a chain of their own.
    if (database.get(`SELECT 1 FROM sqlite_schema WHERE name = 'group'`) !== undefined)
      database.exec(`UPDATE "group" SET mark = x''; DELETE FROM groupParcel;`)
  })
}
