/**
 * Restores the store of a backup in a folder. The file is checked to its last byte, and so is the database in it,
 * before anything of an existing profile is touched (restored.ts).
 */

import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, diskErrorOf, storeFailure } from '../base/disk-errors.ts'
import { QuorumError } from '../base/errors.ts'
import { BackupOpener, beginningBytes, damaged, fileLength, sealedBlockBytes } from './backup-format.ts'
import type { BackupSecret } from './backup-format.ts'
import { Database } from './database.ts'
import { databaseName, keyName, lockName, restoredDatabaseName, restoredKeyName } from './files.ts'
import { guardKey, newDataKey, writeKeyFile } from './key.ts'
import { leftOut } from './left-out.ts'
import { takeLock, type Lock } from './lock.ts'
import { migrate, migrations } from './migrations.ts'
import { discardRestored, settleRestore } from './restored.ts'
import { prepareDirectory } from './sqlite.ts'

/** Bytes of the file that were read, and how many there are. */
export type BackupProgress = (done: number, total: number) => void

export interface RestoreOptions {
  /** The folder of the profile, created (0700) if missing. */
  directory: string
  /** The file of the backup. */
  path: string
  secret: BackupSecret
  /** Protects the restored profile. Absent: its key is in a file (0600) beside the database. */
  newPassphrase?: string
  /** Destroys a profile that is in the folder. */
  replace?: boolean
  /**
   * The profile in the folder is open in this process, and is to be destroyed: closes it, once all is checked. After an
   * error before that it is as it was, and open.
   */
  endCurrent?: () => Promise<void>
  onProgress?: BackupProgress
}

export interface RestoredStore {
  /** Of the identity. */
  seed: Uint8Array
  /** When the backup was made, milliseconds since the epoch. */
  createdAt: number
}

/**
 * Errors: `not-found` (no such file), `backup-damaged`, `unsupported-version`, `wrong-passphrase`, `profile-exists`,
 * `store-locked`, `disk-full`, `not-writable` (or unreadable), `bad-request` (empty passphrase). After an error
 * all is as it was.
 */
export async function restoreStore(options: RestoreOptions): Promise<RestoredStore> {
  const file = await openFile(options.path)
  try {
    const { size } = await file.stat()
    const opener = await BackupOpener.open(await beginningOf(file), options.secret)
    const { head } = opener
    try {
      const expected = fileLength(head.length)
      if (size < expected) throw damaged('its end is missing')
      if (size > expected) throw damaged('there is more at its end than there was')
      return await inFolder(options, (takeOver) => restore(options, file, opener, takeOver))
    } finally {
      head.key.fill(0)
    }
  } finally {
    await file.close()
  }
}

/**
 * What opens the backup in this file. Errors: `not-found`, `not-writable` (unreadable), `backup-damaged`,
 * `unsupported-version`.
 */
export async function backupOpensWith(path: string): Promise<'words' | 'passphrase'> {
  const file = await openFile(path)
  try {
    return BackupOpener.opensWith(await beginningOf(file))
  } finally {
    await file.close()
  }
}

/**
 * Runs `work`; after an error, nothing is left that was not there. The lock of the store is held: from the beginning,
 * or by the open profile until `work` takes the folder over.
 */
async function inFolder<T>(options: RestoreOptions, work: (takeOver: () => Promise<void>) => Promise<T>): Promise<T> {
  const { directory, replace, endCurrent } = options
  const [lockFile, fresh] = [join(directory, lockName), !existsSync(directory)]
  const unlocked = !existsSync(lockFile)
  prepareDirectory(directory)
  let lock: Lock | undefined
  if (endCurrent === undefined) lock = takeLock(lockFile)
  try {
    if (endCurrent === undefined) settleRestore(directory)
    const exists = [keyName, databaseName].some((name) => existsSync(join(directory, name)))
    if (exists && replace !== true) throw new QuorumError('profile-exists', 'There is a profile in this folder already')
    const result = await work(async () => {
      await endCurrent?.()
      lock ??= takeLock(lockFile)
    })
    lock?.release()
    return result
  } catch (error) {
    discardRestored(directory)
    lock?.release()
    if (unlocked) rmSync(lockFile, { force: true })
    if (fresh && readdirSync(directory).length === 0) rmdirSync(directory)
    throw storeFailure(error)
  }
}

async function restore(
  options: RestoreOptions,
  file: FileHandle,
  opener: BackupOpener,
  takeOver: () => Promise<void>,
): Promise<RestoredStore> {
  const { directory, newPassphrase, onProgress } = options
  const path = join(directory, restoredDatabaseName)
  await unpack(file, opener, path, onProgress)
  const key = newDataKey()
  try {
    const keyFile = await guardKey(key, newPassphrase, true)
    const seed = prepare(path, opener.head.key, key)
    await takeOver()
    writeKeyFile(join(directory, restoredKeyName), keyFile)
    settleRestore(directory)
    return { seed, createdAt: opener.head.createdAt }
  } finally {
    key.fill(0)
  }
}

async function unpack(
  file: FileHandle,
  opener: BackupOpener,
  path: string,
  onProgress: BackupProgress | undefined,
): Promise<void> {
  const total = fileLength(opener.head.length)
  const target = await open(path, 'wx', 0o600)
  try {
    for (let at = beginningBytes; at < total; at += sealedBlockBytes) {
      const sealed = await bytesAt(file, at, Math.min(sealedBlockBytes, total - at))
      await target.appendFile(opener.block(sealed, at + sealedBlockBytes >= total))
      onProgress?.(Math.min(at + sealedBlockBytes, total), total)
    }
    await target.sync()
  } finally {
    await target.close()
  }
}

/** Checks the database, gives it the key of the profile, and returns the seed of its identity. */
function prepare(path: string, from: Buffer, to: Buffer): Uint8Array {
  let database: Database | undefined
  try {
    database = new Database(path, from)
    const checked = database.all<{ quick_check: string }>('PRAGMA quick_check')
    if (checked.some(({ quick_check: result }) => result !== 'ok')) throw damaged('its database is damaged')
    // Of the version before there is the backup itself.
    migrate(database, migrations, () => {})
    const seed = database.get<{ value: Buffer }>("SELECT value FROM setting WHERE key = 'seed'")?.value
    if (seed === undefined) throw damaged('there is no identity in it')
    leftOut(database)
    database.run("INSERT OR REPLACE INTO setting (key, value) VALUES ('restored', ?)", Buffer.from('1'))
    database.rekey(to)
    return seed
  } catch (error) {
    // What was read is what was written: the database was broken when the backup was made.
    if (error instanceof QuorumError && error.code === 'store-corrupt') throw damaged('its database is damaged')
    throw error
  } finally {
    database?.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const file = await reading(() => open(path, 'r'))
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw damaged('it is no file')
}

async function beginningOf(file: FileHandle): Promise<Buffer> {
  return bytesAt(file, 0, Math.min((await file.stat()).size, beginningBytes))
}

/** Errors: `backup-damaged` where there are fewer. */
async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let at = 0
  while (at < length) {
    const [offset, rest] = [at, length - at]
    const { bytesRead } = await reading(() => file.read(bytes, offset, rest, position + offset))
    if (bytesRead === 0) throw damaged('its end is missing')
    at += bytesRead
  }
  return bytes
}

async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new QuorumError('not-found', 'There is no such file', { cause: error })
    const failure = diskErrorOf(error)
    if (failure === undefined) throw error
    throw new QuorumError('not-writable', `The backup cannot be read: ${failure.reason}`, { cause: error })
  }
}
