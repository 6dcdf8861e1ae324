/**
 * The backups of a running peer: `exportBackup`, the weekly ones that a person may want, and whether the person is
 * reminded that there is none. What is being written ends with the peer.
 */
import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Backup, BackupState, CallParams } from './api/calls.ts'
import { exportBackup, writeBackup } from './backup.ts'
import { BackupSettings, type WeeklySettings } from './backup-settings.ts'
import { errorToData, QuorumError, toError } from './base/errors.ts'
import type { Log } from './base/log.ts'
import { day, hour, minute } from './base/units.ts'
import { shortId } from './identity/identity.ts'
import type { PeerEvents } from './peer-events.ts'
import { newBackupFile } from './store/backup-file.ts'
import { newBackupKey } from './store/backup-format.ts'
import type { Store } from './store/store.ts'

/** One a week, of which the newest three stay. Whether one is due is asked each minute: many peers run for minutes. */
const weekly = { every: 7 * day, kept: 3, asked: minute, again: hour }
/** So long a friendship has lasted before the person is reminded. */
const worthKeeping = 3 * day

export interface BackupsOptions {
  store: Store
  /** PeerId. */
  peer: string
  events: Pick<PeerEvents, 'emit' | 'warn'>
  /** Milliseconds since the epoch. */
  now: () => number
  log: Log
}

export class Backups {
  readonly #options: BackupsOptions
  readonly #settings: BackupSettings
  readonly #end = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  #timer: NodeJS.Timeout | undefined
  #weekly: Promise<void> | undefined
  /** Before this time a weekly backup that failed is not tried again. */
  #notBefore = 0

  constructor(options: BackupsOptions) {
    this.#options = options
    this.#settings = new BackupSettings(options.store)
  }

  start(): void {
    this.#timer = setInterval(() => void this.makeDue(), weekly.asked).unref()
  }

  /** Interrupts what is being written, and resolves when nothing of it is left. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#end.abort()
    await Promise.allSettled([...this.#running, this.#weekly])
  }

  async export({ path, passphrase, replace }: CallParams<'exportBackup'>): Promise<Backup> {
    const { store, now } = this.#options
    const watched = { onProgress: this.#progress, signal: this.#end.signal }
    return this.#run(exportBackup(store, { path, passphrase, replace, now, ...watched }))
  }

  state(): BackupState {
    const { history } = this.#settings
    const { directory, lastAt, error } = this.#settings.weekly ?? {}
    const kept = directory === undefined || lastAt === undefined ? undefined : { directory, lastAt }
    return {
      ...(history.lastAt === undefined ? {} : { lastAt: history.lastAt }),
      remind: kept === undefined && history.lastAt === undefined && history.dismissed !== true && this.#isWorthIt(),
      ...(kept === undefined ? {} : { weekly: { ...kept, ...(error === undefined ? {} : { error }) } }),
    }
  }

  dismissReminder(): BackupState {
    this.#settings.dismiss()
    return this.state()
  }

  /** Makes the first one. Errors: those of `exportBackup`; then nothing has changed. */
  async startWeekly(given: CallParams<'startWeeklyBackups'>): Promise<BackupState & { words?: string }> {
    const { key, preamble, words } = await newBackupKey(given.passphrase)
    const directory = resolve(given.directory)
    const chosen = { directory, key: key.toString('hex'), preamble: preamble.toString('hex'), lastAt: 0 }
    key.fill(0)
    await this.#weekly
    const first = this.#run(this.#write(chosen, this.#progress))
    // Meanwhile none is due.
    this.#weekly = first.then(ignored, ignored).finally(() => {
      this.#weekly = undefined
    })
    this.#settings.weekly = await first
    return { ...this.state(), ...(words === undefined ? {} : { words }) }
  }

  /** Those that are there stay. */
  stopWeekly(): BackupState {
    this.#settings.weekly = undefined
    return this.state()
  }

  /** Makes a weekly backup if one is due. Never rejects: a folder that fails is told once, until it works again. */
  makeDue(): Promise<void> {
    this.#weekly ??= this.#makeDue().finally(() => {
      this.#weekly = undefined
    })
    return this.#weekly
  }

  async #makeDue(): Promise<void> {
    const { events, log, now } = this.#options
    const chosen = this.#settings.weekly
    if (chosen === undefined || now() < this.#notBefore || this.#end.signal.aborted) return
    // After a clock that ran ahead was set right, one is due at once.
    if (chosen.lastAt <= now() && now() < chosen.lastAt + weekly.every) return
    let next = chosen
    try {
      next = await this.#run(this.#write(chosen))
      await removeOlder(chosen.directory, this.#prefix, this.#name(next.lastAt))
    } catch (error) {
      if (this.#end.signal.aborted) return
      this.#notBefore = now() + weekly.again
      log('warn', 'a weekly backup could not be made', toError(error))
      const { code, message } = errorToData(error)
      next = { ...next, error: { code, message } }
      if (chosen.error === undefined) events.warn(code, message, 'weekly-backup')
    }
    // The choice may have changed meanwhile.
    if (this.#settings.weekly?.key === chosen.key) this.#settings.weekly = next
  }

  get #prefix(): string {
    return `quorum-weekly-${shortId(this.#options.peer)}-`
  }

  #name(time: number): string {
    return `${this.#prefix}${new Date(time).toISOString().slice(0, 10)}.backup`
  }

  /** Returns what is chosen from then on. Errors: those of `exportBackup`. */
  async #write(chosen: WeeklySettings, onProgress?: (done: number, total: number) => void): Promise<WeeklySettings> {
    const { store, now } = this.#options
    const [key, preamble] = [Buffer.from(chosen.key, 'hex'), Buffer.from(chosen.preamble, 'hex')]
    const createdAt = now()
    const content = { key, preamble, createdAt, onProgress, signal: this.#end.signal }
    try {
      const file = join(chosen.directory, this.#name(createdAt))
      await newBackupFile(file, true, (part) => writeBackup(store, part, content))
    } finally {
      key.fill(0)
    }
    this.#settings.made(createdAt)
    const { error: _over, ...rest } = chosen
    return { ...rest, lastAt: createdAt }
  }

  #isWorthIt(): boolean {
    const { store, now } = this.#options
    const since = now() - worthKeeping
    return store.friends().some(({ peer, state, addedAt }) => {
      if (state !== 'friend' || addedAt > since) return false
      const { received, queued } = store.conversation(peer)
      return received + queued > 0
    })
  }

  readonly #progress = (done: number, total: number): void =>
    this.#options.events.emit({ event: 'backup-progress', data: { done, total } })

  async #run<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }
}

function ignored(): void {}

/** Removes all but the newest of these backups, and what a crash left of one. Errors: `not-writable`. */
async function removeOlder(directory: string, prefix: string, newest: string): Promise<void> {
  try {
    const names = await readdir(directory)
    const ours = names.filter(
      (name) => name.startsWith(prefix) && /^[\d-]{10}\.backup$/u.test(name.slice(prefix.length)),
    )
    // One of a later day was made while the clock ran ahead.
    const [ahead, others] = [ours.filter((name) => name > newest), ours.filter((name) => name <= newest)]
    const left = names.filter((name) => name.startsWith(prefix) && /\.backup\.[\da-f]{8}\.part$/u.test(name))
    for (const name of [...left, ...[...ahead, ...others.toSorted()].slice(0, -weekly.kept)]) {
      await rm(join(directory, name))
    }
  } catch (error) {
    throw new QuorumError('not-writable', 'An older backup cannot be removed from its folder', { cause: error })
  }
}
