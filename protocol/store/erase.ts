/**
 * Removes the files of a store for good. The key is destroyed first: without it, nobody can read what a crash in the
 * middle, or the disk, keeps of the rest.
 */

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { destroyFile } from '../base/destroy-file.ts'
import { storeFailure } from '../base/disk-errors.ts'
import { keyName, restoredKeyName } from './files.ts'

/** `directory` may lack any of them. The store must be closed. Errors: `not-writable`, `disk-full`. */
export function eraseStore(directory: string): void {
  if (!existsSync(directory)) return
  try {
    for (const key of [keyName, restoredKeyName]) {
      for (const name of [key, `${key}.new`]) destroyFile(join(directory, name))
    }
    const rest = readdirSync(directory).filter((name) => /^(store\.|lock\.db)/.test(name))
    for (const name of rest) rmSync(join(directory, name), { force: true, maxRetries: 3 })
  } catch (error) {
    throw storeFailure(error)
  }
}
