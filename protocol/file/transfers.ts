/**
 * Transfers: /quorum/file/1.0.0 and the messages about them (docs/protocol.md). Here are the calls and the states.
 * Uploads to receivers are in file/send/uploads.ts, offers of friends in file/receive/received-offers.ts, accepted ones
 * in file/receive/downloads.ts. Status updates travel as chat messages, so they arrive in order even if the friend is
 * offline.
 */
import { isAbsolute } from 'node:path'
import type { Connection, Stream } from '@libp2p/interface'
import { v7 as uuid } from 'uuid'
import { errorToData, QuorumError, toError } from '../base/errors.ts'
import { makeFolder } from '../base/make-folder.ts'
import type { Emit } from '../api/events.ts'
import { apiLimits } from '../api/limits.ts'
import type { NumberedFile, Transfer } from '../api/model.ts'
import { diskFailure, needRoom } from './receive/disk.ts'
import { Downloads } from './receive/downloads.ts'
import { ListWork } from './list-work.ts'
import { missingMembers, pathOf } from './local-paths.ts'
import { Progress } from './progress.ts'
import { ReceivedOffers } from './receive/received-offers.ts'
import { scan, scanAgain, type Scanned } from './send/scan.ts'
import { Uploads } from './send/uploads.ts'
import { removeAllStaged, removeStaging } from './receive/unfinished.ts'
import { transferFiles, type FileRange } from './file-pages.ts'
import { canPause, canResume, changesOf, isOpen, messageAbout, over } from './transfer-status.ts'
import { TransferStore, type KnownTransfer } from './transfer-store.ts'
import { peerInLog } from '../base/log.ts'
import type { Log } from '../base/log.ts'
import type { MessageContent, Store, TransferChanges, TransferRange } from '../store/store.ts'
import type { AboutTransfer, OnQueued, TransferMessage } from '../store/transfer-message.ts'
import { newsFromWire, offerFromWire, offerToWire, type TransferNews } from '../wire/offer.ts'

export interface FilesOptions {
  store: Store
  now: () => number
  emit: Emit
  log: Log
  /** The folder for accepted files, unless the call names another. */
  downloads: string | undefined
  isFriend(peer: string): boolean
  /** The best open connection to a friend. */
  best(peer: string): Connection | undefined
  /** Sends a message about a transfer; `onQueued` runs in the transaction that queues it. */
  say(peer: string, about: AboutTransfer, onQueued: OnQueued): unknown
  /** The same for several messages that nothing depends on. */
  sayAll(peer: string, about: AboutTransfer[]): void
  /** Recalls the message of an offer; false if it was sent already. */
  recall(message: string): boolean
  /** The connection may be dead. Closes it if so, unless `arrived` reports that something arrived meanwhile. */
  probe(connection: Connection, arrived: () => boolean): void
  /** The node that relays transfers with a friend limits how much a circuit carries. */
  limited(peer: string): boolean
}

export class Files {
  readonly #options: FilesOptions
  readonly #transfers: TransferStore
  readonly #progress: Progress
  readonly #downloads: Downloads
  readonly #uploads: Uploads
  readonly #offers: ReceivedOffers
  /** Running work, and the transfer that it belongs to. */
  readonly #working = new Map<Promise<void>, string>()
  readonly #stopped = new AbortController()

