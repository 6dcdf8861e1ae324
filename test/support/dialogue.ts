/**
 * A lively conversation of two headless peers: each says something ten times a second, whatever happens to the network
 * between them. It knows when everything was said and when it was heard, and holds it against what the stores have.
 */
import assert from 'node:assert/strict'
import type { HeadlessPeer } from './headless.ts'
import { until } from './until.ts'

/** Between two messages of one side, in milliseconds. */
const pace = 100

interface Side {
  from: HeadlessPeer
  to: HeadlessPeer
  said: { text: string; at: number }[]
  heard: { text: string; at: number }[]
}

export class Dialogue {
  readonly #sides: readonly Side[]
  readonly #sent: Promise<unknown>[] = []
  readonly #timer: NodeJS.Timeout

  /** Begins at once. Nothing may have been said between the two before. */
  constructor(one: HeadlessPeer, other: HeadlessPeer) {
    this.#sides = [
      { from: one, to: other, said: [], heard: [] },
      { from: other, to: one, said: [], heard: [] },
    ]
    for (const { from, to, heard } of this.#sides) {
      to.onEvent = ({ event, data }) => {
        if (event === 'message-received' && data.peer === from.id)
          heard.push({ text: data.text, at: performance.now() })
      }
    }
    // Where a test fails nobody ends it: it must not keep the process.
    this.#timer = setInterval(() => this.#speak(), pace).unref()
  }

  /** Returns when something that is said from now on has arrived, both ways. */
  async flows(): Promise<void> {
    const now = performance.now()
    const arrived = ({ said, heard }: Side): boolean => {
      const first = said.find(({ at }) => at > now)
      return heard.some(({ text }) => text === first?.text)
    }
    await until(() => this.#sides.every(arrived), 'the conversation goes on')
  }

  /**
   * The longest that anything said since `moment` took to arrive, in seconds; where nothing could arrive before
   * `possible`, from then on. Both by the monotonic clock, in milliseconds.
   */
  longest(moment: number, possible = moment): number {
    const waits = this.#sides.flatMap(({ said, heard }) => {
      const times = new Map(heard.map(({ text, at }) => [text, at]))
      return said.flatMap(({ text, at }) => {
        const arrived = times.get(text)
        return at < moment || arrived == null ? [] : arrived - Math.max(at, possible)
      })
    })
    return Math.max(...waits) / 1000
  }

  /**
   * Ends it. Everything has arrived then: once, in the order in which it was said, in the events and in both stores.
   */
  async end(): Promise<number> {
    clearInterval(this.#timer)
    await Promise.all(this.#sent)
    await until(() => this.#sides.every(({ said, heard }) => heard.length >= said.length), 'everything has arrived')
    for (const { from, to, said, heard } of this.#sides) {
      const texts = said.map(({ text }) => text)
      assert.deepEqual(
        heard.map(({ text }) => text),
        texts,
      )
      await from.has(to, texts.at(-1) ?? '', 'delivered')
      const [ours, theirs] = [await from.history(to), await to.history(from)]
      assert.deepEqual(textsOf(ours, 'out'), texts)
      assert.deepEqual(textsOf(theirs, 'in'), texts)
      assert.deepEqual(new Set(ours.flatMap(({ direction, state }) => (direction === 'out' ? state : []))), delivered)
    }
    return this.#sides.reduce((sum, { said }) => sum + said.length, 0)
  }

  #speak(): void {
    for (const { from, to, said } of this.#sides) {
      const text = `${from.name} ${said.length}`
      said.push({ text, at: performance.now() })
      this.#sent.push(from.send(to, text))
    }
  }
}

const delivered = new Set(['delivered'])

function textsOf(messages: Awaited<ReturnType<HeadlessPeer['history']>>, which: 'in' | 'out'): string[] {
  return messages.flatMap(({ direction, text }) => (direction === which ? text : []))
}
