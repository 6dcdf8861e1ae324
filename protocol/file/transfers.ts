/**
 * Transfers: /quorum/file/1.0.0 and what chat carries about them. Here are the calls, the states and who starts what;
 * what is served to a receiver is file/send/uploads.ts, an accepted transfer as a whole file/receive/download.ts. News travel as messages, so they arrive, in order, whoever is away.
 */
import { mkdir, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Connection, Stream } from '@libp2p/interface'
import { v7 as uuid } from 'uuid'
import { errorToData, QuorumError, toError, type ErrorCode } from '../base/errors.ts'
import type { Emit } from '../api/events.ts'
import type { Transfer } from '../api/model.ts'
import { diskFailure, needRoom } from './receive/disk.ts'
import { Incoming } from './receive/download.ts'
import { changesOf } from './transfer-status.ts'
import { placeOf } from './local-paths.ts'
import { canResume, isOpen, Progress } from './progress.ts'
import { scan } from './send/scan.ts'
import { Serving } from './send/uploads.ts'
import { stagingFolder } from './receive/staging.ts'
import { shortId } from '../identity/identity.ts'
import { fileLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import type { MessageContent, Store, TransferChanges, TransferRow } from '../store/store.ts'
import { newsFromWire, newsToWire, offerFromWire, offerToWire, type TransferNews } from '../wire/offer.ts'

export interface FilesOptions {
  store: Store
  now: () => number
  emit: Emit
  log: Log
  /** Where accepted files go when nobody says otherwise. */
  downloads: string | undefined
  isFriend(peer: string): boolean
  /** The best open connection to a friend. */
  best(peer: string): Connection | undefined
  /** Sends a message about a transfer; `keep` runs in the transaction that queues it. */
  say(peer: string, about: { transfer: string; text: string; content: MessageContent }, keep: Keep): unknown
  /** Takes the offer back; false if it has left already. */
  recall(message: string): boolean
  /** That connection may be dead. Ends it if so, unless something was `heard` meanwhile. */
  probe(connection: Connection, heard: () => boolean): void
  /** The node that carries what goes to a friend carries little at a time. */
  limited(peer: string): boolean
}

type Keep = (message: string) => void

/** What is kept of a message about a transfer, and what to do when it is on disk. */
interface Kept {
  transfer: string
  text: string
  announce(): void
}

export class Files {
  readonly #options: FilesOptions
  readonly #progress: Progress
  readonly #incoming = new Map<string, Incoming>()
  /** Work under way, and the transfer that it is for. */
  readonly #ending = new Map<Promise<void>, string>()
  readonly #serving: Serving
  readonly #stopped = new AbortController()

  constructor(options: FilesOptions) {
    this.#options = options
    this.#progress = new Progress(options)
    this.#serving = new Serving({
      store: options.store,
      log: options.log,
      progress: this.#progress,
      onOpened: (row) => {
        if (row.state === 'offered') this.#change(row, { state: 'accepted' })
      },
      onSourceChanged: (row, error) => this.#tell(row, 'failed', { state: 'failed', error }, error.code),
      during: (id, work) => this.#ended(id, work),
    })
  }

  /** Takes up what was on its way. */
  start(): void {
    for (const row of this.#options.store.transfers(undefined, 'open')) this.#schedule(row.peer)
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new QuorumError('cancelled', 'Quorum stops'))
    for (const incoming of this.#incoming.values()) incoming.end()
    this.#serving.stopAll()
    while (this.#ending.size > 0) await Promise.all(this.#ending.keys())
    this.#progress.stop()
  }

  /** Errors: `not-friend`; `not-found`, `bad-request`, `too-large` for paths (file/send/scan.ts); `rate-limited`. */
  async send(peer: string, paths: readonly string[], note = ''): Promise<Transfer> {
    const { isFriend, emit, say, store, now } = this.#options
    if (!isFriend(peer)) throw new QuorumError('not-friend', 'They have not accepted you as a friend yet')
    const { entries, sources, leftOut } = await scan(paths)
    const id = uuid()
    const { offer, manifest } = offerToWire(id, note.toWellFormed(), entries)
    const { first, count } = offerFromWire(offer)
    say(peer, { transfer: id, text: note, content: { kind: 'offer', bytes: offer } }, (message) => {
      store.addTransfer({
        id,
        peer,
        direction: 'out',
        state: 'offered',
        pausedByMe: false,
        pausedByThem: false,
        message,
        offeredAt: now(),
        offer,
        sources,
        places: [],
        doneBytes: 0,
      })
      if (first.length < count) store.putTransferManifest(id, manifest)
    })
    if (leftOut > 0) {
      const what = leftOut === 1 ? 'One link or device was' : `${leftOut} links or devices were`
      emit({ event: 'warning', data: { code: 'bad-request', message: `${what} left out of what you send`, peer } })
    }
    return this.#progress.view(this.#progress.row(id))
  }

  list(peer?: string): Transfer[] {
    return this.#options.store.transfers(peer).map((row) => this.#progress.view(row))
  }

  /** Errors: `not-found`, also while it is not all there. */
  async place(id: string, file: number): Promise<{ path: string }> {
    const row = this.#progress.row(id)
    return { path: await placeOf(row, this.#progress.list(row), file) }
  }

  /**
   * Errors: `not-found`; `bad-request` when it is not offered to us, or no directory is known; `disk-full`,
   * `not-writable`.
   */
  async accept(id: string, directory = this.#options.downloads): Promise<Transfer> {
    const row = this.#progress.row(id)
    if (row.direction !== 'in' || row.state !== 'offered') {
      throw new QuorumError('bad-request', 'This transfer does not wait for your answer')
    }
    if (directory == null) throw new QuorumError('bad-request', 'Say where to put it')
    if (!isAbsolute(directory)) throw new QuorumError('bad-request', 'The directory must be an absolute path')
    try {
      await mkdir(directory, { recursive: true })
      await needRoom(directory, offerFromWire(row.offer).bytes)
    } catch (error) {
      throw diskFailure(error, directory)
    }
    this.#tell(this.#progress.row(id), 'accepted', { state: 'accepted', directory })
    this.#schedule(row.peer)
    return this.#view(id)
  }

  /** Errors: `not-found`, `bad-request`. */
  decline(id: string): Transfer {
    const row = this.#progress.row(id)
    if (row.direction !== 'in' || row.state !== 'offered') {
      throw new QuorumError('bad-request', 'This transfer does not wait for your answer')
    }
    this.#tell(row, 'declined', { state: 'declined' })
    return this.#view(id)
  }

  /** Errors: `not-found`, `bad-request` for one that is over. */
  pause(id: string): Transfer {
    const row = this.#progress.row(id)
    if (row.state !== 'accepted' && !(row.state === 'offered' && row.direction === 'out')) throw over()
    if (!row.pausedByMe) this.#tell(row, 'paused', { pausedByMe: true })
    return this.#view(id)
  }

  /** Goes on after a pause of ours, or after the disk was mended. Errors: `not-found`, `bad-request`, `disk-full`. */
  async resume(id: string): Promise<Transfer> {
    const row = this.#progress.row(id)
    if (row.state === 'failed' && canResume(row.error?.code) && row.direction === 'in') {
      this.#tell(row, 'resumed', { state: 'accepted', pausedByMe: false, error: undefined })
    } else if (row.state === 'accepted' || row.state === 'offered') {
      if (row.pausedByMe) this.#tell(row, 'resumed', { pausedByMe: false })
    } else throw over()
    this.#schedule(row.peer)
    return this.#view(id)
  }

  /** Errors: `not-found`, `bad-request` for one that is over. */
  async cancel(id: string): Promise<Transfer> {
    const row = this.#progress.row(id)
    if (!isOpen(row)) throw over()
    if (this.#options.recall(row.message)) this.#change(row, { state: 'cancelled' })
    else this.#tell(row, 'cancelled', { state: 'cancelled' })
    await this.#settle(id)
    return this.#view(id)
  }

  /** The message that offered it was recalled before it left. */
  recalled(id: string): void {
    const row = this.#options.store.transfer(id)
    if (row?.state === 'offered') this.#change(row, { state: 'cancelled' })
  }

  /** They are a friend no longer: nothing of theirs goes on. */
  end(peer: string): void {
    for (const row of this.#options.store.transfers(peer, 'open'))
      if (isOpen(row)) this.#change(row, { state: 'cancelled' })
  }

  /** There may be another path to `peer`, or a first one. */
  pathChanged(peer: string): void {
    for (const incoming of this.#incoming.values()) if (incoming.peer === peer) incoming.pathChanged()
  }

  /**
   * A message about a transfer arrived, within the transaction that stores it. Errors: `verification-failed` for an
   * id that is taken, `rate-limited` for more open offers than a list shows; those of wire/offer.ts.
   */
  receiveMessage(peer: string, content: MessageContent, message: string): Kept {
    return content.kind === 'offer' ? this.#onOffer(peer, content.bytes, message) : this.#onNews(peer, content.bytes)
  }

  /** The handler of /quorum/file/1.0.0; policy has let the stream through. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    this.#stopped.signal.throwIfAborted()
    await this.#serving.receive(stream, connection)
  }

  #onOffer(peer: string, bytes: Uint8Array, message: string): Kept {
    const { store, now, emit } = this.#options
    const offer = offerFromWire(bytes)
    const { transfer: id } = offer
    if (store.transfer(id) != null) throw new QuorumError('verification-failed', 'A transfer has the id of another one')
    if (store.offersFrom(peer) >= fileLimits.offersOpen) {
      // Nobody would find it in that list: it is not even kept.
      return { transfer: id, text: offer.note, announce: () => this.#say(peer, { transfer: id, what: 'declined' }) }
    }
    store.addTransfer({
      id,
      peer,
      direction: 'in',
      state: 'offered',
      pausedByMe: false,
      pausedByThem: false,
      message,
      offeredAt: now(),
      offer: bytes,
      places: [],
      doneBytes: 0,
    })
    const announce = (): void => emit({ event: 'transfer-offered', data: this.#progress.view(this.#progress.row(id)) })
    return { transfer: id, text: offer.note, announce }
  }

  #onNews(peer: string, bytes: Uint8Array): Kept {
    const { store } = this.#options
    const news = newsFromWire(bytes)
    const row = store.transfer(news.transfer)
    const changes = row?.peer === peer ? changesOf(row, news) : undefined
    if (changes != null) store.updateTransfer(news.transfer, changes)
    return { transfer: news.transfer, text: '', announce: () => changes != null && this.#after(news.transfer) }
  }

  /** Starts what may move now: of each friend a few at a time, in the order in which they were accepted. */
  #schedule(peer: string): void {
    if (this.#stopped.signal.aborted) return
    const rows = this.#options.store
      .transfers(peer, 'open')
      .filter((row) => row.direction === 'in' && row.state === 'accepted')
    let running = rows.filter(({ id }) => this.#incoming.has(id)).length
    for (const row of rows) {
      if (running >= fileLimits.transfersAtOnce) return
      if (row.pausedByMe || row.pausedByThem || this.#incoming.has(row.id)) continue
      running += 1
      const run = this.#run(row).catch((error: unknown) => {
        // The store refuses: it is taken up again with the next start.
        this.#options.log('error', 'what became of a transfer could not be kept', toError(error))
      })
      void this.#ended(row.id, run)
    }
  }

  async #run(row: TransferRow): Promise<void> {
    const { store, best, probe, log } = this.#options
    const { id, peer } = row
    const incoming = new Incoming({
      row,
      manifest: store.transferManifest(id),
      best: () => best(peer),
      onManifest: (bytes) => {
        store.putTransferManifest(id, bytes)
        this.#progress.changed(id)
      },
      onPlace: (places) => store.updateTransfer(id, { places: [...places] }),
      onStored: (bytes) => this.#progress.done(row, bytes),
      moving: () => this.#progress.moving(row),
      onSilence: probe,
      onInterrupted: (error) => log('debug', `a transfer from ${shortId(peer)} was interrupted`, error),
    })
    this.#incoming.set(id, incoming)
    try {
      const names = await incoming.run()
      const directory = row.directory ?? ''
      const savedTo = names.length === 1 ? join(directory, names[0] ?? '') : directory
      const { bytes: doneBytes } = offerFromWire(row.offer)
      this.#tell(this.#progress.row(id), 'done', { state: 'done', savedTo, doneBytes })
    } catch (error) {
      // What stopped it has its own consequences, and it may have been let go on since.
      if (!incoming.stopped) this.#failed(id, toError(error))
    } finally {
      this.#incoming.delete(id)
    }
    const now = this.#progress.row(id)
    if (!isOpen(now) && now.state !== 'done') await this.#removeStaging(now)
    this.#schedule(peer)
  }

  #failed(id: string, failure: Error): void {
    const row = this.#options.store.transfer(id)
    if (row?.state !== 'accepted') return
    const error = errorToData(failure)
    // The event says why, with names; the log must not.
    this.#options.log('info', `a transfer from ${shortId(row.peer)} failed: ${error.code}`)
    this.#tell(row, 'failed', { state: 'failed', error }, error.code)
  }

  async #removeStaging({ id, directory, peer }: TransferRow): Promise<void> {
    if (directory == null) return
    try {
      await rm(stagingFolder(directory, id), { recursive: true, force: true })
    } catch (error) {
      const { code, message } = errorToData(diskFailure(error, directory))
      this.#options.emit({ event: 'warning', data: { code, message, peer } })
    }
  }

  /** Changes a transfer and tells the friend, in one step; then the consequences. */
  #tell(row: TransferRow, what: TransferNews['what'], changes: TransferChanges, code?: ErrorCode): void {
    const { id: transfer, peer } = row
    const keep = (): void => this.#options.store.updateTransfer(transfer, changes)
    if (this.#options.isFriend(peer)) this.#say(peer, { transfer, what, ...(code == null ? {} : { code }) }, keep)
    else keep()
    this.#after(transfer)
  }

  #say(peer: string, news: TransferNews, keep: Keep = () => undefined): void {
    const content = { kind: 'news' as const, bytes: newsToWire(news) }
    this.#options.say(peer, { transfer: news.transfer, text: '', content }, keep)
  }

  #change(row: TransferRow, changes: TransferChanges): void {
    this.#options.store.updateTransfer(row.id, changes)
    this.#after(row.id)
  }

  /** A transfer has another state: what must end ends, what may begin begins, and it is told. */
  #after(id: string): void {
    const row = this.#progress.row(id)
    const moves = row.state === 'accepted' && !row.pausedByMe && !row.pausedByThem
    if (!moves) {
      this.#incoming.get(id)?.end()
      this.#serving.stop(id)
      const isOver = !isOpen(row) && row.state !== 'done'
      if (isOver && row.direction === 'in' && !this.#incoming.has(id)) void this.#ended(id, this.#removeStaging(row))
    }
    this.#progress.changed(id)
    if (moves && row.direction === 'in') this.#schedule(row.peer)
  }

  /** Work that `stop()` waits for. */
  #ended(id: string, work: Promise<void>): Promise<void> {
    const ending = work.catch(() => undefined).finally(() => this.#ending.delete(ending))
    this.#ending.set(ending, id)
    return work
  }

  /** Nothing of a transfer is running any more. */
  async #settle(id: string): Promise<void> {
    const own = (): Promise<void>[] => [...this.#ending].flatMap(([work, of]) => (of === id ? work : []))
    for (let works = own(); works.length > 0; works = own()) await Promise.all(works)
  }

  #view(id: string): Transfer {
    return this.#progress.view(this.#progress.row(id))
  }
}

function over(): QuorumError {
  return new QuorumError('bad-request', 'This transfer is over')
}
