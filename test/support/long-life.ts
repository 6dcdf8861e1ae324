/**
 * Peers that talk, exchange files, are killed and come back for hours: what each does, and what must be true at the
 * end.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Message, Transfer, TransferState } from '#protocol'
import { type HeadlessPeer, Unanswered } from './headless.ts'
import { digestOf, MiB, randomFile, transferOf } from './transfers.ts'
import { until } from './until.ts'

/** Events of a peer that are kept: `ready`, and those that something may wait for. */
const eventsKept = 500
/** Milliseconds between two messages of one side. */
const pace = 500
/** Milliseconds after a file. */
const rest = 5000

/** A peer, and when it takes calls again after it was killed or stopped. */
export class Inhabitant {
  readonly peer: HeadlessPeer
  alive: Promise<unknown> = Promise.resolve()

  constructor(peer: HeadlessPeer) {
    this.peer = peer
  }

  /** The result of `work`, which is repeated when the process was killed or stopped before it answered. */
  async does<T>(work: (peer: HeadlessPeer) => Promise<T>): Promise<T> {
    for (;;) {
      const { alive } = this
      await alive
      try {
        return await work(this.peer)
      } catch (error) {
        // A process that ended by itself does not come back.
        if (!(error instanceof Unanswered) || alive === this.alive) throw error
      }
    }
  }

  async restart(how: 'kill9' | 'stop'): Promise<void> {
    this.alive = this.peer[how]().then(() => this.peer.start())
    await this.alive
  }
}

/** One direction of a conversation. */
export class Speech {
  readonly from: Inhabitant
  readonly to: Inhabitant
  said = 0
  /** Numbers in the events of the recipient. */
  readonly heard: number[] = []

  constructor(from: Inhabitant, to: Inhabitant) {
    this.from = from
    this.to = to
    const before = to.peer.onEvent
    to.peer.onEvent = (event) => {
      before(event)
      const { events } = to.peer
      if (events.length > 2 * eventsKept) events.splice(1, events.length - eventsKept)
      if (event.event === 'message-received' && event.data.peer === from.peer.id && isSaid(event.data))
        this.heard.push(Number(event.data.text))
    }
  }

  async speak(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const { alive } = this.from
      await alive
      try {
        await this.from.peer.send(this.to.peer, String(this.said))
        this.said += 1
      } catch (error) {
        if (!(error instanceof Unanswered) || alive === this.from.alive) throw error
        // Whether it was stored before the kill is read from the store.
        this.said = (await this.#texts(this.from, this.to, 'out')).length
      }
      await pause(pace)
    }
  }

  /** Every message arrives once and in order, in the store; in the events, those that no kill swallowed. */
  async arrives(): Promise<void> {
    const all = Array.from({ length: this.said }, (_, number) => String(number))
    const who = `${this.from.peer.name} to ${this.to.peer.name}`
    const newest = async (): Promise<string | undefined> => (await this.#texts(this.to, this.from, 'in')).at(-1)
    await until(async () => (await newest()) === all.at(-1), `the last message of ${who} arrives`)
    assert.deepEqual(await this.#texts(this.to, this.from, 'in'), all, who)
    assert.deepEqual(await this.#texts(this.from, this.to, 'out'), all, who)
    assert.ok(
      this.heard.every((number, at) => number > (this.heard[at - 1] ?? -1)),
      `${who}: repeated or out of order`,
    )
  }

  #texts(at: Inhabitant, other: Inhabitant, direction: 'in' | 'out'): Promise<string[]> {
    return at.does(async (peer) =>
      (await peer.history(other.peer)).flatMap((message) =>
        message.direction === direction && isSaid(message) ? message.text : [],
      ),
    )
  }
}

/** Not a message about a transfer, which has no text. */
function isSaid({ text }: Message): boolean {
  return text !== ''
}

/** Files from each to the next in turn; one in three is cancelled. Returns when `over` aborts. */
export async function exchange(
  pairs: readonly (readonly [Inhabitant, Inhabitant])[],
  folder: string,
  random: () => number,
  over: AbortSignal,
): Promise<{ done: number; cancelled: number }> {
  const counts = { done: 0, cancelled: 0 }
  for (let round = 0; !over.aborted; round += 1) {
    const [from, to] = pairs[round % pairs.length] ?? assert.fail()
    const source = randomFile(path.join(folder, `${round}.bin`), Math.ceil(random() * 8 * MiB))
    const target = path.join(folder, `to-${round}`)
    const id = await offered(from, to, source)
    await to.does(async (peer) => {
      // A kill may have hidden that it was accepted.
      if ((await transferOf(peer, id)).state === 'offered')
        await peer.call('acceptTransfer', { transfer: id, directory: target })
    })
    const cancels = random() < 1 / 3
    if (cancels) await (random() < 0.5 ? from : to).does((peer) => cancel(peer, id))
    const end = await ended([from, to], id)
    assert.ok(end === 'done' || (end === 'cancelled' && cancels), `a transfer is ${end}`)
    if (end === 'done') assert.equal(digestOf(path.join(target, `${round}.bin`)), digestOf(source))
    counts[end] += 1
    fs.rmSync(source)
    fs.rmSync(target, { recursive: true, force: true })
    await pause(rest)
  }
  return counts
}

/** The id of a new transfer that both sides know. */
async function offered(from: Inhabitant, to: Inhabitant, source: string): Promise<string> {
  const name = path.basename(source)
  const known = (at: Inhabitant, other: Inhabitant): Promise<string | undefined> =>
    at.does(async (peer) => {
      const transfers = await peer.call('transfers', { peer: other.peer.id })
      return transfers.find(({ files }) => files[0]?.path === name)?.id
    })
  await from.does(async (peer) => {
    // A kill may have hidden that it was offered.
    if ((await known(from, to)) === undefined) await peer.call('sendFiles', { peer: to.peer.id, paths: [source] })
  })
  let id: string | undefined
  await until(async () => (id = await known(to, from)) !== undefined, `${to.peer.name} is offered ${name}`)
  return id ?? assert.fail()
}

async function cancel(peer: HeadlessPeer, id: string): Promise<void> {
  const { state } = await transferOf(peer, id)
  // It may be complete before it is cancelled.
  if (state !== 'done' && state !== 'cancelled')
    await peer.call('cancelTransfer', { transfer: id }).catch(async (error: unknown) => {
      if (error instanceof Unanswered || (await transferOf(peer, id)).state !== 'done') throw error
    })
}

async function ended(sides: readonly Inhabitant[], id: string): Promise<'done' | 'cancelled'> {
  let seen: Transfer[] = []
  const over = async (): Promise<boolean> => {
    seen = await Promise.all(sides.map((side) => side.does((peer) => transferOf(peer, id))))
    const [first] = seen
    return seen.every(({ state }) => state === first?.state && isOver(state))
  }
  await until(over, () => `a transfer ends; it is ${told(seen)}`)
  const state = seen[0]?.state
  return state === 'done' || state === 'cancelled' ? state : assert.fail(`a transfer ended: ${told(seen)}`)
}

function isOver(state: TransferState): boolean {
  return ['done', 'cancelled', 'failed', 'declined'].includes(state)
}

function told(sides: readonly Transfer[]): string {
  return sides.map(({ state, error }) => `${state} ${JSON.stringify(error) ?? ''}`).join(' and ')
}
