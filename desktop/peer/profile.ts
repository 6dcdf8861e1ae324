/**
 * The profile of this process: its store and, while the store is open, its peer. A process opens its profile once.
 * After the profile was locked, or its passphrase changed, the main process ends this process and starts another one:
 * only the end of a process removes every copy of a key from its memory.
 */
import {
  backupOpensWith,
  changePassphrase,
  checkPassphrase,
  createPeer,
  errorToData,
  importBackup,
  openSqliteStore,
  QuorumError,
  toError,
} from '#protocol'
import type { Log, Peer, PeerEvent, Store } from '#protocol'
import { takeOverPrivacy } from '#former-privacy'
import type { BackupSecretKind, PassphraseChange, PeerProcessEvent, PeerStatus } from '../ipc/contract.ts'
import type { PeerProcessOptions } from './options.ts'

/** Warnings that are held for the first window; older ones are dropped. */
const maxEarlyWarnings = 20

/** What opens a backup. */
export type BackupSecret = { words: string } | { passphrase: string }

export class Profile {
  readonly #options: PeerProcessOptions
  readonly #log: Log
  readonly #listeners = new Set<(event: PeerProcessEvent) => void>()
  #status: PeerStatus = { state: 'opening' }
  /** Warnings from before the first window; undefined once they were taken. */
  #earlyWarnings: PeerProcessEvent[] | undefined = []
  #peer: Peer | undefined
  /** The person has confirmed that the window makes this change, once. */
  permit: PassphraseChange | undefined
  /** The file that the person has chosen for a backup, once. */
  backupTo: string | undefined
  /** The folder that the person has chosen for weekly backups, once. */
  weeklyIn: string | undefined
  /** The backup that the person has chosen to restore. */
  #restoreFrom: string | undefined
  /** The last change; changes run one after the other. */
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(options: PeerProcessOptions, log: Log) {
    this.#options = options
    this.#log = log
  }

  get status(): PeerStatus {
    return this.#status
  }

