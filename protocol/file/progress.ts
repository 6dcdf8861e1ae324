/**
 * What callers see of transfers, and when: the stored row and what happens right now, together. Everything that changes
 * a transfer reports it here. A change of state is emitted at once, mere progress a few times a second.
 */
import { advice } from '../api/advice.ts'
import type { Emit } from '../api/events.ts'
import type { FileRisk, MissingFile, Transfer, TransferFile, TransferState } from '../api/model.ts'
import { FileList } from './manifest.ts'
import { riskOf } from './name-risk.ts'
import { Speed } from './speed.ts'
import { fileLimits } from './limits.ts'
import { isOpen } from './transfer-status.ts'
import type { TransferStore } from './transfer-store.ts'
import { apiLimits } from '../api/limits.ts'
import type { TransferRow } from '../store/store.ts'
import { wireLimits } from '../wire/limits.ts'
import type { Offer } from '../wire/offer.ts'

/** What is not stored of a transfer. */
interface Live {
  /** Streams that move it right now. */
  streams: number
  doneBytes: number
  speed: Speed
  /** When it was last emitted; undefined: not yet. */
  emittedAt: number | undefined
  /** Emits progress when enough time has passed. */
  timer: NodeJS.Timeout | undefined
}

export interface ProgressOptions {
  transfers: TransferStore
  emit: Emit
  /** The node that relays transfers with this friend limits how much a circuit carries. */
  limited(peer: string): boolean
  /** Milliseconds, monotonic. */
  clock?: () => number
}

export class Progress {
  readonly #options: ProgressOptions
  readonly #clock: () => number
  readonly #live = new Map<string, Live>()
  readonly #risks = new WeakMap<FileList, (FileRisk | undefined)[]>()

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
  }

  stop(): void {
    for (const { timer } of this.#live.values()) clearTimeout(timer)
    this.#live.clear()
  }

  view(row: TransferRow): Transfer {
    const { transfers, limited } = this.#options
    const { id, peer, direction, offeredAt, savedTo, error } = row
    const offer = transfers.offer(row)
    const live = this.#live.get(id)
    const state = this.#state(row)
    const list = transfers.list(row) ?? new FileList(offer.first)
    const missing = missingOf(row, list, offer)
    const position = state === 'done' ? offer.bytes : (live?.doneBytes ?? row.doneBytes)
    const doneBytes = state === 'done' ? position - missing.bytes : position
    const done = list.done(position)
    for (const file of row.missing ?? []) if (file < done.length) done[file] = 0
    const eta = state === 'active' ? live?.speed.secondsFor(offer.bytes - doneBytes) : undefined
    const pausedBy = row.pausedByMe ? (row.pausedByThem ? 'both' : 'me') : 'them'
    const isLimited = isOpen(row) && limited(peer)
    return {
      id,
      peer,
      direction,
      state,
      name: nameOf(offer),
      ...(offer.note === '' ? {} : { note: offer.note }),
      count: offer.count,
      files: this.#files(row, list, done),
      ...(missing.count === 0 ? {} : { missing: missing.named, missingCount: missing.count }),
      bytes: offer.bytes,
      doneBytes,
      bytesPerSecond: state === 'active' ? (live?.speed.bytesPerSecond ?? 0) : 0,
      ...(eta == null ? {} : { etaSeconds: eta }),
      offeredAt,
      ...(isOpen(row) && (row.pausedByMe || row.pausedByThem) ? { pausedBy } : {}),
      ...(savedTo == null ? {} : { savedTo }),
      ...(error == null ? {} : { error }),
      ...(isLimited ? { advice: advice.limited, adviceCode: 'limited' as const } : {}),
    }
  }

  #files({ direction }: TransferRow, list: FileList, done: readonly number[]): TransferFile[] {
    let risks = this.#risks.get(list)
    if (risks == null && direction === 'in') {
      risks = list.entries.map(({ path }) => riskOf(path))
      this.#risks.set(list, risks)
    }
    return list.entries.map(({ path, size }, file) => {
      const risk = risks?.[file]
      return { path, size, done: done[file] ?? 0, ...(risk == null ? {} : { risk }) }
    })
  }

  /** A stream begins to move the transfer; call the result when it ends. */
  moving(row: TransferRow): () => void {
    const live = this.#of(row)
    live.streams += 1
    live.speed = new Speed(live.doneBytes, this.#clock)
    this.changed(row.id)
    return () => {
      live.streams -= 1
      this.#options.transfers.update(row.id, { doneBytes: live.doneBytes })
      this.changed(row.id)
    }
  }

  /** `doneBytes`, counted from the first file, are on the receiver's disk. */
  done(row: TransferRow, doneBytes: number): void {
    const live = this.#of(row)
    if (live.doneBytes === doneBytes) return
    live.doneBytes = doneBytes
    live.speed.update(doneBytes)
    const since = this.#clock() - (live.emittedAt ?? -Infinity)
    live.timer ??= setTimeout(() => this.changed(row.id), Math.max(0, this.#interval(row) - since))
  }

  /** The transfer has changed: emits it now. */
  changed(id: string): void {
    const { transfers, emit } = this.#options
    const row = transfers.row(id)
    const live = this.#of(row)
    clearTimeout(live.timer)
    live.timer = undefined
    live.emittedAt = this.#clock()
    if (!isOpen(row)) {
      transfers.release(id)
      if (live.streams === 0) this.#live.delete(id)
    }
    emit({ event: 'transfer-changed', data: this.view(row) })
  }

  #state(row: TransferRow): TransferState {
    if (row.state !== 'accepted') return row.state
    if (row.pausedByMe || row.pausedByThem) return 'paused'
    const live = this.#live.get(row.id)
    if ((live?.streams ?? 0) > 0) return 'active'
    // Everything has arrived: the receiver still publishes it and sends the status update.
    return (live?.doneBytes ?? row.doneBytes) >= this.#options.transfers.offer(row).bytes ? 'active' : 'waiting'
  }

  /** Between two emits of mere progress. Longer for long lists: each emit copies the whole list. */
  #interval({ id }: TransferRow): number {
    return fileLimits.progressEvery * Math.max(1, this.#options.transfers.listed(id) / apiLimits.page)
  }

  #of(row: TransferRow): Live {
    let live = this.#live.get(row.id)
    if (live == null) {
      const { doneBytes } = row
      live = { streams: 0, doneBytes, speed: new Speed(doneBytes, this.#clock), emittedAt: undefined, timer: undefined }
      this.#live.set(row.id, live)
    }
    return live
  }
}

/** What does not arrive: what changed since it was offered first, then what could not be offered. */
function missingOf({ missing = [] }: TransferRow, { entries }: FileList, { leftOut, leftOutCount }: Offer) {
  const changed = missing.flatMap((file) => entries[file] ?? [])
  const named: MissingFile[] = changed.slice(0, wireLimits.leftOut.files).map(({ path }) => ({ path, why: 'changed' }))
  return {
    named: [...named, ...leftOut].slice(0, wireLimits.leftOut.files),
    count: changed.length + leftOutCount,
    bytes: changed.reduce((sum, { size }) => sum + size, 0),
  }
}

/** What a person would call it: the only file, or the topmost folder of the first one. */
function nameOf({ first, count }: Offer): string {
  const path = first[0]?.path ?? ''
  const end = path.indexOf('/')
  return end === -1 || count === 1 ? path.replace(/^.*\/(?=.)/, '') : path.slice(0, end)
}
