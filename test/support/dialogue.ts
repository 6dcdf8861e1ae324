/**
 * A busy conversation of two headless peers: each sends a message ten times a second, regardless of the network between
 * them. It records when each message was written and received, and compares that with both stores.
 */
import assert from 'node:assert/strict'
import type { Message } from '#protocol'
import type { HeadlessPeer } from './headless.ts'
import { until } from './until.ts'

/** Between two messages of one side, in milliseconds. */
const pace = 100

interface Side {
  from: HeadlessPeer
  to: HeadlessPeer
  written: { text: string; at: number }[]
  received: { text: string; at: number }[]
}

export class Dialogue {
  readonly #sides: readonly Side[]
  readonly #sent: Promise<unknown>[] = []
  readonly #timer: NodeJS.Timeout

  /** Begins at once. The two must not have exchanged messages before. */
  constructor(one: HeadlessPeer, other: HeadlessPeer) {
    this.#sides = [
      { from: one, to: other, written: [], received: [] },
      { from: other, to: one, written: [], received: [] },
    ]
    for (const { from, to, received } of this.#sides) {
      to.onEvent = ({ event, data }) => {
        if (event === 'message-received' && data.peer === from.id)
          received.push({ text: data.text, at: performance.now() })
      }
    }
    // A failed test does not end it: the timer must not keep the process alive.
    this.#timer = setInterval(() => this.#speak(), pace).unref()
  }

  /** Returns when a message that is written after this call has arrived, both ways. */
  async flows(): Promise<void> {
    const now = performance.now()
    const arrived = ({ written, received }: Side): boolean => {
      const first = written.find(({ at }) => at > now)
      return received.some(({ text }) => text === first?.text)
    }
    await until(() => this.#sides.every(arrived), 'the conversation continues')
  }

  /**
   * The longest delivery time, in seconds, of the messages written since `moment`. If no delivery was possible before
   * `possible`, the time counts from then. Both are milliseconds of the monotonic clock.
   */
  longest(moment: number, possible = moment): number {
    const waits = this.#sides.flatMap(({ written, received }) => {
      const times = new Map(received.map(({ text, at }) => [text, at]))
      return written.flatMap(({ text, at }) => {
        const arrived = times.get(text)
        return at < moment || arrived == null ? [] : arrived - Math.max(at, possible)
      })
    })
    return Math.max(...waits) / 1000
  }

  /** Ends it. Then every message has arrived once and in order, in the events and in both stores. */
  async end(): Promise<number> {
    clearInterval(this.#timer)
    await Promise.all(this.#sent)
    await until(
      () => this.#sides.every(({ written, received }) => received.length >= written.length),
      'everything has arrived',
    )
    for (const { from, to, written, received } of this.#sides) {
      const texts = written.map(({ text }) => text)
      assert.deepEqual(
        received.map(({ text }) => text),
        texts,
      )
      let ours: Message[] = []
      const all = async (): Promise<boolean> => {
        ours = await from.history(to)
        return ours.every(({ direction, state }) => direction === 'in' || state === 'delivered')
      }
      await until(all, `all that ${from.name} wrote is delivered`)
      const theirs = await to.history(from)
      assert.deepEqual(textsOf(ours, 'out'), texts)
      assert.deepEqual(textsOf(theirs, 'in'), texts)
    }
    return this.#sides.reduce((sum, { written }) => sum + written.length, 0)
  }

  #speak(): void {
    for (const { from, to, written } of this.#sides) {
      const text = `${from.name} ${written.length}`
      written.push({ text, at: performance.now() })
      this.#sent.push(from.send(to, text))
    }
  }
}

function textsOf(messages: Awaited<ReturnType<HeadlessPeer['history']>>, which: 'in' | 'out'): string[] {
  return messages.flatMap(({ direction, text }) => (direction === which ? text : []))
}
