/**
 * What callers see of transfers, and when: the stored row and what happens right now, together. Everything that changes
 * a transfer reports it here. A change of state is emitted at once, mere progress a few times a second; what a friend
 * changes more often than people do is emitted a little later, with what it has changed since.
 */
import { advice } from '../api/advice.ts'
import type { Emit } from '../api/events.ts'
import type { Transfer, TransferState } from '../api/model.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import type { FileList } from './manifest.ts'
import { Speed } from './speed.ts'
import { fileLimits } from './limits.ts'
import { isOpen } from './transfer-status.ts'
import type { KnownTransfer, TransferStore } from './transfer-store.ts'
import type { MissingFile, TransferSummary } from '../store/transfer-summary.ts'

/** What is not stored of a transfer. */
interface Live {
  /** Streams that move it right now, and its files while one does. */
  streams: number
  list: FileList | undefined
  doneBytes: number
  speed: Speed
  /** When it was last emitted; undefined: not yet. */
  emittedAt: number | undefined
  /** Emits progress, or what a friend changed, when enough time has passed. */
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
  readonly #theirs: KeyedBuckets

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
    this.#theirs = new KeyedBuckets(fileLimits.changes, this.#clock)
  }

  stop(): void {
    for (const { timer } of this.#live.values()) clearTimeout(timer)
    this.#live.clear()
  }

  view(row: KnownTransfer): Transfer {
    const { limited } = this.#options
    const { id, peer, direction, offeredAt, savedTo, error, summary } = row
    const { name, note, count, bytes, roots, risks } = summary
    const live = this.#live.get(id)
    const state = this.#state(row)
    const position = state === 'done' ? bytes : (live?.doneBytes ?? row.doneBytes)
    const doneBytes = state === 'done' ? position - summary.changedBytes : position
    const missingCount = summary.changedCount + summary.leftOutCount
    const current = state === 'active' ? currentOf(live?.list, position) : undefined
    const eta = state === 'active' ? live?.speed.secondsFor(bytes - doneBytes) : undefined
    const pausedBy = row.pausedByMe ? (row.pausedByThem ? 'both' : 'me') : 'them'
    const isLimited = isOpen(row) && limited(peer)
    return {
      id,
      peer,
      direction,
      state,
      name,
      ...(note === '' ? {} : { note }),
      count,
      roots,
      files: filesOf(summary, position),
      ...(Object.keys(risks).length === 0 ? {} : { risks }),
      ...(missingCount === 0 ? {} : { missing: missingOf(summary), missingCount }),
      bytes,
      doneBytes,
      ...(current == null ? {} : { current }),
      bytesPerSecond: state === 'active' ? (live?.speed.bytesPerSecond ?? 0) : 0,
      ...(eta == null ? {} : { etaSeconds: eta }),
      offeredAt,
      ...(isOpen(row) && (row.pausedByMe || row.pausedByThem) ? { pausedBy } : {}),
      ...(savedTo == null ? {} : { savedTo }),
      ...(error == null ? {} : { error }),
      ...(isLimited ? { advice: advice.limited, adviceCode: 'limited' as const } : {}),
    }
  }

  /** A stream begins to move the files of the transfer; call the result when it ends. */
  moving(row: KnownTransfer, list: FileList): () => void {
    const live = this.#of(row)
    live.streams += 1
    live.list = list
    live.speed = new Speed(live.doneBytes, this.#clock)
    // Streams of what this peer sends are opened and ended by the friend.
    const changed = (): void => (row.direction === 'out' ? this.changedByFriend(row) : this.changed(row.id))
    changed()
    return () => {
      live.streams -= 1
      if (live.streams === 0) live.list = undefined
      this.#options.transfers.update(row.id, { doneBytes: live.doneBytes })
      changed()
    }
  }

  /** `doneBytes`, counted from the first file, are on the receiver's disk. */
  done(row: KnownTransfer, doneBytes: number): void {
    const live = this.#of(row)
    if (live.doneBytes === doneBytes) return
    live.doneBytes = doneBytes
    live.speed.update(doneBytes)
    const since = this.#clock() - (live.emittedAt ?? -Infinity)
    this.#later(row.id, live, Math.max(0, fileLimits.progressEvery - since))
  }

  /** The transfer has changed: emits it now. */
  changed(id: string): void {
    const { transfers, emit } = this.#options
    const row = transfers.find(id)
    // One that is over may have been removed since: the store keeps the newest ones.
    if (row == null) return void this.#live.delete(id)
    const live = this.#of(row)
    clearTimeout(live.timer)
    live.timer = undefined
    live.emittedAt = this.#clock()
    if (!isOpen(row) && live.streams === 0) this.#live.delete(id)
    emit({ event: 'transfer-changed', data: this.view(row) })
  }

  /** The friend has changed the transfer: emits it now, unless the friend does so too often. */
  changedByFriend(row: KnownTransfer): void {
    if (this.#theirs.take(row.peer)) this.changed(row.id)
    else this.#later(row.id, this.#of(row), fileLimits.changesLater)
  }

  #state(row: KnownTransfer): TransferState {
    if (row.state !== 'accepted') return row.state
    if (row.pausedByMe || row.pausedByThem) return 'paused'
    const live = this.#live.get(row.id)
    if ((live?.streams ?? 0) > 0) return 'active'
    // Everything has arrived: the receiver still publishes it and sends the status update.
    return (live?.doneBytes ?? row.doneBytes) >= row.summary.bytes ? 'active' : 'waiting'
  }

  #later(id: string, live: Live, wait: number): void {
    live.timer ??= setTimeout(() => this.changed(id), wait)
  }

  #of({ id, doneBytes }: KnownTransfer): Live {
    let live = this.#live.get(id)
    if (live == null) {
      const speed = new Speed(doneBytes, this.#clock)
      live = { streams: 0, list: undefined, doneBytes, speed, emittedAt: undefined, timer: undefined }
      this.#live.set(id, live)
    }
    return live
  }
}

/** The first files, when `doneBytes` of all of them are done, counted from the first one. */
function filesOf({ files }: TransferSummary, doneBytes: number): Transfer['files'] {
  let before = 0
  return files.map(({ path, size, risk, missing }) => {
    const done = missing === true ? 0 : Math.max(0, Math.min(size, doneBytes - before))
    before += size
    return { path, size, done, ...(risk == null ? {} : { risk }) }
  })
}

function currentOf(list: FileList | undefined, doneBytes: number): Transfer['current'] {
  const file = list?.fileAt(doneBytes)
  const [found] = file == null ? [] : (list?.slice(file, 1, doneBytes) ?? [])
  return file == null || found == null ? undefined : { file, ...found }
}

/** What does not arrive: what changed since it was offered first, then what could not be offered. */
function missingOf({ changed, leftOut }: TransferSummary): MissingFile[] {
  const named = [...changed.map((path) => ({ path, why: 'changed' as const })), ...leftOut]
  return named.slice(0, fileLimits.filesShown.files)
}
