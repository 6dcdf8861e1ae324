/**
 * The transfers that the terminal client knows, and their numbers in commands.
 * It calls no peer. Its content comes from the call `transfers` and from events.
 */
import { limits } from '#protocol'
import type { Transfer, TransferState } from '#protocol'

/** Final states. A failed transfer may still be resumed. */
const over: ReadonlySet<TransferState> = new Set(['done', 'declined', 'cancelled', 'failed'])
/** The most finished transfers in a list: the newest ones. */
const overListed = 10

export function isOver({ state }: Transfer): boolean {
  return over.has(state)
}

/** Everything that was chosen has arrived. */
export function isComplete({ state, missingCount }: Transfer): boolean {
  return state === 'done' && missingCount === undefined
}

/** It is an offer that waits for an answer of this peer. */
export function waitsForUs({ direction, state }: Transfer): boolean {
  return direction === 'in' && state === 'offered'
}

/** It failed for a reason that the person can remove. */
export function canBeResumed({ state, error, direction }: Transfer): boolean {
  return state === 'failed' && direction === 'in' && (error?.code === 'disk-full' || error?.code === 'not-writable')
}

/** Drops the oldest transfers that are over, beyond as many as the call `transfers` lists; not those to `keep`. */
export function forgetEnded(transfers: Map<string, Transfer>, keep: (transfer: Transfer) => boolean): void {
  if (transfers.size <= 2 * limits.endedListed) return
  const ended = [...transfers.values()].filter((transfer) => isOver(transfer) && !keep(transfer))
  for (const { id } of ended.slice(0, -limits.endedListed)) transfers.delete(id)
}

export class Transfers {
  readonly #transfers = new Map<string, Transfer>()
  /** Ids in the order of their numbers, which start at 1. */
  readonly #numbered: string[] = []

  /** Stores the newest state. Returns the one before. */
  put(transfer: Transfer): Transfer | undefined {
    const before = this.#transfers.get(transfer.id)
    this.#transfers.set(transfer.id, transfer)
    forgetEnded(this.#transfers, ({ id }) => id === transfer.id)
    return before
  }

  get(id: string): Transfer | undefined {
    return this.#transfers.get(id)
  }

  /** Transfers that are not over, with one friend or with all, oldest first. */
  open(peer?: string): Transfer[] {
    return this.#all(peer).filter((transfer) => !isOver(transfer))
  }

  /** What a list shows: the newest of those that are over, then all others. */
  list(): Transfer[] {
    const ended = this.#all().filter(isOver)
    return [...ended.slice(-overListed), ...this.open()]
  }

  /** The transfer's number in commands. It is given when the transfer is first shown, and it never changes. */
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