  constructor(options: FilesOptions) {
    this.#options = options
    const { store, emit, log } = options
    this.#transfers = new TransferStore(store)
    this.#progress = new Progress({ transfers: this.#transfers, emit, limited: (peer) => options.limited(peer) })
    const parts = { log, transfers: this.#transfers, progress: this.#progress, work: new ListWork() }
    this.#offers = new ReceivedOffers({
      transfers: this.#transfers,
      now: () => options.now(),
      emit,
      view: (id) => this.view(id),
      refuse: (peer, ids) => this.#refuse(peer, ids),
    })
    this.#downloads = new Downloads({
      ...parts,
      best: (peer) => options.best(peer),
      probe: (connection, arrived) => options.probe(connection, arrived),
      onDone: (row, changes, missing) => this.#changeAndTell(row, 'done', { ...changes, missing }, { missing }),
      onFailed: (id, error) => this.#failed(id, error),
      onEnded: (row) => this.#ended(row),
      during: (id, work) => this.#track(id, work),
    })
    this.#uploads = new Uploads({
      ...parts,
      onOpened: (row) => {
        if (row.state === 'offered') this.#change(row, { state: 'accepted' })
      },
      onSourceChanged: (row, error) => this.#changeAndTell(row, 'failed', { state: 'failed', error }, error),
      during: (id, work) => this.#track(id, work),
    })
  }

  /** Goes on with every transfer that is not over. */
  start(): void {
    for (const peer of new Set(this.#transfers.open().map((row) => row.peer))) this.#downloads.schedule(peer)
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new QuorumError('cancelled', 'Quorum stops'))
    this.#downloads.stop()
    this.#uploads.stopAll()
    while (this.#working.size > 0) await Promise.all(this.#working.keys())
    this.#progress.stop()
    this.#transfers.stop()
  }

  /**
   * After `stop`: removes the parts of files that were being received, of every transfer that this profile knows.
   * Returns the folders that could not be removed, or whose disk is not there.
   */
  removeStaged(): Promise<string[]> {
    return removeAllStaged(this.#transfers.all(), this.#options.log)
  }

  /** Errors: `not-friend`; `not-found`, `bad-request`, `too-large` for paths (file/send/scan.ts); `rate-limited`. */
  async send(peer: string, paths: readonly string[], note = ''): Promise<Transfer> {
    this.#needFriend(peer)
    return this.#offer(peer, await scan(paths), note)
  }

  /**
   * Offers what did not arrive of a transfer that this peer sent, alone, under the same paths. Errors: `not-found`,
   * also if none of it can be read; `bad-request` if nothing is missing that has a name; those of `send`.
   */
  async sendMissing(id: string): Promise<Transfer> {
    const row = this.#transfers.row(id)
    const members = missingMembers(
      this.#transfers.details(id),
      this.#transfers.list(row),
      this.#transfers.offer(id).leftOut,
    )
    this.#needFriend(row.peer)
    return this.#offer(row.peer, await scanAgain(members))
  }

  #needFriend(peer: string): void {
    if (this.#options.isFriend(peer)) return
    throw new QuorumError('not-friend', 'They have not accepted you as a friend yet')
  }

  #offer(peer: string, { entries, sources, leftOut }: Scanned, note = ''): Transfer {
    const { say, now } = this.#options
    const id = uuid()
    const { offer, manifest } = offerToWire(id, note.toWellFormed(), entries, leftOut)
    const decoded = offerFromWire(offer)
    const whole = decoded.first.length === decoded.count
    say(peer, { transfer: id, text: note, content: { kind: 'offer', bytes: offer } }, (message) => {
      const transfer = { id, peer, direction: 'out' as const, message, offeredAt: now(), offer, sources, decoded }
      this.#transfers.add({ ...transfer, entries, ...(whole ? {} : { manifest }) })
    })
    return this.view(id)
  }

  /**
   * In the order in which they were offered: without `before`, `after` and `limit` all that are not over, and the
   * newest of the others; else a page, as of `messages`. Errors: `not-found`.
   */
  list({ limit, ...range }: TransferRange & { limit?: number | undefined } = {}): Transfer[] {
    const { peer, before, after } = range
    const isPage = limit != null || before != null || after != null
    const open = isPage ? [] : this.#transfers.open(peer)
    const rows = isPage
      ? this.#transfers.page(limit ?? apiLimits.pageDefault, range)
      : [...this.#transfers.page(apiLimits.endedListed, { ...range, over: true }), ...open]
    return rows.toSorted((a, b) => a.position - b.position).map((row) => this.#progress.view(row))
  }

  view(id: string): Transfer {
    return this.#progress.view(this.#transfers.row(id))
  }

  /**
   * A page of the files of a transfer, by their numbers, as of `messages`; only the first files while its list is not
   * here. Errors: `not-found`, also when it is over and nothing of it is here.
   */
  files(id: string, range: FileRange): NumberedFile[] {
    return transferFiles(this.#transfers, this.view(id), range)
  }

  /** The path of a file of a transfer, by its number. Errors: `not-found`, also while the transfer is not complete. */
  async place(id: string, file: number): Promise<{ path: string }> {
    const row = this.#transfers.row(id)
    return { path: await pathOf({ ...row, ...this.#transfers.details(id) }, this.#transfers.list(row), file) }
  }

  /**
   * `directory`: an absolute path, created if it is missing. Errors: `not-found`; `bad-request` if the transfer does
   * not wait for an answer of this peer, or no directory is known; `disk-full`, `not-writable`.
   */
  async accept(id: string, directory = this.#options.downloads): Promise<Transfer> {
    const row = this.#unanswered(id)
    if (directory == null) throw new QuorumError('bad-request', 'Say where to put it')
    if (!isAbsolute(directory)) throw new QuorumError('bad-request', 'The directory must be an absolute path')
    try {
      await makeFolder(directory)
      await needRoom(directory, row.summary.bytes)
    } catch (error) {
      throw diskFailure(error, directory)
    }
    // It may have been cancelled, or answered by another call, while the disk was asked.
    this.#changeAndTell(this.#unanswered(id), 'accepted', { state: 'accepted', directory })
    this.#downloads.schedule(row.peer)
    return this.view(id)
  }

  /** Errors: `not-found`, `bad-request`. */
  decline(id: string): Transfer {
    const row = this.#unanswered(id)
    this.#changeAndTell(row, 'declined', { state: 'declined' })
    return this.view(id)
  }

  /** Errors: `not-found`, `bad-request` for one that is over. */
  pause(id: string): Transfer {
    const row = this.#transfers.row(id)
    if (!canPause(row)) throw over()
    if (!row.pausedByMe) this.#changeAndTell(row, 'paused', { pausedByMe: true })
    return this.view(id)
  }

  /** Pauses every transfer that can be. */
  pauseAll(): void {
    for (const row of this.#transfers.open()) if (canPause(row)) this.pause(row.id)
  }

  /** Goes on after an own pause, or after the disk was repaired. Errors: `not-found`, `bad-request`, `disk-full`. */
  async resume(id: string): Promise<Transfer> {
    const row = this.#transfers.row(id)
    if (row.state === 'failed' && canResume(row.error?.code) && row.direction === 'in') {
      this.#changeAndTell(row, 'resumed', { state: 'accepted', pausedByMe: false, error: undefined })
    } else if (row.state === 'accepted' || row.state === 'offered') {
      if (row.pausedByMe) this.#changeAndTell(row, 'resumed', { pausedByMe: false })
    } else throw over()
    this.#downloads.schedule(row.peer)
    return this.view(id)
  }

  /** Errors: `not-found`, `bad-request` for one that is over. */
  async cancel(id: string): Promise<Transfer> {
    const row = this.#transfers.row(id)
    if (!isOpen(row)) throw over()
    if (this.#options.recall(row.message)) this.#change(row, { state: 'cancelled' })
    else this.#changeAndTell(row, 'cancelled', { state: 'cancelled' })
    await this.#settle(id)
    return this.view(id)
  }

  /** The message that offered the transfer was recalled before it was sent. */
  recalled(id: string): void {
    const row = this.#transfers.find(id)
    if (row?.state === 'offered') this.#change(row, { state: 'cancelled' })
  }

  /** `peer` is no friend any more: every transfer with that peer is cancelled. */
  end(peer: string): void {
    for (const row of this.#transfers.open(peer)) this.#change(row, { state: 'cancelled' })
  }

  /** There may be another path to `peer`, or a first one. */
  pathChanged(peer: string): void {
    this.#downloads.pathChanged(peer)
  }

  /**
   * A message about a transfer arrived; called within the transaction that stores it. Errors: `verification-failed` for
   * an id that is taken; those of wire/offer.ts.
   */
  receiveMessage(peer: string, content: MessageContent, message: string): TransferMessage {
    return content.kind === 'offer'
      ? this.#offers.receive(peer, content.bytes, message)
      : this.#onStatusUpdate(peer, content.bytes)
  }

  /** The handler of /quorum/file/1.0.0; policy has admitted the stream. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    this.#stopped.signal.throwIfAborted()
    await this.#uploads.receive(stream, connection)
  }

  #onStatusUpdate(peer: string, bytes: Uint8Array): TransferMessage {
    const update = newsFromWire(bytes)
    const { transfer } = update
    const row = this.#transfers.find(transfer)
    const changes = row?.peer === peer ? changesOf(row, update) : undefined
    if (row == null || changes == null) return { transfer, text: '', announce: () => undefined }
    if (changes.missing == null) this.#transfers.update(transfer, changes)
    else this.#transfers.putMissing(row, changes.missing, changes)
    return { transfer, text: '', announce: () => this.#afterChange(transfer, 'friend') }
  }

  #failed(id: string, failure: Error): void {
    const row = this.#transfers.find(id)
    if (row?.state !== 'accepted') return
    const error = errorToData(failure)
    // The event has the message with its names and paths; the log must not.
    this.#options.log('info', `a transfer from ${peerInLog(row.peer)} failed: ${error.code}`)
    this.#changeAndTell(row, 'failed', { state: 'failed', error }, error)
  }

  /** A download does not run any more. */
  async #ended(row: KnownTransfer): Promise<void> {
    const now = this.#transfers.find(row.id)
    // One that is over may have been removed since, as the oldest of many.
    if (now == null || (!isOpen(now) && now.state !== 'done')) await this.#removeStaging(row)
  }

  async #removeStaging(row: KnownTransfer): Promise<void> {
    try {
      await removeStaging(row)
    } catch (error) {
      this.#options.emit({ event: 'warning', data: { ...errorToData(error), peer: row.peer } })
    }
  }

  /** Changes a transfer and sends the friend a status update, in one transaction; then acts on the change. */
  #changeAndTell(
    row: KnownTransfer,
    what: TransferNews['what'],
    changes: TransferChanges,
    { code, missing }: Pick<TransferNews, 'code' | 'missing'> = {},
  ): void {
    const { id: transfer, peer } = row
    const update = (): void => this.#transfers.update(transfer, changes)
    const told = { ...(code == null ? {} : { code }), ...(missing == null ? {} : { missing }) }
    if (this.#options.isFriend(peer)) this.#send(peer, { transfer, what, ...told }, update)
    else update()
    this.#afterChange(transfer)
  }

  #send(peer: string, update: TransferNews, onQueued: OnQueued = () => undefined): void {
    this.#options.say(peer, messageAbout(update), onQueued)
  }

  #refuse(peer: string, ids: readonly string[]): void {
    const { sayAll, log } = this.#options
    try {
      sayAll(
        peer,
        ids.map((transfer) => messageAbout({ transfer, what: 'failed', code: 'rate-limited' })),
      )
    } catch (error) {
      // They are refused all the same: it is the friend who has left too much here.
      log('warn', `offers of ${peerInLog(peer)} could not be refused in words`, toError(error))
    }
  }

  #change(row: KnownTransfer, changes: TransferChanges): void {
    this.#transfers.update(row.id, changes)
    this.#afterChange(row.id)
  }

  /** A transfer has another state: stops and starts what follows from it, and emits the change. */
  #afterChange(id: string, by: 'friend' | 'peer' = 'peer'): void {
    const row = this.#transfers.find(id)
    // One that is over may have been removed by a later message of the same batch.
    if (row == null) return
    const moves = row.state === 'accepted' && !row.pausedByMe && !row.pausedByThem
    if (!moves) {
      this.#downloads.end(id)
      this.#uploads.stop(id)
      const isOver = !isOpen(row) && row.state !== 'done'
      if (isOver && row.direction === 'in' && !this.#downloads.runs(id)) void this.#track(id, this.#removeStaging(row))
    }
    if (!isOpen(row)) this.#transfers.release(row)
    if (by === 'friend') this.#progress.changedByFriend(row)
    else this.#progress.changed(id)
    if (moves && row.direction === 'in') this.#downloads.schedule(row.peer)
  }

  /** Counts `work` as part of a transfer: `stop()` and `cancel()` wait for it. */
  #track(id: string, work: Promise<void>): Promise<void> {
    const ended = work.catch(() => undefined).finally(() => this.#working.delete(ended))
    this.#working.set(ended, id)
    return work
  }

  /** Resolves when nothing of a transfer is running any more. */
  async #settle(id: string): Promise<void> {
    const own = (): Promise<void>[] => [...this.#working].flatMap(([work, of]) => (of === id ? work : []))
    for (let works = own(); works.length > 0; works = own()) await Promise.all(works)
  }

  /** An offer that waits for an answer of this peer. Errors: `not-found`, `bad-request`. */
  #unanswered(id: string): KnownTransfer {
    const row = this.#transfers.row(id)
    if (row.direction !== 'in' || row.state !== 'offered') {
      throw new QuorumError('bad-request', 'This transfer does not wait for your answer')
    }
    return row
  }
}
