/** The backups that a running peer makes: `exportBackup`, which tells how far it is and ends with the peer. */
import type { Backup, CallParams } from './api/calls.ts'
import type { Emit } from './api/events.ts'
import { exportBackup } from './backup.ts'
import type { Store } from './store/store.ts'

export interface BackupsOptions {
  store: Store
  emit: Emit
}

export class Backups {
  readonly #options: BackupsOptions
  readonly #end = new AbortController()
  readonly #running = new Set<Promise<unknown>>()

  constructor(options: BackupsOptions) {
    this.#options = options
  }

  /** Interrupts what is being written, and resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.allSettled(this.#running)
  }

  async export({ path, passphrase, replace }: CallParams<'exportBackup'>): Promise<Backup> {
    const { store, emit } = this.#options
    return this.#run(
      exportBackup(store, {
        path,
        passphrase,
        replace,
        onProgress: (done, total) => emit({ event: 'backup-progress', data: { done, total } }),
        signal: this.#end.signal,
      }),
    )
  }

  async #run<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }
}
