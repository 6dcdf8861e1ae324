/**
 * A long conversation while both peers and the node are repeatedly killed with -9: every message arrives once, in order
 * and in the right state, on both sides. A seed decides which process is killed and when. It is printed; QUORUM_SEED
 * repeats a run as far as processes can be repeated.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '#protocol'
import { type HeadlessPeer, Unanswered, startFriends } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { random } from '../support/random.ts'
import { until } from '../support/until.ts'

const messagesEach = 1000
const killsOfEachPeer = 5
const killsOfNode = 2
/** Concurrent calls: a kill always interrupts some. */
const callsAtOnce = 16
/** The writer is at most this far ahead of the reader, so that kills happen during the conversation, not after it. */
const ahead = 150

const textOf = (from: HeadlessPeer, number: number) => `${from.name} ${number} ${'·'.repeat(number % 300)}`

/** One side of the conversation: sends its messages, and records the received ones. */
class Voice {
  readonly self: HeadlessPeer
  readonly other: HeadlessPeer
  /** Ids from `message-received` across all restarts: none may occur twice. */
  readonly shown: string[] = []
  /** Ids of received messages: from the event, or from the store after a kill between the write and the event. */
  readonly here = new Set<string>()
  /** Resolves when the peer accepts calls after a restart. */
  alive: Promise<unknown> = Promise.resolve()
  /** Calls that a kill left unanswered. */
  cut = 0

  constructor(self: HeadlessPeer, other: HeadlessPeer) {
    this.self = self
    this.other = other
    self.onEvent = ({ event, data }) => {
      if (event !== 'message-received') return
      this.shown.push(data.id)
      this.here.add(data.id)
    }
  }

  /** Kills and restarts the peer, and reads the messages that it has stored. */
  async die(): Promise<void> {
    await this.self.kill9()
    await this.self.start()
    for (const { id } of await this.theirs()) this.here.add(id)
  }

  /**
   * `arrived()`: how many of this side's messages the other side has. Calls are sent in order; the result of an
   * interrupted call is read from the store, not guessed.
   */
  async sayAll(arrived: () => number, over: AbortSignal): Promise<void> {
    let said = 0
    const caughtUp = () => {
      over.throwIfAborted()
      return said - arrived() < ahead
    }
    while (said < messagesEach) {
      await until(caughtUp, () => `${this.other.name} catches up: ${arrived()} of ${said}`, arrived)
      await this.alive
      const batch = Array.from({ length: Math.min(callsAtOnce, messagesEach - said) }, (_, index) => said + index)
      const results = await Promise.allSettled(
        batch.map((number) => this.self.send(this.other, textOf(this.self, number))),
      )
      const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
      for (const reason of failed) if (!(reason instanceof Unanswered)) throw reason
      if (failed.length === 0) {
        said += batch.length
        continue
      }
      this.cut += failed.length
      said = await this.countSaid(over)
      // Answered messages are on the disk.
      const answered = results.filter(({ status }) => status === 'fulfilled').length
      assert.ok(said >= (batch[0] ?? 0) + answered, `${this.self.name} forgot what it had acknowledged`)
    }
  }

  /** How many of its own messages the peer has stored; repeated until no kill interrupts the answer. */
  async countSaid(over: AbortSignal): Promise<number> {
    let said = 0
    await until(async () => {
      over.throwIfAborted()
      await this.alive
      try {
        said = (await this.own()).length
        return true
      } catch (error) {
        if (error instanceof Unanswered) return false
        throw error
      }
    }, `${this.self.name} lists its messages`)
    return said
  }

  /** Returns when every sent message has reached `state`. */
  async allAre(state: Message['state']): Promise<void> {
    const all = async () => (await this.own()).every((message) => message.state === state)
    await until(all, `all of ${this.self.name}'s messages are ${state}`)
  }

  async own(): Promise<Message[]> {
    return (await this.self.history(this.other)).filter(({ direction }) => direction === 'out')
  }

  async theirs(): Promise<Message[]> {
    return (await this.self.history(this.other)).filter(({ direction }) => direction === 'in')
  }
}

const modes = [
  { direct: 'never', path: 'relayed' },
  { direct: 'auto', path: 'direct' },
] as const

for (const { direct, path } of modes) {
  test(`${messagesEach} messages each way, ${path}, all processes killed: each once, in order`, async (t) => {
    const { next } = random(t)
    const stage = new Stage(t)
    const { node, alice, bob } = await startFriends(stage, direct)
    assert.equal((await alice.call('connection', { peer: bob.id })).path, path)

    const [her, his] = [new Voice(alice, bob), new Voice(bob, alice)]
    const arrived = () => her.here.size + his.here.size
    const killPeer = (voice: Voice) => async (): Promise<void> => {
      voice.alive = voice.die()
      await voice.alive
    }
    const kills = [
      ...Array.from({ length: killsOfEachPeer }, () => killPeer(her)),
      ...Array.from({ length: killsOfEachPeer }, () => killPeer(his)),
      ...Array.from({ length: killsOfNode }, () => async (): Promise<void> => {
        await node.kill9()
        await node.start()
      }),
    ]
    // Total numbers of received messages at which a kill is due; several may coincide.
    const plan = kills
      .map((kill) => ({ kill, at: Math.floor((0.02 + 0.93 * next()) * 2 * messagesEach) }))
      .toSorted((a, b) => a.at - b.at)
    const failed = new AbortController()
    const over = AbortSignal.any([failed.signal, t.signal])
    const killing = async (): Promise<void> => {
      for (const { kill, at } of plan) {
        const due = () => {
          over.throwIfAborted()
          return arrived() >= at
        }
        await until(due, () => `${at} messages received; ${arrived()} so far`, arrived)
        await kill()
      }
    }
    const work = [killing(), her.sayAll(() => his.here.size, over), his.sayAll(() => her.here.size, over)]
    try {
      await Promise.all(work)
    } finally {
      // The first failure ends the test without waiting for the rest.
      failed.abort()
      await Promise.allSettled(work)
    }
    t.diagnostic(`${her.cut + his.cut} calls were cut off by a kill`)

    for (const [from, to] of [
      [her, his],
      [his, her],
    ] as const) {
      await from.allAre('delivered')
      const [said, got] = [await from.own(), await to.theirs()]
      assert.deepEqual(
        said.map(({ text }) => text),
        Array.from({ length: messagesEach }, (_, number) => textOf(from.self, number)),
      )
      const essence = ({ id, text, seq, sentAt }: Message) => ({ id, text, seq, sentAt })
      assert.deepEqual(got.map(essence), said.map(essence))
      assert.deepEqual(new Set(got.map(({ state }) => state)), new Set(['delivered']))
      assert.equal(new Set(to.shown).size, to.shown.length, 'a message was shown twice')
      await to.self.call('markRead', { peer: from.self.id, upTo: said.at(-1)?.id ?? '' })
      await from.allAre('read')
      assert.deepEqual(new Set((await to.theirs()).map(({ state }) => state)), new Set(['read']))
    }
    await Promise.all([alice.stop(), bob.stop(), node.stop()])
  })
}
