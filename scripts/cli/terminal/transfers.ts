/**
 * The transfers as the terminal holds them: what there is, by which number a person means one, and which still go on.
 * It calls no peer; what it holds comes from `transfers` and from events.
 */
import type { Transfer, TransferState } from '#protocol'

/** States in which nothing more happens by itself. A failed one may be resumed. */
const over: ReadonlySet<TransferState> = new Set(['done', 'declined', 'cancelled', 'failed'])
/** Those that are over, in a list: the newest. */
const overListed = 10

export function isOver({ state }: Transfer): boolean {
  return over.has(state)
}

/** Somebody waits for our answer. */
export function waitsForUs({ direction, state }: Transfer): boolean {
  return direction === 'in' && state === 'offered'
}

/** It failed for a reason that a person can take away. */
export function canBeResumed({ state, error, direction }: Transfer): boolean {
  return state === 'failed' && direction === 'in' && (error?.code === 'disk-full' || error?.code === 'not-writable')
}

export class Transfers {
  readonly #transfers = new Map<string, Transfer>()
  /** Ids in the order in which they got their numbers, from 1. */
  readonly #numbered: string[] = []

  /** Takes the newest state. Returns what was known before. */
  put(transfer: Transfer): Transfer | undefined {
    const before = this.#transfers.get(transfer.id)
    this.#transfers.set(transfer.id, transfer)
    return before
  }

  get(id: string): Transfer | undefined {
    return this.#transfers.get(id)
  }

  /** Those that go on or wait, with one friend or with all, oldest first. */
  open(peer?: string): Transfer[] {
    return this.#all(peer).filter((transfer) => !isOver(transfer))
  }

  /** What a list shows: the newest of those that are over, then all that go on. */
  list(): Transfer[] {
    const ended = this.#all().filter(isOver)
    return [...ended.slice(-overListed), ...this.open()]
  }

  /** The number by which a person means it: given when it is first shown, and kept. */
  numberOf(id: string): number {
    const known = this.#numbered.indexOf(id)
    return known >= 0 ? known + 1 : this.#numbered.push(id)
  }

  byNumber(number: number): Transfer | undefined {
    return this.#transfers.get(this.#numbered[number - 1] ?? '')
  }

  #all(peer?: string): Transfer[] {
    return [...this.#transfers.values()]
      .filter((transfer) => peer === undefined || transfer.peer === peer)
      .toSorted((a, b) => a.offeredAt - b.offeredAt)
  }
}
