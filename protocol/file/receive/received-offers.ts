/** Offers of friends as they arrive: which are stored, and which are refused because too much waits for an answer. */
import type { Emit } from '../../api/events.ts'
import type { Transfer } from '../../api/model.ts'
import { QuorumError } from '../../base/errors.ts'
import { KeyedBuckets } from '../../base/rate-limit.ts'
import type { TransferMessage } from '../../store/transfer-message.ts'
import { offerFromWire, offerHeadFromWire } from '../../wire/offer.ts'
import { fileLimits } from '../limits.ts'
import type { TransferStore } from '../transfer-store.ts'

export interface ReceivedOffersOptions {
  transfers: TransferStore
  now(): number
  emit: Emit
  view(id: string): Transfer
  /** Tells the friend that offers are refused. Throws nothing. */
  refuse(peer: string, ids: readonly string[]): void
}

export class ReceivedOffers {
  readonly #options: ReceivedOffersOptions
  /** Those of one batch of messages, by PeerId: answered together, since each answer by itself waits for the disk. */
  readonly #refused = new Map<string, string[]>()
  readonly #warnings = new KeyedBuckets(fileLimits.refusalWarning, () => performance.now())

  constructor(options: ReceivedOffersOptions) {
    this.#options = options
  }

  /**
   * Called within the transaction that stores the message. Errors: `verification-failed` for an id that is taken; those
   * of wire/offer.ts.
   */
  receive(peer: string, bytes: Uint8Array, message: string): TransferMessage {
    const { transfers, now, emit, view } = this.#options
    const offer = offerHeadFromWire(bytes)
    const { transfer: id, note: text } = offer
    if (transfers.find(id) != null) throw new QuorumError('verification-failed', 'A transfer has the id of another one')
    // No person would find it in such a list: it is refused without being stored.
    if (!this.#fits(peer, offer.count)) return { transfer: id, text, announce: () => this.#refuse(peer, id) }
    const transfer = { id, peer, direction: 'in' as const, message, offeredAt: now(), offer: bytes }
    const { first: entries } = offerFromWire(bytes)
    transfers.add({ ...transfer, decoded: offer, entries })
    return {
      transfer: id,
      text,
      files: entries.map(({ path }) => path),
      announce() {
        // Withdrawn in the same batch of messages, together with so many others that it has been removed since.
        if (transfers.find(id) != null) emit({ event: 'transfer-offered', data: view(id) })
      },
    }
  }

  /** The largest of all offers fits always. */
  #fits(peer: string, count: number): boolean {
    const { offers, entries, largest } = this.#options.transfers.unanswered(peer)
    const besideLargest = entries + count - Math.max(largest, count)
    return offers < fileLimits.offersOpen.offers && besideLargest <= fileLimits.offersOpen.entries
  }

  #refuse(peer: string, id: string): void {
    const { emit, refuse } = this.#options
    const others = this.#refused.get(peer)
    if (others != null) return void others.push(id)
    const ids = [id]
    this.#refused.set(peer, ids)
    // What one batch announces is announced in one turn.
    queueMicrotask(() => {
      this.#refused.delete(peer)
      refuse(peer, ids)
    })
    if (!this.#warnings.take(peer)) return
    // The part is what the window translates.
    const message = 'They offer more files than you have answered: answer some, and ask them to send the others again'
    emit({ event: 'warning', data: { code: 'rate-limited', message, part: 'offers', peer } })
  }
}
