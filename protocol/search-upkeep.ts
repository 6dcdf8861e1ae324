/**
 * Prepares the messages of an older version for the search while the peer runs, a few at a time: all at once would keep
 * a large profile from opening for many seconds.
 */
import { toError } from './base/errors.ts'
import type { Log } from './base/log.ts'
import type { Store } from './store/store.ts'

/** Some milliseconds of work each time: 200,000 messages take some minutes. */
const messagesAtOnce = 100
const interval = 100

export class SearchUpkeep {
  readonly #store: Pick<Store, 'foldOlder'>
  readonly #log: Log
  #timer: NodeJS.Timeout | undefined

  constructor(store: Pick<Store, 'foldOlder'>, log: Log) {
    this.#store = store
    this.#log = log
  }

  start(): void {
    this.#timer = setInterval(() => this.#step(), interval).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #step(): void {
    try {
      if (!this.#store.foldOlder(messagesAtOnce)) this.stop()
    } catch (error) {
      // A full disk, for example: the next start tries again, and the search finds what it found before.
      this.stop()
      this.#log('warn', 'older messages could not be prepared for the search', toError(error))
    }
  }
}
