/**
 * The profile of this process: its store and, while that is open, its peer. It opens, locks, unlocks and changes the
 * passphrase; what it is doing is a `PeerStatus`. It keeps no passphrase.
 */
import {
  changePassphrase,
  createPeer,
  errorToData,
  openSqliteStore,
  QuorumError,
  stillHolding,
  toError,
} from '#protocol'
import type { Log, Peer, PeerEvent, PrivacyPatch, Store } from '#protocol'
import { takeOverPrivacy } from '#former-privacy'
import type { PeerProcessEvent, PeerStatus } from '../ipc/contract.ts'
import type { PeerProcessOptions } from './options.ts'

/** Warnings kept for the first window. */
const unheardKept = 20

export class Profile {
  readonly #options: PeerProcessOptions
  readonly #log: Log
  readonly #listeners = new Set<(news: PeerProcessEvent) => void>()
  #status: PeerStatus = { state: 'opening' }
  /** What was given for this run and not chosen otherwise since: a profile that is unlocked again keeps it. */
  #given: PrivacyPatch
  /** Warnings that came before a window could hear them; undefined once one has. */
  #unheard: PeerProcessEvent[] | undefined = []
  #peer: Peer | undefined
  /** One change at a time. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: PeerProcessOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#given = options.privacy
  }

  get status(): PeerStatus {
    return this.#status
  }

  /** Errors: `cancelled` while the profile is not open. */
  get peer(): Peer {
    if (this.#peer === undefined) throw new QuorumError('cancelled', 'The profile is locked')
    return this.#peer
  }

  subscribe(listener: (news: PeerProcessEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The warnings from before the first window, once. */
  takeUnheard(): PeerProcessEvent[] {
    const unheard = this.#unheard ?? []
    this.#unheard = undefined
    return unheard
  }

  /** Opens what no passphrase guards; else the status says `locked`. Never rejects. */
  async open(): Promise<PeerStatus> {
    try {
      return await this.#alone(() => this.#start(undefined))
    } catch (error) {
      const locked = error instanceof QuorumError && error.code === 'wrong-passphrase'
      if (!locked) this.#log('error', 'the profile does not open', toError(error))
      return this.#become(locked ? { state: 'locked' } : { state: 'failed', error: errorToData(error) })
    }
  }

  /** Errors: `wrong-passphrase`, and those of opening a store. */
  unlock(passphrase: string): Promise<PeerStatus> {
    return this.#alone(async () => (this.#peer === undefined ? this.#start(passphrase) : this.#status))
  }

  /** Ends every conversation and forgets the keys. Errors: `bad-request` when no passphrase would open it again. */
  lock(): Promise<PeerStatus> {
    return this.#alone(async () => {
      if (this.#status.state !== 'open') return this.#status
      if (!this.#status.guarded) throw new QuorumError('bad-request', 'Set a passphrase first: it unlocks')
      await this.#stop()
      return this.#become({ state: 'locked' })
    })
  }

  /**
   * Closes the store for a moment: its key is written anew. Errors: `wrong-passphrase`; then nothing has changed, but a
   * guarded profile is locked, because nothing here remembers what opens it.
   */
  setPassphrase(current: string | undefined, next: string | undefined): Promise<PeerStatus> {
    return this.#alone(async () => {
      const guarded = this.#status.state !== 'open' || this.#status.guarded
      await this.#stop()
      try {
        await changePassphrase(this.#options.folder, current, next)
      } catch (error) {
        if (guarded) this.#become({ state: 'locked' })
        else await this.#start(undefined)
        throw error
      }
      return this.#start(next)
    })
  }

  stop(): Promise<unknown> {
    return this.#alone(() => this.#stop())
  }

  // ---- private

  async #start(passphrase: string | undefined): Promise<PeerStatus> {
    const { folder, downloads, nodes, listen } = this.#options
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
        ...this.#given,
        ...(listen.length > 0 ? { listen } : {}),
        log: this.#log,
      })
    } catch (error) {
      store.close()
      throw error
    }
    this.#peer.subscribe((event: PeerEvent) => this.#tell(event))
    return this.#become({ state: 'open', guarded: passphrase !== undefined })
  }

  async #stop(): Promise<void> {
    const peer = this.#peer
    this.#peer = undefined
    await peer?.stop()
  }

  #become(status: PeerStatus): PeerStatus {
    this.#status = status
    this.#log('info', `the profile is ${status.state}`)
    this.#tell({ event: 'status', data: status })
    return status
  }

  #tell(news: PeerProcessEvent): void {
    if (news.event === 'privacy-changed') this.#given = stillHolding(this.#given, news.data)
    if (news.event === 'warning' && this.#unheard !== undefined) {
      this.#unheard = [...this.#unheard, news].slice(-unheardKept)
    }
    for (const listener of this.#listeners) listener(news)
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work, work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
