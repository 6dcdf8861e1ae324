/**
 * The transfers of this profile: reads and writes them in the store, and holds what is decoded of those that are not
 * over. It knows neither streams nor disks, and tells nobody: progress.ts does.
 */
import { QuorumError } from '../base/errors.ts'
import { FileList } from './manifest.ts'
import { isOpen } from './transfer-status.ts'
import type { Store, TransferChanges, TransferRow } from '../store/store.ts'
import { manifestOf, offerFromWire, type Offer } from '../wire/offer.ts'

/** What is known of a transfer when it is offered, in either direction. */
export type NewTransfer = Pick<TransferRow, 'id' | 'peer' | 'direction' | 'message' | 'offeredAt' | 'offer' | 'sources'>

export class TransferStore {
  readonly #store: Store
  readonly #offers = new Map<string, Offer>()
  readonly #lists = new Map<string, FileList>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Errors: `not-found`. */
  row(id: string): TransferRow {
    const row = this.find(id)
    if (row == null) throw new QuorumError('not-found', 'There is no such transfer')
    return row
  }

  find(id: string): TransferRow | undefined {
    return this.#store.transfer(id)
  }

  /** All of them, or those with `peer`. */
  all(peer?: string): TransferRow[] {
    return this.#store.transfers(peer)
  }

  /** Those that may not be over, in the order in which they were offered. */
  open(peer?: string): TransferRow[] {
    return this.#store.transfers(peer, 'open')
  }

  /** How many offers of `peer` wait for an answer. */
  unanswered(peer: string): number {
    return this.#store.offersFrom(peer)
  }

  /** `manifest`: its wire form, unless the offer names every file already. */
  add(transfer: NewTransfer, manifest?: Uint8Array): void {
    this.#store.addTransfer({
      ...transfer,
      state: 'offered',
      pausedByMe: false,
      pausedByThem: false,
      places: [],
      doneBytes: 0,
    })
    if (manifest != null) this.putManifest(transfer.id, manifest)
  }

  update(id: string, changes: TransferChanges): void {
    this.#store.updateTransfer(id, changes)
  }

  /** The wire form of the manifest; undefined while it is not here, or where the offer names every file. */
  manifest(id: string): Uint8Array | undefined {
    return this.#store.transferManifest(id)
  }

  putManifest(id: string, manifest: Uint8Array): void {
    this.#store.putTransferManifest(id, manifest)
  }

  offer(row: TransferRow): Offer {
    const known = this.#offers.get(row.id)
    if (known != null) return known
    const offer = offerFromWire(row.offer)
    if (isOpen(row)) this.#offers.set(row.id, offer)
    return offer
  }

  /** The whole list of a transfer's files, as its sender named them; undefined while it is not here. */
  list(row: TransferRow): FileList | undefined {
    const known = this.#lists.get(row.id)
    if (known != null) return known
    const entries = manifestOf(this.offer(row), this.manifest(row.id))
    if (entries == null) return undefined
    const list = new FileList(entries)
    if (isOpen(row)) this.#lists.set(row.id, list)
    return list
  }

  /** Number of files in a list that is held already, 0 otherwise: it costs nothing to ask. */
  listed(id: string): number {
    return this.#lists.get(id)?.entries.length ?? 0
  }

  /** Lets go of what is decoded of a transfer that is over. */
  release(id: string): void {
    this.#offers.delete(id)
    this.#lists.delete(id)
  }
}
