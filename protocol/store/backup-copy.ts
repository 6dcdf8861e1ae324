/**
 * The copy of a running store that a backup is made of: complete and of one moment, under a key of its own, and without
 * what a backup must not keep (secrets.ts). It lives in the folder of the store while the
 * backup is written. One that a crash leaves goes at the next opening.
 */

import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { destroyFile } from '../base/destroy-file.ts'
import { storeFailure } from '../base/disk-errors.ts'
import type { Database } from './database.ts'
import { backupCopyName } from './files.ts'
import { newDataKey } from './key.ts'
import { dropSecrets } from './secrets.ts'
import type { StoreCopy } from './store.ts'

/** See `Store.withCopy`. The database makes the copy in one go: about a second for 50 MB. */
export async function withCopy<T>(
  database: Database,
  directory: string,
  use: (copy: StoreCopy) => Promise<T>,
): Promise<T> {
  const name = join(directory, `store.backup-${randomBytes(4).toString('hex')}`)
  const [whole, file] = [`${name}-whole.db`, `${name}.db`]
  const key = newDataKey()
  try {
    database.run('VACUUM INTO ?', whole)
    attached(database, whole, () => {
      dropSecrets(database, 'copy')
      // Once more, so that no page has anything of them.
      database.exec(`VACUUM copy INTO '${file.replaceAll("'", "''")}'`)
    })
    remove(whole)
    attached(database, file, () => {
      const raw = Buffer.concat([Buffer.from('raw:'), key])
      database.exec(`PRAGMA copy.hexrekey = '${raw.toString('hex')}'`)
    })
    return await use({ file, key })
  } finally {
    key.fill(0)
    for (const one of [whole, file]) remove(one)
  }
}

/** What a crash left. Errors: `not-writable`. */
export function discardCopies(directory: string): void {
  for (const name of readdirSync(directory)) if (backupCopyName.test(name)) remove(join(directory, name))
}

/** The connection has the key of the copies that it makes. */
function attached(database: Database, file: string, work: () => void): void {
  database.run('ATTACH ? AS copy', file)
  try {
    work()
  } finally {
    database.exec('DETACH copy')
  }
}

function remove(file: string): void {
  try {
    destroyFile(file)
    for (const rest of ['-journal', '-wal']) rmSync(file + rest, { force: true })
  } catch (error) {
    throw storeFailure(error)
  }
}
