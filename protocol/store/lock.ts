/**
 * One process at a time on a profile. The lock is SQLite's own lock on an empty file: the system takes it from a
 * process that died, however it died, so there is no stale lock to judge and no process id to mistake. It says
 * nothing about who holds it, and does not guard against programs that ignore it.
 */

import { closeSync, openSync } from 'node:fs'
import Sqlite from 'better-sqlite3-multiple-ciphers'
import { codeOf, storeFailure } from '../base/disk-errors.ts'

export interface Lock {
  /** Idempotent. */
  release(): void
}

/**
 * Takes the lock on `file` (created if missing) at once or not at all, also against another holder in this process.
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
 * Creates `file` empty and for its owner only; leaves an existing one alone. It must not even be opened: closing any
 * descriptor of a file drops the POSIX locks that the process holds on it (fcntl(2)).
 */
export function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw storeFailure(error)
  }
}
