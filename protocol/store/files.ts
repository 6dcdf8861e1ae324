/** The names of the files of a store in its folder. All begin with `store.`, except for the lock. */

export const databaseName = 'store.db'
export const keyName = 'store.key'
export const lockName = 'lock.db'

/** A restored profile before it takes the place of the one before (restored.ts). */
export const restoredDatabaseName = 'store.restored.db'
export const restoredKeyName = 'store.restored.key'

/** Copies that a backup is made of (backup-copy.ts). */
export const backupCopyName = /^store\.backup-/
