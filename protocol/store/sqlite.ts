/**
 * The store on disk: a folder with the encrypted database, its key file and its lock. Opening it creates a new profile
 * in a folder without one, and refuses a profile that is damaged, locked, newer, or has another passphrase, without
 * changing a byte of it. A file that was lost is never replaced by an empty one.
 */

import { accessSync, chmodSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { QuorumError } from '../base/errors.ts'
import { Copies } from './copies.ts'
import { Database } from './database.ts'
import { discardUnfinished } from '../base/atomic-file.ts'
import { corruptStore, diskErrorOf, storeFailure } from '../base/disk-errors.ts'
import { makeFolderSync } from '../base/make-folder.ts'
import { discardCopies, withCopy } from './backup-copy.ts'
import { databaseName, keyName, lockName } from './files.ts'
import { guardKey, newDataKey, readKeyFile, unguardKey, writeKeyFile } from './key.ts'
import type { KeyFile } from './key.ts'
import { eraseStore } from './erase.ts'
import { createPrivate, takeLock } from './lock.ts'
import type { Lock } from './lock.ts'
import { migrate, migrations } from './migrations.ts'
import { settleRestore } from './restored.ts'
import type { Store } from './store.ts'
import { storeOn } from './tables.ts'

export interface SqliteStoreOptions {
  /** Created (0700) if missing. */
  directory: string
  /** Protects a new profile, opens an existing one. Absent: the key is in a file (0600) beside the database. */
  passphrase?: string
}

/**
 * Opens the store in `directory`, creating it on first use. `close()` releases the lock on it.
 * Errors: `store-locked`, `wrong-passphrase`, `store-corrupt`, `unsupported-version`, `disk-full`, `not-writable`,
 * `bad-request` (a new profile with an empty passphrase).
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return openMigrated(options, migrations)
}

/** As `openSqliteStore`, with the migrations of another version: for tests. */
export async function openMigrated(
  { directory, passphrase }: SqliteStoreOptions,
  steps: readonly string[],
): Promise<Store> {
  prepareDirectory(directory)
  const lock = takeLock(join(directory, lockName))
  try {
    settleRestore(directory)
    discardCopies(directory)
    const keyFile = readKeyFileOf(directory) ?? (await createKeyFile(directory, passphrase))
    const dataKey = await unguardKey(keyFile, passphrase)
    const copies = new Copies(directory)
    const ownKey = Buffer.from(dataKey)
    const database = openDatabase(directory, keyFile, dataKey, steps, copies)
    return withFiles(database, directory, ownKey, copies, lock)
  } catch (error) {
    lock.release()
    throw storeFailure(error)
  }
}

/**
 * Checks the passphrase of the store in `directory`, open or closed; `undefined` means none. Errors:
 * `wrong-passphrase`, `bad-request` when there is no store.
 */
export async function checkPassphrase(directory: string, passphrase: string | undefined): Promise<void> {
  const dataKey = await unguardKey(existingKeyFile(directory), passphrase)
  dataKey.fill(0)
}

/**
 * Changes the passphrase of the closed store in `directory`; `undefined` means none. The database is not touched: an
 * earlier copy of the key file still opens it with the earlier passphrase.
 * Errors: those of opening, and `bad-request` when there is no store or `next` is empty.
 */
export async function changePassphrase(
  directory: string,
  current: string | undefined,
  next: string | undefined,
): Promise<void> {
  prepareDirectory(directory)
  const lock = takeLock(join(directory, lockName))
  try {
    settleRestore(directory)
    const keyFile = existingKeyFile(directory)
    const dataKey = await unguardKey(keyFile, current)
    writeKeyFile(join(directory, keyName), await guardKey(dataKey, next, keyFile.created))
    dataKey.fill(0)
  } finally {
    lock.release()
  }
}

/** The store as its users see it: with the files beside the database. */
function withFiles(database: Database, directory: string, key: Buffer, copies: Copies, lock: Lock): Store {
  const store = storeOn(database)
  let open = true
  const end = (closed: () => void): void => {
    if (!open) return
    open = false
    key.fill(0)
    try {
      store.close()
      closed()
    } finally {
      lock.release()
    }
  }
  return {
    ...store,
    recall(id) {
      const recalled = store.recall(id)
      if (recalled) copies.destroyAll()
      return recalled
    },
    space: () => diskSpace(directory),
    withCopy: (use) => withCopy(database, directory, key, use),
    close: () => end(() => copies.ended()),
    // The lock's own file is removed with the others. Where an open file cannot be removed, it is released before.
    erase: () =>
      end(() => {
        lock.release()
        eraseStore(directory)
      }),
  }
}

function diskSpace(directory: string): { free: number; total: number } {
  const unknown = { free: Infinity, total: Infinity }
  try {
    const { bavail, blocks, bsize } = statfsSync(directory)
    // Some network drives tell no size.
    return blocks === 0 ? unknown : { free: bavail * bsize, total: blocks * bsize }
  } catch (error) {
    // Whether the disk still takes data is seen when something is stored.
    if (diskErrorOf(error) === undefined) throw error
    return unknown
  }
}

/** Creates the folder of a store (0700) if it is missing. Errors: `not-writable`, `disk-full`. */
export function prepareDirectory(directory: string): void {
  try {
    makeFolderSync(directory, 0o700)
    // An empty folder is made private; one with other files keeps its permissions: the files of the store are private.
    if (readdirSync(directory).length === 0) chmodSync(directory, 0o700)
    accessSync(directory, constants.W_OK)
  } catch (error) {
    throw storeFailure(error, directory)
  }
}

/** Errors: `bad-request` when there is none. */
function existingKeyFile(directory: string): KeyFile {
  const keyFile = readKeyFileOf(directory)
  if (!keyFile) throw new QuorumError('bad-request', 'There is no profile in this folder')
  return keyFile
}

/** The key file, after a check that neither it nor the database is missing. */
function readKeyFileOf(directory: string): KeyFile | undefined {
  // A crash may leave one that never counted, perhaps with a key that the passphrase was to guard.
  discardUnfinished(join(directory, keyName))
  const keyFile = readKeyFile(join(directory, keyName))
  const file = join(directory, databaseName)
  if (!keyFile && (existsSync(file) || existsSync(`${file}-wal`))) throw corruptStore('its key file is missing')
  if (keyFile?.created && !existsSync(file)) throw corruptStore('its database is missing')
  if (keyFile?.created && statSync(file).size === 0) throw corruptStore('its database is empty')
  return keyFile
}

/** Written before the database and marked `created` after it: at any time it shows whether a database must exist. */
async function createKeyFile(directory: string, passphrase: string | undefined): Promise<KeyFile> {
  const dataKey = newDataKey()
  const keyFile = await guardKey(dataKey, passphrase, false)
  dataKey.fill(0)
  writeKeyFile(join(directory, keyName), keyFile)
  return keyFile
}

/** Erases `dataKey`. */
function openDatabase(
  directory: string,
  keyFile: KeyFile,
  dataKey: Buffer,
  steps: readonly string[],
  copies: Copies,
): Database {
  const file = join(directory, databaseName)
  createPrivate(file)
  let database: Database | undefined
  try {
    database = new Database(file, dataKey)
    const opened = database
    migrate(opened, steps, (version) => copies.make(opened, dataKey, version))
    copies.destroyOld()
    if (!keyFile.created) {
      database.get('PRAGMA wal_checkpoint(TRUNCATE)')
      writeKeyFile(join(directory, keyName), { ...keyFile, created: true })
    }
    return database
  } catch (error) {
    database?.close()
    throw error
  } finally {
    dataKey.fill(0)
  }
}
