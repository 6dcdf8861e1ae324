/**
 * The copy of a running store that a backup is made of: complete and of one moment. The event loop goes on meanwhile:
 * the file is copied as it is, encrypted, and the rest is done by another thread (backup-worker.ts). It lives in the
 * folder of the store while the backup is written. One that a crash leaves goes at the next opening.
 */

import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { destroyFile } from '../base/destroy-file.ts'
import { storeFailure } from '../base/disk-errors.ts'
import { MiB } from '../base/units.ts'
import type { Database } from './database.ts'
import { backupCopyName, databaseName } from './files.ts'
import type { StoreCopy } from './store.ts'

/** Bytes that are copied at once. */
const slice = MiB
/** Where SQLite locks the file. It stores nothing there, and Windows lets nobody read it. */
const lockBytes = { at: 1024 * MiB, length: 512 }

/** See `Store.withCopy`. `key`: of the store. */
export async function withCopy<T>(
  database: Database,
  directory: string,
  key: Buffer,
  use: (copy: StoreCopy) => Promise<T>,
): Promise<T> {
  const file = join(directory, `store.backup-${randomBytes(4).toString('hex')}.db`)
  const ownKey = Buffer.from(key)
  try {
    // Closing a file gives up the locks of this process on it. What keeps other processes out is the lock of the store.
    await database
      .whileStill(() => copyFile(join(directory, databaseName), file))
      .catch((error: unknown) => {
        throw storeFailure(error)
      })
    return await use({ file, key: ownKey })
  } finally {
    ownKey.fill(0)
    // The thread has removed them, unless it was ended.
    const beginning = basename(file, '.db')
    for (const name of readdirSync(directory)) if (name.startsWith(beginning)) remove(join(directory, name))
  }
}

/** What a crash left. Errors: `not-writable`. */
export function discardCopies(directory: string): void {
  for (const name of readdirSync(directory)) if (backupCopyName.test(name)) remove(join(directory, name))
}

/** Errors: those of the disk. */
async function copyFile(from: string, to: string): Promise<void> {
  const source = await open(from, 'r')
  try {
    const target = await open(to, 'wx', 0o600)
    try {
      const { size } = await source.stat()
      const bytes = Buffer.alloc(slice)
      let at = 0
      while (at < size) {
        if (at === lockBytes.at) at += lockBytes.length
        const wanted = (at < lockBytes.at ? Math.min(size, lockBytes.at) : size) - at
        const { bytesRead } = await source.read(bytes, 0, Math.min(slice, wanted), at)
        if (bytesRead === 0) throw new Error('The store became shorter while it was copied')
        await target.write(bytes, 0, bytesRead, at)
        at += bytesRead
      }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

function remove(file: string): void {
  try {
    destroyFile(file)
  } catch (error) {
    throw storeFailure(error)
  }
}
