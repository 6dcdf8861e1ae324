/**
 * The accepted transfers that run: a few at a time of each friend, in the order of their offers. A friend who makes
 * them start again and again waits: a start reads the list of files.
 */
import { join } from 'node:path'
import type { Connection } from '@libp2p/interface'
import { toError } from '../../base/errors.ts'
import { peerInLog, type Log } from '../../base/log.ts'
import { fileLimits } from '../limits.ts'
import type { ListWork } from '../list-work.ts'
import type { Progress } from '../progress.ts'
import type { KnownTransfer, TransferStore } from '../transfer-store.ts'
import type { TransferChanges } from '../../store/store.ts'
import { Download } from './download.ts'

export interface DownloadsOptions {
  transfers: TransferStore
  progress: Progress
  work: ListWork
  log: Log
  best(peer: string): Connection | undefined
  probe(connection: Connection, arrived: () => boolean): void
  /** Everything is published but `missing`: changes the transfer, and tells the friend. */
  onDone(row: KnownTransfer, changes: TransferChanges, missing: readonly number[]): void
  onFailed(id: string, error: Error): void
  /** Nothing of the transfer runs any more. `row`: as it was when it began to. */
  onEnded(row: KnownTransfer): Promise<void>
  /** Counts `work` as part of a transfer for as long as it runs. */
  during(transfer: string, work: Promise<void>): Promise<void>
}

export class Downloads {
  readonly #options: DownloadsOptions
  readonly #running = new Map<string, Download>()
  /** Start what waits for its friend's work, by PeerId. */
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #stopped = false

  constructor(options: DownloadsOptions) {
    this.#options = options
  }

  /** Ends all, and starts none any more. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    for (const download of this.#running.values()) download.end()
  }

  runs(id: string): boolean {
    return this.#running.has(id)
  }

  end(id: string): void {
    this.#running.get(id)?.end()
  }

  /** There may be another path to `peer`, or a first one. */
  pathChanged(peer: string): void {
    for (const download of this.#running.values()) if (download.peer === peer) download.pathChanged()
  }

  /** Starts those of `peer` that may run now. */
  schedule(peer: string): void {
    const { transfers, work, log, during } = this.#options
    if (this.#stopped) return
    const rows = transfers.accepted(peer)
    let running = rows.filter(({ id }) => this.#running.has(id)).length
    for (const row of rows) {
      if (running >= fileLimits.transfersAtOnce) return
      if (row.pausedByMe || row.pausedByThem || this.#running.has(row.id)) continue
      if (!work.take(peer, row.entries)) return this.#later(peer, work.wait(peer, row.entries))
      running += 1
      const run = this.#run(row).catch((error: unknown) => {
        // The store refuses to be written to: the transfer goes on after the next start.
        log('error', 'the state of a transfer could not be stored', toError(error))
      })
      void during(row.id, run)
    }
  }

  #later(peer: string, wait: number): void {
    if (this.#timers.has(peer)) return
    const timer = setTimeout(() => {
      this.#timers.delete(peer)
      this.schedule(peer)
    }, wait)
    this.#timers.set(peer, timer)
  }

  async #run(row: KnownTransfer): Promise<void> {
    const { transfers, progress, best, probe, log, onDone, onFailed, onEnded } = this.#options
    const { id, peer } = row
    const { offer, places, missing: known = [] } = transfers.details(id)
    const download: Download = new Download({
      row: { ...row, offer, places, missing: known },
      manifest: transfers.manifest(id),
      best: () => best(peer),
      onManifest: (bytes, entries) => {
        transfers.putManifest(row, bytes, entries)
        progress.changed(id)
      },
      onNames: (names) => transfers.update(id, { places: [...names] }),
      onMissing: (missing, entries) => transfers.putMissing(transfers.row(id), missing, {}, entries),
      onStored: (bytes) => progress.done(row, bytes),
      moving: (list) => progress.moving(row, list),
      onSilence: probe,
      onInterrupted: (error) => log('debug', `a transfer from ${peerInLog(peer)} was interrupted`, error),
    })
    this.#running.set(id, download)
    try {
      const { names, missing } = await download.run()
      const directory = row.directory ?? ''
      const [only = '', ...others] = names.filter((name) => name !== '')
      const savedTo = others.length === 0 ? join(directory, only) : directory
      onDone(transfers.row(id), { state: 'done', savedTo, doneBytes: row.summary.bytes }, missing)
    } catch (error) {
      // Whatever ended it has changed its state already, and it may have been resumed since.
      if (!download.stopped) onFailed(id, toError(error))
    } finally {
      this.#running.delete(id)
    }
    await onEnded(row)
    this.schedule(peer)
  }
}
