/**
 * One SQLite connection, as the store needs it: statements prepared once, transactions that nest, errors with our
 * codes, and the settings that keep what was said off the disk in plain form. It never calls `serialize()` (plain
 * text) or `backup()` (fails when encrypted): a copy is `VACUUM INTO`, which keeps the key.
 */

import Sqlite from 'better-sqlite3-multiple-ciphers'
import { storeFailure } from '../base/disk-errors.ts'

type Value = string | number | Uint8Array | null
/** For `?` in order, or for `$name`. */
type Values = Value[] | [Record<string, Value>]

type Statement = Sqlite.Statement

export class Database {
  readonly #connection: Sqlite.Database
  readonly #statements = new Map<string, Statement>()
  #depth = 0
  /** SQLite gave up the whole transaction (a full disk): what is left of its block must not run outside of it. */
  #lost: { reason: unknown } | undefined
  #eraseDue = false

  /**
   * Opens `file`, or a database in memory without one. `key`: 32 random bytes; they are used as they are, no key is
   * derived from them. Each page is sealed with ChaCha20-Poly1305, so a changed byte is noticed when it is read.
   * Errors: `store-corrupt` (also when `key` is another's), `not-writable`, `disk-full`.
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

  /** Makes `test` callable from SQL. */
  define(name: string, test: (a: unknown, b: unknown) => boolean): void {
    this.#connection.function(name, { deterministic: true, directOnly: true }, (a, b) => Number(test(a, b)))
  }

  /** Runs `work` as one transaction. Within another it joins it, but a throw undoes at least `work`. */
  transaction<T>(work: () => T): T {
    const level = this.#depth
    this.run(level === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT level${level}`)
    this.#depth++
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
   * Something was erased that must not come back: once the current transaction is over, the write-ahead log, where
   * older pages still stand (encrypted), is emptied.
   */
  erased(): void {
    this.#eraseDue = true
    if (this.#depth === 0) this.#eraseLog()
  }

  /** Idempotent. */
  close(): void {
    this.#connection.close()
  }

  #configure(key: Uint8Array | undefined): void {
    if (key) {
      this.#connection.pragma("cipher = 'chacha20'")
      const raw = Buffer.concat([Buffer.from('raw:'), key])
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
    try {
      return work()
    } catch (error) {
      const reason = storeFailure(error)
      if (this.#depth > 0 && !this.#connection.inTransaction) this.#lost = { reason }
      throw reason
    }
  }

  #eraseLog(): void {
    if (!this.#eraseDue) return
    try {
      this.#connection.pragma('wal_checkpoint(TRUNCATE)')
      this.#eraseDue = false
    } catch (error) {
      // What was asked is committed, so a full disk must not make it look failed: the next commit tries again.
      if (!(error instanceof Sqlite.SqliteError)) throw error
    }
  }
}
