/**
 * One process at a time on a profile. The lock is SQLite's own lock on an empty file: the system releases it when the
 * process ends in any way, so no lock is ever stale and no process id can be mistaken. It does not identify its holder,
 * and does not prevent access by programs that ignore it.
 */

import { closeSync, openSync } from 'node:fs'
import Sqlite from 'better-sqlite3-multiple-ciphers'
import { codeOf, storeFailure } from '../base/disk-errors.ts'

export interface Lock {
  /** Idempotent. */
  release(): void
}

/**
 * Takes the lock on `file` (created if missing) without waiting, also against another holder in this process.
 * Errors: `store-locked`, `not-writable`, `disk-full`.
 */
export function takeLock(file: string): Lock {
  createPrivate(file)
  const connection = new Sqlite(file, { timeout: 0 })
  try {
    connection.pragma('journal_mode = MEMORY')
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    throw storeFailure(error)
  }
  return { release: () => void connection.close() }
}

/**
 * Creates `file` empty, readable by its owner only; does not touch an existing one. It must not even be opened: closing
 * any descriptor of a file drops the POSIX locks that the process has on it (fcntl(2)).
 */
export function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw storeFailure(error)
  }
}
