/**
 * The copies that migrations leave beside the database, `store.v<version>.db`, under the same key: the way back to the
 * program of before. A copy has nothing secret (secrets.ts), and does not outlast its use: it goes once the new version
 * has run a second time and ended cleanly, after a week at the latest, and at once when a text is recalled that it may
 * contain.
 */

import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { destroyFile } from '../base/destroy-file.ts'
import { replaceFile } from '../base/atomic-file.ts'
import { storeFailure } from '../base/disk-errors.ts'
import { QuorumError } from '../base/errors.ts'
import { day } from '../base/units.ts'
import { Database } from './database.ts'
import { dropSecrets } from './secrets.ts'

/** By then somebody who wants the old version back has noticed. */
const longestKept = 7 * day

export class Copies {
  readonly #directory: string
  /** This opening made one: the new version has not ended cleanly yet. */
  #fresh = false

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Copies the database, except for its secrets. An unfinished copy of an earlier attempt is replaced. */
  make(database: Database, key: Uint8Array, version: number): void {
    // SQLite does not flush such a copy, and the migration that follows changes the original.
    replaceFile(join(this.#directory, `store.v${version}.db`), (unfinished) => {
      // The log of an attempt that crashed must not be taken for one of this copy.
      rmSync(`${unfinished}-wal`, { force: true })
      database.run('VACUUM INTO ?', unfinished)
      const copy = new Database(unfinished, key)
      try {
        dropSecrets(copy)
      } finally {
        copy.close()
      }
    })
    this.#fresh = true
  }

  /** Destroys the copies that are older than a week. */
  destroyOld(): void {
    for (const file of this.#files()) if (Date.now() - statSync(file).mtimeMs > longestKept) destroyFile(file)
  }

  /** The store ended cleanly. What the disk refuses is left to the next end, or to the opening after a week. */
  ended(): void {
    if (this.#fresh) return
    try {
      this.destroyAll()
    } catch (error) {
      if (!(error instanceof QuorumError)) throw error
    }
  }

  /** Errors: `not-writable`, `disk-full`. */
  destroyAll(): void {
    try {
      for (const file of this.#files()) destroyFile(file)
    } catch (error) {
      throw storeFailure(error)
    }
  }

  #files(): string[] {
    const names = readdirSync(this.#directory).filter((name) => /^store\.v\d+\.db$/.test(name))
    return names.map((name) => join(this.#directory, name))
  }
}
