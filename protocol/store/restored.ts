/**
 * Puts a restored profile in the place of the one before, whole or not at all. The new database and the new key file
 * are complete on the disk before the key file gets its name, and that name is the decision: with it, the next opening
 * finishes what a crash left; without it, all of the new profile goes, and the old one is as it was.
 */

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { discardUnfinished, syncFolderSync } from '../base/atomic-file.ts'
import { destroyFile } from '../base/destroy-file.ts'
import { storeFailure } from '../base/disk-errors.ts'
import { databaseName, keyName, restoredDatabaseName, restoredKeyName } from './files.ts'

/** The lock on the store must be held. Errors: `not-writable`, `disk-full`. */
export function settleRestore(directory: string): void {
  try {
    if (existsSync(join(directory, restoredKeyName))) replace(directory)
    else discardRestored(directory)
  } catch (error) {
    throw storeFailure(error)
  }
}

/** Removes a restored profile that was not decided for. Errors are those of the disk as they come. */
export function discardRestored(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(restoredDatabaseName)) rmSync(join(directory, name))
  }
  discardUnfinished(join(directory, restoredKeyName))
}

/** Each step leaves a state that the next call goes on from. */
function replace(directory: string): void {
  const restored = join(directory, restoredDatabaseName)
  if (existsSync(restored)) {
    // Whatever the disk keeps of the old profile, nobody can read it without its key.
    destroyFile(join(directory, keyName))
    // The log of the old database must not be taken for one of the new one.
    const old = readdirSync(directory).filter((name) => /^store\.(?:v\d+\.)?db/.test(name))
    for (const name of old) rmSync(join(directory, name))
    syncFolderSync(directory)
    renameSync(restored, join(directory, databaseName))
    syncFolderSync(directory)
  }
  renameSync(join(directory, restoredKeyName), join(directory, keyName))
  syncFolderSync(directory)
}
