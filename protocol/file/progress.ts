/**
 * What callers see of transfers: the remembered row and the moment together, and when they are told. Everything that
 * changes a transfer says so here; what only moves it on is told a few times a second, a change of state at once.
 */
import { advice } from '../paths/path-diagnosis.ts'
import { QuorumError } from '../base/errors.ts'
import type { Emit } from '../api/events.ts'
import type { FileRisk, Transfer, TransferFile, TransferState } from '../api/model.ts'
import { FileList } from './manifest.ts'
import { riskOf } from './name-risk.ts'
import { Speed } from './speed.ts'
import { fileLimits } from './limits.ts'
import { apiLimits } from '../api/limits.ts'
import type { Store, TransferRow } from '../store/store.ts'
import { manifestOf, offerFromWire, type Offer } from '../wire/offer.ts'

interface Live {
  /** Streams that move it right now. */
  moving: number
  doneBytes: number
  speed: Speed
  told: { state: TransferState; at: number } | undefined
  timer: NodeJS.Timeout | undefined
}

export interface ProgressOptions {
  store: Store
  emit: Emit
  /** The node that carries transfers with this friend carries little at a time. */
  limited(peer: string): boolean
  /** Milliseconds, monotonic. */
  clock?: () => number
}

export class Progress {
  readonly #options: ProgressOptions
  readonly #clock: () => number
  readonly #live = new Map<string, Live>()
  readonly #lists = new Map<string, FileList>()
  readonly #risks = new WeakMap<FileList, (FileRisk | undefined)[]>()
  readonly #offers = new Map<string, Offer>()

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
  }

  stop(): void {
    for (const { timer } of this.#live.values()) clearTimeout(timer)
    this.#live.clear()
  }

  /** Errors: `not-found`. */
  row(id: string): TransferRow {
    const row = this.#options.store.transfer(id)
    if (row == null) throw new QuorumError('not-found', 'There is no such transfer')
    return row
  }

  /** The whole list of a transfer's files, as its sender named them; undefined while it is not here. */
  list(row: TransferRow): FileList | undefined {
    const known = this.#lists.get(row.id)
    if (known != null) return known
    const entries = manifestOf(this.#offer(row), this.#options.store.transferManifest(row.id))
    if (entries == null) return undefined
    const list = new FileList(entries)
    if (isOpen(row)) this.#lists.set(row.id, list)
    return list
  }

  view(row: TransferRow): Transfer {
    const { id, peer, direction, offeredAt, savedTo, error } = row
    const offer = this.#offer(row)
    const live = this.#live.get(id)
    const state = this.#state(row)
    const doneBytes = state === 'done' ? offer.bytes : (live?.doneBytes ?? row.doneBytes)
    const list = this.list(row) ?? new FileList(offer.first)
    const done = list.done(doneBytes)
    const eta = state === 'active' ? live?.speed.secondsFor(offer.bytes - doneBytes) : undefined
    const pausedBy = row.pausedByMe ? (row.pausedByThem ? 'both' : 'me') : 'them'
    const limited = isOpen(row) && this.#options.limited(peer)
    return {
      id,
      peer,
      direction,
      state,
      name: nameOf(offer),
      ...(offer.note === '' ? {} : { note: offer.note }),
      count: offer.count,
      files: this.#files(row, list, done),
      bytes: offer.bytes,
      doneBytes,
      bytesPerSecond: state === 'active' ? (live?.speed.bytesPerSecond ?? 0) : 0,
      ...(eta == null ? {} : { etaSeconds: eta }),
      offeredAt,
      ...(isOpen(row) && (row.pausedByMe || row.pausedByThem) ? { pausedBy } : {}),
      ...(savedTo == null ? {} : { savedTo }),
      ...(error == null ? {} : { error }),
      ...(limited ? { advice: advice.limited, adviceCode: 'limited' as const } : {}),
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

  /** A stream begins to move it; call what is returned when it ends. */
  moving(row: TransferRow): () => void {
    const live = this.#of(row)
    live.moving += 1
    live.speed = new Speed(live.doneBytes, this.#clock)
    this.changed(row.id)
    return () => {
      live.moving -= 1
      this.#options.store.updateTransfer(row.id, { doneBytes: live.doneBytes })
      this.changed(row.id)
    }
  }

  /** So many bytes are on the receiver's disk. */
  done(row: TransferRow, doneBytes: number): void {
    const live = this.#of(row)
    if (live.doneBytes === doneBytes) return
    live.doneBytes = doneBytes
    live.speed.update(doneBytes)
    const since = this.#clock() - (live.told?.at ?? -Infinity)
    live.timer ??= setTimeout(() => this.changed(row.id), Math.max(0, this.#between(row) - since))
  }

  /** It has changed: tells it now. */
  changed(id: string): void {
    const row = this.row(id)
    const live = this.#of(row)
    clearTimeout(live.timer)
    live.timer = undefined
    live.told = { state: this.#state(row), at: this.#clock() }
    if (!isOpen(row)) {
      this.#lists.delete(id)
      this.#offers.delete(id)
      if (live.moving === 0) this.#live.delete(id)
    }
    this.#options.emit({ event: 'transfer-changed', data: this.view(row) })
  }

  #state(row: TransferRow): TransferState {
    if (row.state !== 'accepted') return row.state
    if (row.pausedByMe || row.pausedByThem) return 'paused'
    const live = this.#live.get(row.id)
    if ((live?.moving ?? 0) > 0) return 'active'
    // All is there: what is left is to put it in its place and to say so.
    return (live?.doneBytes ?? row.doneBytes) >= this.#offer(row).bytes ? 'active' : 'waiting'
  }

  #offer(row: TransferRow): Offer {
    const known = this.#offers.get(row.id)
    if (known != null) return known
    const offer = offerFromWire(row.offer)
    if (isOpen(row)) this.#offers.set(row.id, offer)
    return offer
  }

  /** Long lists are told less often: each time is a copy of all. */
  #between(row: TransferRow): number {
    const files = this.#lists.get(row.id)?.entries.length ?? 0
    return fileLimits.transferTold * Math.max(1, files / apiLimits.page)
  }

  #of(row: TransferRow): Live {
    let live = this.#live.get(row.id)
    if (live == null) {
      const { doneBytes } = row
      live = { moving: 0, doneBytes, speed: new Speed(doneBytes, this.#clock), told: undefined, timer: undefined }
      this.#live.set(row.id, live)
    }
    return live
  }
}

/** Something can still happen to it. */
export function isOpen({ state, error }: TransferRow): boolean {
  return state === 'offered' || state === 'accepted' || (state === 'failed' && canResume(error?.code))
}

/** The disk can be mended, and then it goes on. */
export function canResume(code: string | undefined): boolean {
  return code === 'disk-full' || code === 'not-writable'
}

/** What a person would call it. */
function nameOf({ first, count }: Offer): string {
  const path = first[0]?.path ?? ''
  const end = path.indexOf('/')
  return end === -1 || count === 1 ? path.replace(/^.*\/(?=.)/, '') : path.slice(0, end)
}
