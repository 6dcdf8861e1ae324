/**
 * Group commit: changes that arrive together share one transaction and one flush of the disk, and none of them is
 * answered before it is durable.
 *
 * COMMIT blocks the event loop, but not for the disk: with WAL and `synchronous = NORMAL` it appends to the log (-wal)
 * without a flush. The log is flushed after it by the thread pool, which makes the transaction as durable as FULL
 * would. A checkpoint in between leaves no gap: SQLite flushes the log before it copies from it, and the database
 * before it begins the log anew. The log remains the same file while the database is open, and SQLite holds no locks
 * on it; a second descriptor of the database itself would release SQLite's locks when it is closed.
 */
import fs from 'node:fs'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError, toError } from '#protocol'
import { nodeLimits } from './limits.ts'

interface Change {
  /** Within the transaction, in a savepoint of its own. */
  run(): void
  resolve(): void
  reject(error: unknown): void
}

/** The log of a database on disk. */
export interface WriteAheadLog {
  /** Resolves when all that was written so far is durable. */
  flush(): Promise<void>
  flushNow(): void
  /** A flush that runs ends first. */
  close(): void
}

export class GroupCommit {
  readonly #db: Database.Database
  readonly #log: WriteAheadLog
  readonly #together: (work: () => void) => void
  readonly #savepoint: (work: () => void) => void
  readonly #waiting: Change[] = []
  #running = false
  /** The next transaction begins no earlier, by performance.now(). */
  #next = 0
  #closed = false
  /** After a failed flush nobody knows what is on disk, and a second flush may succeed without having written it. */
  #failure: Error | undefined

  constructor(db: Database.Database, log: WriteAheadLog) {
    this.#db = db
    this.#log = log
    this.#together = db.transaction((work: () => void) => work()).immediate
    this.#savepoint = db.transaction((work: () => void) => work())
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The error of a failed flush: nothing is written any more until the next start, which checks the log. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /**
   * Carries out `change` in the next transaction; resolves with its result when that is durable. If it throws, it
   * alone is undone. Errors: what it throws, those of the disk, `rate-limited` if too many wait, `cancelled`.
   */
  write<T>(change: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const refused = this.#refusal()
    if (refused !== undefined) {
      reject(refused)
      return promise
    }
    let result: T
    this.#waiting.push({
      run: () => this.#savepoint(() => void (result = change())),
      resolve: () => resolve(result),
      reject,
    })
    if (!this.#running) void this.#run()
    return promise
  }

  /** Carries out what waits, and returns when it is durable; `write` is refused from now on. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const done: Change[] = []
    while (this.#waiting.length > 0) done.push(...this.#commit())
    try {
      if (done.length > 0) this.#log.flushNow()
      for (const { resolve } of done) resolve()
    } catch (error) {
      this.#fail(error, done)
    }
    this.#log.close()
  }

  #refusal(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure
    if (this.#closed) return new QuorumError('cancelled', 'The node stops')
    if (this.#waiting.length < nodeLimits.writesWaiting) return undefined
    return new QuorumError('rate-limited', 'The disk of this node is busy: wait some seconds')
  }

  /** One transaction after the other, while changes wait. What arrives during a flush is in the next one. */
  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const early = this.#next - performance.now()
      await (early > 0 ? wait(early) : setImmediate())
      if (this.#closed) break
      this.#next = performance.now() + nodeLimits.writeWindow
      const done = this.#commit()
      if (done.length === 0) continue
      try {
        await this.#log.flush()
        for (const { resolve } of done) resolve()
      } catch (error) {
        this.#fail(error, done)
      }
    }
    this.#running = false
  }

  /** Returns those that were carried out, to be answered when they are durable. The others have been refused. */
  #commit(): Change[] {
    const group = this.#waiting.splice(0, nodeLimits.writesTogether)
    const done: Change[] = []
    try {
      this.#together(() => {
        for (const change of group) {
          try {
            change.run()
            done.push(change)
          } catch (error) {
            // A full disk can end the whole transaction: nothing of it may be carried out outside of one.
            if (!this.#db.inTransaction) throw error
            change.reject(error)
          }
        }
      })
      return done
    } catch (error) {
      for (const { reject } of group) reject(error)
      return []
    }
  }

  #fail(error: unknown, done: readonly Change[]): void {
    this.#failure = toError(error)
    for (const { reject } of [...done, ...this.#waiting.splice(0)]) reject(this.#failure)
  }
}

/** The log of the database at `file`, which is open. */
export function writeAheadLog(file: string): WriteAheadLog {
  if (file === ':memory:') return { flush: () => Promise.resolve(), flushNow() {}, close() {} }
  // For writing: Windows flushes no other.
  const descriptor = fs.openSync(`${file}-wal`, 'r+')
  let flushing: Promise<void> = Promise.resolve()
  return {
    flush: () => (flushing = promisify(fs.fdatasync)(descriptor)),
    flushNow: () => fs.fdatasyncSync(descriptor),
    close() {
      const close = (): void => fs.closeSync(descriptor)
      void flushing.then(close, close)
    },
  }
}