  /** Errors: `cancelled` while the profile is not open. */
  get peer(): Peer {
    if (this.#peer === undefined) throw new QuorumError('cancelled', 'The profile is locked')
    return this.#peer
  }

  subscribe(listener: (event: PeerProcessEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The warnings from before the first window. Only the first call returns them; later warnings are events only. */
  takeEarlyWarnings(): PeerProcessEvent[] {
    const warnings = this.#earlyWarnings ?? []
    this.#earlyWarnings = undefined
    return warnings
  }

  /** Returns whether the person has confirmed this change, and uses that up. */
  takePermit(change: PassphraseChange): boolean {
    const permitted = this.permit === change
    this.permit = undefined
    return permitted
  }

  /** Opens a profile that has no passphrase; with one, the status becomes `locked`. Never rejects. */
  async open(): Promise<PeerStatus> {
    try {
      return await this.#oneByOne(() => this.#start(undefined))
    } catch (error) {
      const locked = error instanceof QuorumError && error.code === 'wrong-passphrase'
      if (!locked) this.#log('error', 'the profile does not open', toError(error))
      return this.#setStatus(locked ? { state: 'locked' } : { state: 'failed', error: errorToData(error) })
    }
  }

  /** Errors: `wrong-passphrase`, those of opening a store, and `cancelled` when this process is about to end. */
  unlock(passphrase: string): Promise<PeerStatus> {
    return this.#oneByOne(async () => {
      if (this.#status.state === 'ending') throw new QuorumError('cancelled', 'The profile was just closed')
      return this.#peer === undefined ? this.#start(passphrase) : this.#status
    })
  }

  /** Closes every connection and the store. Errors: `bad-request` when the profile has no passphrase. */
  lock(): Promise<PeerStatus> {
    return this.#oneByOne(async () => {
      if (this.#status.state !== 'open') return this.#status
      if (!this.#status.guarded) throw new QuorumError('bad-request', 'Set a passphrase before you lock the profile')
      return this.#end()
    })
  }

  /**
   * Closes the store and encrypts its key with `next`. Errors: `cancelled` while the profile is not open;
   * `wrong-passphrase`: then nothing has changed, and the profile is still open.
   */
  setPassphrase(current: string | undefined, next: string | undefined): Promise<PeerStatus> {
    return this.#oneByOne(async () => {
      if (this.#status.state !== 'open') throw new QuorumError('cancelled', 'The profile is not open')
      await checkPassphrase(this.#options.folder, current)
      return this.#end(() => changePassphrase(this.#options.folder, current, next))
    })
  }

  /** Errors: `bad-request` unless the person has chosen where; those of `exportBackup`. */
  async backUp(passphrase: string | undefined): Promise<{ words?: string }> {
    const path = this.backupTo
    this.backupTo = undefined
    if (path === undefined) throw new QuorumError('bad-request', 'Nobody has chosen where the backup is written')
    // The dialog has asked before it returned the name of an existing file.
    const { words } = await this.peer.exportBackup({ path, replace: true, ...(passphrase && { passphrase }) })
    return words === undefined ? {} : { words }
  }

  /** Errors: `bad-request` unless the person has chosen where; those of `startWeeklyBackups`. */
  async keepWeekly(passphrase: string | undefined): Promise<{ words?: string }> {
    const directory = this.weeklyIn
    this.weeklyIn = undefined
    if (directory === undefined) throw new QuorumError('bad-request', 'Nobody has chosen a folder for the backups')
    const { words } = await this.peer.startWeeklyBackups({ directory, ...(passphrase && { passphrase }) })
    return words === undefined ? {} : { words }
  }

  /** The person has chosen this backup. Returns what opens it. Errors: those of `backupOpensWith`. */
  async chooseRestore(path: string): Promise<BackupSecretKind> {
    const kind = await backupOpensWith(path)
    this.#restoreFrom = path
    return kind
  }

  /**
   * Puts the chosen backup in the place of this profile, in which there is nothing yet. Errors: `bad-request` unless
   * the person has chosen one, `profile-exists`, those of `importBackup`: then nothing has changed.
   */
  restore(secret: BackupSecret): Promise<null> {
    return this.#oneByOne(async () => {
      const path = this.#restoreFrom
      if (path === undefined) throw new QuorumError('bad-request', 'Nobody has chosen a backup')
      if (this.#status.state !== 'open') throw new QuorumError('cancelled', 'The profile is not open')
      const [friends, removed] = await Promise.all([this.peer.friends(), this.peer.removedFriends()])
      if (this.#status.guarded || friends.length + removed.length > 0) {
        throw new QuorumError('profile-exists', 'There is something in this profile already')
      }
      let ended = false
      try {
        await importBackup({
          ...secret,
          path,
          directory: this.#options.folder,
          replace: true,
          endCurrent: async () => {
            ended = true
            await this.#stop()
          },
          onProgress: percents((done, total) => this.#emit({ event: 'backup-progress', data: { done, total } })),
        })
      } finally {
        if (ended) this.#setStatus({ state: 'ending' })
      }
      return null
    })
  }

  stop(): Promise<unknown> {
    return this.#oneByOne(() => this.#stop())
  }

  // ---- private

  async #start(passphrase: string | undefined): Promise<PeerStatus> {
    const { folder, downloads, nodes, listen, privacy } = this.#options
    const store: Store = await openSqliteStore({
      directory: folder,
      ...(passphrase === undefined ? {} : { passphrase }),
    })
    try {
      takeOverPrivacy(store, folder)
      this.#peer = await createPeer({
        store,
        nodes,
        downloads,
        ...privacy,
        ...(listen.length > 0 ? { listen } : {}),
        log: this.#log,
      })
    } catch (error) {
      store.close()
      throw error
    }
    this.#peer.subscribe((event: PeerEvent) => this.#emit(event))
    return this.#setStatus({ state: 'open', guarded: passphrase !== undefined })
  }

  /** `closed` runs when the store is closed. Whatever fails, this process will not open the profile again. */
  async #end(closed?: () => Promise<void>): Promise<PeerStatus> {
    try {
      await this.#stop()
      await closed?.()
    } finally {
      this.#setStatus({ state: 'ending' })
    }
    return this.#status
  }

  async #stop(): Promise<void> {
    const peer = this.#peer
    this.#peer = undefined
    await peer?.stop()
  }

  #setStatus(status: PeerStatus): PeerStatus {
    this.#status = status
    this.#log('info', `the profile is ${status.state}`)
    this.#emit({ event: 'status', data: status })
    return status
  }

  #emit(event: PeerProcessEvent): void {
    if (event.event === 'warning' && this.#earlyWarnings !== undefined) {
      this.#earlyWarnings = [...this.#earlyWarnings, event].slice(-maxEarlyWarnings)
    }
    for (const listener of this.#listeners) listener(event)
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastChange.then(work, work)
    this.#lastChange = done.catch(() => undefined)
    return done
  }
}

/** Reports only what makes another percent: the window shows no more. */
function percents(report: (done: number, total: number) => void): (done: number, total: number) => void {
  let shown = 0
  return (done, total) => {
    const percent = Math.floor((100 * done) / total)
    if (percent > shown) report(done, total)
    shown = percent
  }
}
