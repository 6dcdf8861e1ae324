/**
 * Follows transfers for a command that lives as long as they do: keeps their newest state, draws how far they are,
 * writes them as JSON lines, and tells when something is new. It decides nothing.
 */
import type { Writable } from 'node:stream'
import type { Friend, Peer, Transfer } from '#protocol'
import { progressLine } from '../terminal/progress-bar.ts'
import { cleanLine } from '../terminal/sanitize.ts'
import { statusOf, transferNews, whatOf, type ShownTransfer } from '../terminal/transfer-view.ts'
import { isOver } from '../terminal/transfers.ts'
import { labelOf, truncate } from '../terminal/view.ts'
import type { LiveLines } from './live-lines.ts'

/** A bar that is longer is harder to read. */
const barColumns = 100

export interface Followed {
  peer: Peer
  display: LiveLines
  /** Gets a JSON line for each new state of what is followed. */
  json: Writable | undefined
  /** Aborted when the person wants to leave. */
  signal: AbortSignal
}

export class Follower {
  readonly #options: Followed
  readonly #friends = new Map<string, Friend>()
  readonly #transfers = new Map<string, Transfer>()
  readonly #followed = new Set<string>()
  readonly #told = new Set<string>()
  #news = Promise.withResolvers<void>()
  #unsubscribe: () => void = () => undefined

  constructor(options: Followed) {
    this.#options = options
    // Whoever read along is gone: the transfer is not.
    options.json?.on('error', () => undefined)
    options.signal.addEventListener('abort', () => this.#tell())
  }

  /** Learns everybody and everything, and from then on all that changes. */
  async start(): Promise<void> {
    const { peer } = this.#options
    this.#unsubscribe = peer.subscribe(({ event, data }) => {
      if (event === 'friend-changed') this.#friends.set(data.peer, data)
      if (event === 'transfer-offered' || event === 'transfer-changed') this.#take(data)
      this.#tell()
    })
    for (const friend of await peer.friends()) this.#friends.set(friend.peer, friend)
    for (const transfer of await peer.transfers({})) {
      if (!this.#transfers.has(transfer.id)) this.#transfers.set(transfer.id, transfer)
    }
  }

  stop(): void {
    this.#unsubscribe()
    this.#options.display.end()
  }

  /** Resolves when something is new after it was asked for; also when the person wants to leave. */
  get news(): Promise<void> {
    return this.#news.promise
  }

  get friends(): Friend[] {
    return [...this.#friends.values()]
  }

  /** All there are, oldest first. */
  get transfers(): Transfer[] {
    return [...this.#transfers.values()].toSorted((a, b) => a.offeredAt - b.offeredAt)
  }

  get followed(): Transfer[] {
    return this.transfers.filter(({ id }) => this.#followed.has(id))
  }

  /** From now on it is drawn and written. */
  follow(transfer: Transfer): void {
    this.#followed.add(transfer.id)
    this.#take(transfer)
  }

  /** Follows what a call returns, unless it was over before we heard of it. Errors: the call's. */
  async followCalled(call: Promise<Transfer>): Promise<void> {
    const before = new Map(this.#transfers)
    const called = await call
    const known = this.#transfers.get(called.id)
    const ended = known !== undefined && isOver(known) && known !== before.get(called.id)
    this.follow(ended ? known : called)
  }

  /** Draws what is followed, and says once how each that is over has ended. `idle` where nothing is open. */
  draw(idle = ''): void {
    const { display } = this.#options
    const open: Transfer[] = []
    for (const transfer of this.followed) {
      if (!isOver(transfer)) open.push(transfer)
      else if (!this.#told.has(transfer.id)) {
        this.#told.add(transfer.id)
        display.say(sentence(transferNews(this.shown(transfer))))
      }
    }
    const first = open.find(({ state }) => state === 'active') ?? open[0]
    if (first === undefined) return display.show(idle === '' ? [] : [idle], idle)
    display.show(this.#live(open, first), this.#plain(first))
  }

  shown(transfer: Transfer): ShownTransfer {
    const friend = this.#friends.get(transfer.peer)
    const label = friend === undefined ? `…${transfer.peer.slice(-6)}` : labelOf(friend, this.#friends.values())
    return { transfer, label, online: friend?.online === true, number: undefined }
  }

  /** One bar for all that is open, and beneath it what moves or what it waits for. */
  #live(open: readonly Transfer[], first: Transfer): string[] {
    const { look } = this.#options.display
    const done = sum(open, 'doneBytes')
    const total = sum(open, 'bytes')
    const bytesPerSecond = sum(open, 'bytesPerSecond')
    const alone = open.length === 1
    const etaSeconds = alone || bytesPerSecond === 0 ? first.etaSeconds : (total - done) / bytesPerSecond
    const columns = Math.min(look.columns - 1, barColumns)
    const bar = progressLine(look, columns, { done, total, bytesPerSecond, etaSeconds })
    if (first.state !== 'active') return [...(done > 0 ? [bar] : []), sentence(statusOf(this.shown(first)).text)]
    return [bar, ...currentFile(first, look.columns - 1)]
  }

  #plain(first: Transfer): string {
    const shown = this.shown(first)
    if (first.state !== 'active') return sentence(statusOf(shown).text)
    return first.direction === 'in'
      ? `Receiving ${whatOf(first)} from ${shown.label}.`
      : `Sending ${whatOf(first)} to ${shown.label}.`
  }

  #take(transfer: Transfer): void {
    this.#transfers.set(transfer.id, transfer)
    const { json } = this.#options
    if (json?.writable === true && this.#followed.has(transfer.id)) json.write(`${JSON.stringify(transfer)}\n`)
  }

  #tell(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }
}

/** A line of ours begins with a capital and ends with a full stop. */
function sentence(text: string): string {
  const begun = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?:”]$/u.test(begun) || begun.includes('\n') ? begun : `${begun}.`
}

/** Which of several files moves. */
function currentFile({ files, count }: Transfer, columns: number): string[] {
  if (count < 2) return []
  const begun = files.findIndex(({ done, size }) => done > 0 && done < size)
  const index = begun >= 0 ? begun : files.findIndex(({ done, size }) => done < size)
  const file = files[index]
  if (file === undefined) return []
  const place = `  (${index + 1} of ${count})`
  return [truncate(cleanLine(file.path), columns - place.length) + place]
}

function sum(transfers: readonly Transfer[], figure: 'doneBytes' | 'bytes' | 'bytesPerSecond'): number {
  return transfers.reduce((total, transfer) => total + transfer[figure], 0)
}
