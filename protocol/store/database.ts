/**
 * One SQLite connection for the store: statements prepared once, nested transactions, errors as QuorumErrors, and the
 * settings that keep plain text off the disk. It never calls `serialize()`, which returns plain text, or `backup()`,
 * which fails for an encrypted database: a copy is made with `VACUUM INTO`, which keeps the key, or of the file itself.
 */

import Sqlite from 'better-sqlite3-multiple-ciphers'
import { storeFailure } from '../base/disk-errors.ts'
import { QuorumError } from '../base/errors.ts'

type Value = string | number | Uint8Array | null
/** For `?` in order, or for `$name`. */
type Values = Value[] | [Record<string, Value>]

type Statement = Sqlite.Statement

/** After as many pages the write-ahead log is written back: SQLite's own default. */
const pagesInLog = 1000

export class Database {
  readonly #connection: Sqlite.Database
  readonly #statements = new Map<string, Statement>()
  #depth = 0
  /**
   * SQLite rolled back the whole transaction (a full disk): later statements of its block must not run outside of it.
   */
  #lost: { reason: unknown } | undefined
  #eraseDue = false
  /** The file is being copied (`whileStill`). */
  #still = false
  #lastStill: Promise<unknown> = Promise.resolve()

  /**
   * Opens `file`, or a database in memory without one. `key`: 32 random bytes, used as they are, without a key
   * derivation. Each page is sealed with ChaCha20-Poly1305, so a changed byte is detected when it is read. Errors:
   * `store-corrupt` (also for the wrong `key`), `not-writable`, `disk-full`.
   */
  constructor(file?: string, key?: Uint8Array) {
    this.#connection = new Sqlite(file ?? ':memory:', { timeout: 0 })
    try {
      this.#configure(key)
    } catch (error) {
      this.#connection.close()
      throw storeFailure(error)
    }
  }

  // oxlint-disable-next-line no-unnecessary-type-parameters -- the caller knows its columns, as with all()
  get<Row>(sql: string, ...values: Values): Row | undefined {
    return this.#attempt(() => this.#prepared(sql).get(...values) as Row | undefined)
  }

  all<Row>(sql: string, ...values: Values): Row[] {
    return this.#attempt(() => this.#prepared(sql).all(...values) as Row[])
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: Values): number {
    return this.#attempt(() => this.#prepared(sql).run(...values).changes)
  }

  /** Runs a script of statements that return nothing. */
  exec(sql: string): void {
    this.#attempt(() => this.#connection.exec(sql))
  }

  /** Runs `work` as one transaction. A nested one is a savepoint: a throw rolls back at least `work`. */
  transaction<T>(work: () => T): T {
    const level = this.#depth
    this.run(level === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT level${level}`)
    this.#depth += 1
    let result: T
    try {
      result = work()
      this.run(level === 0 ? 'COMMIT' : `RELEASE level${level}`)
    } catch (error) {
      if (this.#connection.inTransaction) {
        this.#connection.exec(level === 0 ? 'ROLLBACK' : `ROLLBACK TO level${level}; RELEASE level${level}`)
      }
      throw error
    } finally {
      this.#depth = level
      if (level === 0) this.#lost = undefined
    }
    if (level === 0) this.#eraseLog()
    return result
  }

  /**
   * Data was deleted that must not be recoverable: after the current transaction the write-ahead log, which still
   * contains older pages (encrypted), is truncated. While the file is being copied: after that.
   */
  erased(): void {
    this.#eraseDue = true
    if (this.#depth === 0) this.#eraseLog()
  }

  /** Encrypts the whole file with another key. No other connection may be open on it. Errors: those of the disk. */
  rekey(key: Uint8Array): void {
    this.#attempt(() => {
      // The write-ahead log cannot change its key.
      this.#connection.pragma('journal_mode = DELETE')
      const raw = rawKey(key)
      this.#connection.rekey(raw)
      raw.fill(0)
    })
  }

  /**
   * Runs `work` while the file has everything that is committed now and does not change: what is written meanwhile
   * stays in the write-ahead log. One after the other. Errors: `cancelled` if the database was closed meanwhile.
   */
  whileStill<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastStill.then(async () => {
      const [checkpoint] = this.all<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)')
      if (checkpoint?.busy !== 0) throw new Error('The write-ahead log could not be written back')
      this.#still = true
      try {
        this.#attempt(() => this.#connection.pragma('wal_autocheckpoint = 0'))
        const result = await work()
        // Closing writes the log back: then the file has changed.
        this.#attempt(() => undefined)
        return result
      } finally {
        this.#still = false
        if (this.#connection.open) {
          this.#connection.pragma(`wal_autocheckpoint = ${pagesInLog}`)
          this.#eraseLog()
        }
      }
    })
    this.#lastStill = done.catch(() => undefined)
    return done
  }

  /** Idempotent. */
  close(): void {
    this.#connection.close()
  }

  #configure(key: Uint8Array | undefined): void {
    if (key) {
      this.#connection.pragma("cipher = 'chacha20'")
      const raw = rawKey(key)
      this.#connection.key(raw)
      raw.fill(0)
    }
    this.#connection.exec(`
      PRAGMA temp_store = MEMORY;
      PRAGMA secure_delete = ON;
      PRAGMA foreign_keys = ON;
      PRAGMA trusted_schema = OFF;
      PRAGMA locking_mode = EXCLUSIVE; -- no shared-memory file beside the database
      SELECT count(*) FROM sqlite_schema; -- a wrong key or a broken first page shows here, before anything is written
      PRAGMA journal_mode = WAL;
      PRAGMA cache_size = -4096; -- KiB; with the 16 MiB of this build no call is faster, and memory grows for hours
      PRAGMA synchronous = FULL; -- a commit that returned is on the disk
    `)
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #attempt<T>(work: () => T): T {
    if (this.#lost) throw this.#lost.reason
    if (!this.#connection.open) throw new QuorumError('cancelled', 'The store is closed')
    try {
      return work()
    } catch (error) {
      const reason = storeFailure(error)
      if (this.#depth > 0 && !this.#connection.inTransaction) this.#lost = { reason }
      throw reason
    }
  }

  #eraseLog(): void {
    if (!this.#eraseDue || this.#still) return
    try {
      this.#connection.pragma('wal_checkpoint(TRUNCATE)')
      this.#eraseDue = false
    } catch (error) {
      // The change is committed, so a full disk must not make it look failed: the next commit retries.
      if (!(error instanceof Sqlite.SqliteError)) throw error
    }
  }
}

/** The form that SQLite takes without a key derivation. */
function rawKey(key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('raw:'), key])
}
