/**
 * The transfers of this profile: reads and writes them in the store. Of each it holds nothing in memory but the list of
 * files that was read last, and those that somebody else uses. It knows neither streams nor disks, and tells nobody:
 * progress.ts does.
 */
import { QuorumError } from '../base/errors.ts'
import { fileLimits } from './limits.ts'
import { FileList } from './manifest.ts'
import { summaryOf, withChanged } from './summary.ts'
import type { Store, TransferChanges, TransferDetails, TransferRange, TransferRow, Unanswered } from '../store/store.ts'
import type { TransferSummary } from '../store/transfer-summary.ts'
import { manifestOf, offerFromWire, type ManifestEntry, type Offer } from '../wire/offer.ts'

/** A transfer with its summary, which is made anew for those of older versions. */
export type KnownTransfer = TransferRow & { summary: TransferSummary }

/** What is known of a transfer when it is offered, in either direction. */
export type NewTransfer = Pick<KnownTransfer, 'id' | 'peer' | 'direction' | 'message' | 'offeredAt'> &
  Pick<TransferDetails, 'offer' | 'sources'> & {
    decoded: Omit<Offer, 'first'>
    /** Entries of the manifest: all, or the first ones where the offer names no more. */
    entries: readonly ManifestEntry[]
    /** Its wire form, unless the offer names every file already. */
    manifest?: Uint8Array
  }

export class TransferStore {
  readonly #store: Store
  /** Lists that are used somewhere, by the id of their transfer. */
  readonly #lists = new Map<string, WeakRef<FileList>>()
  /** Has the list that was asked for last, for those who come again. */
  #kept: NodeJS.Timeout | undefined

  constructor(store: Store) {
    this.#store = store
  }

  stop(): void {
    clearTimeout(this.#kept)
    this.#lists.clear()
  }

  /** Errors: `not-found`. */
  row(id: string): KnownTransfer {
    const row = this.find(id)
    if (row == null) throw new QuorumError('not-found', 'There is no such transfer')
    return row
  }

  find(id: string): KnownTransfer | undefined {
    const row = this.#store.transfer(id)
    return row && this.#known(row)
  }

  /** Those that are not over, in the order in which they were offered. */
  open(peer?: string): KnownTransfer[] {
    return this.#store.openTransfers(peer).map((row) => this.#known(row))
  }

  /** Received ones that are accepted, in the order in which they were offered. */
  accepted(peer: string): KnownTransfer[] {
    return this.#store.acceptedTransfers(peer).map((row) => this.#known(row))
  }

  /** As the call of the store. Errors: `not-found` for an id in `range`. */
  page(limit: number, range: TransferRange): KnownTransfer[] {
    for (const id of [range.before, range.after]) if (id != null) this.row(id)
    return this.#store.transfers(limit, range).map((row) => this.#known(row))
  }

  /** The offers of `peer` that wait for an answer. */
  unanswered(peer: string): Unanswered {
    return this.#store.unanswered(peer)
  }

  /** The newest received transfers first: where parts of files may be. */
  *all(): Generator<TransferRow> {
    const page = 1000
    let before: string | undefined
    for (;;) {
      const rows = this.#store.transfers(page, { before })
      yield* rows
      if (rows.length < page) return
      before = rows[0]?.id
    }
  }

  add({ decoded, entries, manifest, ...transfer }: NewTransfer): void {
    const row = { ...transfer, state: 'offered' as const, pausedByMe: false, pausedByThem: false, doneBytes: 0 }
    const summary = summaryOf(decoded, entries, transfer.direction === 'in')
    this.#store.addTransfer({ ...row, entries: decoded.count, summary, places: [] })
    if (manifest != null) this.#store.putManifest(transfer.id, manifest)
  }

  update(id: string, changes: TransferChanges): void {
    this.#store.updateTransfer(id, changes)
  }

  /** Stores which entries do not arrive, with what else changes. `entries`: all, if they are at hand. */
  putMissing(
    row: KnownTransfer,
    missing: readonly number[],
    changes: TransferChanges = {},
    entries: readonly ManifestEntry[] = this.list(row)?.entries ?? [],
  ): void {
    this.update(row.id, { ...changes, missing, summary: withChanged(row.summary, entries, missing) })
  }

  /** The wire form of the manifest; undefined while it is not here, or where the offer names every file. */
  manifest(id: string): Uint8Array | undefined {
    const parts = [...this.manifestParts(id)]
    return parts.length === 0 ? undefined : Buffer.concat(parts)
  }

  /** The same, a part at a time. */
  *manifestParts(id: string): Generator<Uint8Array> {
    for (let part = 0; ; part += 1) {
      const bytes = this.#store.manifestPart(id, part)
      if (bytes == null) return
      yield bytes
    }
  }

  putManifest(row: KnownTransfer, manifest: Uint8Array, entries: readonly ManifestEntry[]): void {
    this.#store.transaction(() => {
      this.#store.putManifest(row.id, manifest)
      this.update(row.id, { summary: summaryOf(this.offer(row.id), entries, row.direction === 'in') })
    })
  }

  /** Errors: `not-found`. */
  details(id: string): TransferDetails {
    const details = this.#store.transferDetails(id)
    if (details == null) throw new QuorumError('not-found', 'There is no such transfer')
    return details
  }

  /** Errors: `not-found`, also when a transfer is over and nothing of it is here. */
  offer(id: string): Offer {
    const { offer } = this.details(id)
    if (offer.byteLength === 0) throw new QuorumError('not-found', 'The list of files is not here any more')
    return offerFromWire(offer)
  }

  /** The list can be had without reading it. */
  listed({ id }: TransferRow): boolean {
    return this.#lists.get(id)?.deref() != null
  }

  /**
   * The whole list of a transfer's files, as its sender named them; undefined while it is not here. Everybody who needs
   * it at the same time gets the same one. Errors: `not-found`, `verification-failed`.
   */
  list(row: TransferRow): FileList | undefined {
    const known = this.#lists.get(row.id)?.deref()
    if (known != null) return this.#keep(known)
    const entries = manifestOf(this.offer(row.id), this.manifest(row.id))
    if (entries == null) return undefined
    const list = new FileList(entries)
    for (const [id, one] of this.#lists) if (one.deref() == null) this.#lists.delete(id)
    this.#lists.set(row.id, new WeakRef(list))
    return this.#keep(list)
  }

  /** A transfer is over: what is not needed of it any more is dropped, in memory and in the store. */
  release(row: TransferRow): void {
    this.#lists.delete(row.id)
    if (row.direction === 'in' && row.state !== 'done') this.#store.emptyTransfer(row.id, fileLimits.endedKept)
  }

  #keep(list: FileList): FileList {
    clearTimeout(this.#kept)
    this.#kept = setTimeout((_list: FileList) => undefined, fileLimits.listKept, list).unref()
    return list
  }

  #known(row: TransferRow): KnownTransfer {
    if (row.summary != null) return { ...row, summary: row.summary }
    const { offer, missing } = this.details(row.id)
    const decoded = offerFromWire(offer)
    const manifest = decoded.first.length < decoded.count ? this.manifest(row.id) : undefined
    const entries = manifest == null ? decoded.first : (manifestOf(decoded, manifest) ?? [])
    const summary = summaryOf(decoded, entries, row.direction === 'in')
    const known = {
      ...row,
      entries: decoded.count,
      summary: missing ? withChanged(summary, entries, missing) : summary,
    }
    this.update(row.id, { entries: known.entries, summary: known.summary })
    return known
  }
}
