/**
 * Deletes what has expired, a little in each transaction: a full table at once would stop the node for many seconds.
 * Then returns the space to the system.
 */
import type Database from 'better-sqlite3-multiple-ciphers'
import { limits } from '#protocol'
import { nodeLimits } from './limits.ts'

/** Resolves when all is gone that has expired at the given time, or when `write` is refused. */
export function expiry(
  db: Database.Database,
  write: <T>(change: () => T) => Promise<T>,
): (now: number) => Promise<void> {
  const expired = (table: string, key: string, condition: string): Database.Statement<[number]> =>
    db.prepare(
      `DELETE FROM ${table} WHERE ${key} IN
         (SELECT ${key} FROM ${table} WHERE ${condition} LIMIT ${nodeLimits.expiredTogether})`,
    )
  const handles = expired('handles', 'handle', 'seen < ?')
  const parked = expired('parked', 'slot', 'expires_at <= ?')
  const envelopes = expired('envelopes', 'id', 'held_since < ?')
  const tickets = expired('tickets', 'recipient', 'seen < ?')
  const parcels = expired('parcels', 'id', 'held_since < ?')
  const all = async (statement: Database.Statement<[number]>, before: number): Promise<void> => {
    while ((await write(() => statement.run(before).changes)) === nodeLimits.expiredTogether);
  }
  return async (now) => {
    await all(handles, now - limits.handleKept)
    await all(parked, now)
    await all(envelopes, now - limits.heldFor)
    await all(tickets, now - limits.mailbox.heldFor)
    await all(parcels, now - limits.mailbox.heldFor)
    const free = (): number => Number(db.pragma('freelist_count', { simple: true }))
    for (let left = await write(free), before = Infinity; left > 0 && left < before;) {
      before = left
      left = await write(() => {
        db.pragma(`incremental_vacuum(${nodeLimits.expiredTogether})`)
        return free()
      })
    }
  }
}
