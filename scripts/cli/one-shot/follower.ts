/**
 * Follows transfers for a one-shot command: keeps their newest state, draws their progress, writes them as JSON lines,
 * and notifies the command of changes. It makes no decisions.
 */
import type { Writable } from 'node:stream'
import type { Friend, Group, Peer, Transfer } from '#protocol'
import { progressLine } from '../terminal/progress-bar.ts'
import { cleanLine } from '../terminal/sanitize.ts'
import { statusOf, transferSummary, whatOf, type ShownTransfer } from '../terminal/transfer-view.ts'
import { forgetEnded, isOver } from '../terminal/transfers.ts'
import { labelOf, truncate } from '../terminal/view.ts'
import type { LiveLines } from './live-lines.ts'

/** The most cells of a bar with its figures. A longer line is harder to read. */
const barColumns = 100

export interface Followed {
  peer: Peer
  display: LiveLines
  /** Receives a JSON line for each new state of a followed transfer. */
  json: Writable | undefined
  /** Aborts when the person wants to end the command. */
  signal: AbortSignal
}

export class Follower {
  readonly #options: Followed
  readonly #friends = new Map<string, Friend>()
  #groups: Group[] = []
  readonly #transfers = new Map<string, Transfer>()
  readonly #followed = new Set<string>()
  readonly #reported = new Set<string>()
  #changed = Promise.withResolvers<void>()
  #unsubscribe: () => void = () => undefined

  constructor(options: Followed) {
    this.#options = options
    // The reader of the JSON lines has ended. The transfer continues.
    options.json?.on('error', () => undefined)
    options.signal.addEventListener('abort', () => this.#notify())
  }

  /** Loads all friends, groups and transfers, and follows their changes from then on. */
  async start(): Promise<void> {
    const { peer } = this.#options
    this.#unsubscribe = peer.subscribe(({ event, data }) => {
      if (event === 'friend-changed') this.#friends.set(data.peer, data)
      if (event === 'transfer-offered' || event === 'transfer-changed') this.#take(data)
      this.#notify()
    })
    for (const friend of await peer.friends()) this.#friends.set(friend.peer, friend)
    this.#groups = await peer.groups()
    for (const transfer of await peer.transfers({})) {
      if (!this.#transfers.has(transfer.id)) this.#transfers.set(transfer.id, transfer)
    }
  }

  stop(): void {
    this.#unsubscribe()
    this.#options.display.end()
  }

  /** Resolves at the next change after this call, and when the person wants to end the command. */
  get changed(): Promise<void> {
    return this.#changed.promise
  }

  get friends(): Friend[] {
    return [...this.#friends.values()]
  }

  /** Those of the start. */
  get groups(): readonly Group[] {
    return this.#groups
  }

  /** All transfers, oldest first. */
  get transfers(): Transfer[] {
    return [...this.#transfers.values()].toSorted((a, b) => a.offeredAt - b.offeredAt)
  }

  get followed(): Transfer[] {
    return this.transfers.filter(({ id }) => this.#followed.has(id))
  }

  /** From now on the transfer is drawn and written. */
  follow(transfer: Transfer): void {
    this.#followed.add(transfer.id)
    this.#take(transfer)
  }

  /**
   * Follows the transfer that a call returns. If an event has already ended the transfer, that newer state is kept.
   * Errors: the call's.
   */
  async followCalled(call: Promise<Transfer>): Promise<void> {
    const before = new Map(this.#transfers)
    const called = await call
    const known = this.#transfers.get(called.id)
    const ended = known !== undefined && isOver(known) && known !== before.get(called.id)
    this.follow(ended ? known : called)
  }

  /** Draws the open transfers, and reports the end of each once. `idle` is shown if none is open. */
  draw(idle = ''): void {
    const { display } = this.#options
    const open: Transfer[] = []
    for (const transfer of this.followed) {
      if (!isOver(transfer)) open.push(transfer)
      else if (!this.#reported.has(transfer.id)) {
        this.#reported.add(transfer.id)
        display.say(sentence(transferSummary(this.shown(transfer))))
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

  /** One bar for all open transfers. Below it is the current file, or what the transfer waits for. */
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
    forgetEnded(this.#transfers, ({ id }) => this.#followed.has(id))
    const { json } = this.#options
    if (json?.writable === true && this.#followed.has(transfer.id)) json.write(`${JSON.stringify(transfer)}\n`)
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** A line begins with a capital letter and ends with a full stop. */
function sentence(text: string): string {
  const line = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?:”]$/u.test(line) || line.includes('\n') ? line : `${line}.`
}

/** The file that is being transferred, if there are several. */
function currentFile({ current, count }: Transfer, columns: number): string[] {
  if (count < 2 || current === undefined) return []
  const position = `  (${current.file + 1} of ${count})`
  return [truncate(cleanLine(current.path), columns - position.length) + position]
}

function sum(transfers: readonly Transfer[], figure: 'doneBytes' | 'bytes' | 'bytesPerSecond'): number {
  return transfers.reduce((total, transfer) => total + transfer[figure], 0)
}
