/**
 * What a copy of a store must not have: private halves of keys, which are destroyed with their use, and what only the
 * newest state of a store may use, since the states after the copy have used it too.
 */
import type { Database } from './database.ts'

/**
 * Removes all of it from a database, attached as `schema`, of this version or of an earlier one. What follows for those
 * who go on with the copy is chat/restored.ts. Deleted rows may be left on pages.
 */
export function dropSecrets(database: Database, schema: 'main' | 'copy'): void {
  database.transaction(() => {
    database.exec(`DELETE FROM ${schema}.sealingKey`)
    const parcels = database.get(`SELECT 1 FROM ${schema}.sqlite_schema WHERE name = 'heldKey'`)
    if (parcels === undefined) return
    database.exec(`
      -- The first key that the friend must keep: it may be in use by a parcel, now or after this copy.
      UPDATE ${schema}.word SET floor = coalesce((
        SELECT min(number) FROM (
          SELECT peer, number FROM ${schema}.heldKey UNION ALL
          SELECT peer, keyNumber FROM ${schema}.parcel WHERE keyNumber > 0
        ) AS used WHERE used.peer = word.peer
      ), top + 1);
      DELETE FROM ${schema}.givenKey;
      DELETE FROM ${schema}.heldKey;
      DELETE FROM ${schema}.parcel;
      UPDATE ${schema}.message SET leftAt = NULL WHERE leftAt IS NOT NULL;
    `)
  })
}
