/**
 * Honest friends who talk while another peer is attacked: every message must arrive; the number that arrive soon is
 * printed.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Message } from '../../protocol/index.ts'
import { until, type TestPeer } from './network.ts'

/** Milliseconds that count as soon: a hundred times the delivery time on an idle machine. */
const soon = 2000
/** Messages that are sent even if the attack ends at once. */
const fewest = 10

export interface Pair {
  from: TestPeer
  /** PeerId of the receiver, and the messages it has. */
  to: string
  received(): Promise<Message[]>
}

/** Runs `work` while each pair exchanges messages. */
export async function besides(t: TestContext, pairs: readonly Pair[], work: () => Promise<void>): Promise<void> {
  let done = false
  const talking = pairs.map((pair) => talk(t, pair, () => done))
  try {
    await work()
  } finally {
    done = true
    await Promise.all(talking)
  }
}

async function talk(t: TestContext, { from, to, received }: Pair, done: () => boolean): Promise<void> {
  const sent: string[] = []
  let timely = 0
  while (!done() || sent.length < fewest) {
    const begun = performance.now()
    const { id } = await from.sendMessage({ peer: to, text: `bystander ${sent.length}` })
    sent.push(id)
    const arrived = async (): Promise<boolean> =>
      (await from.messages({ peer: to })).some((message) => message.id === id && message.state === 'delivered')
    await until(arrived, 'a bystander’s message arrives')
    if (performance.now() - begun < soon) timely += 1
  }
  const there = (await received()).map(({ id }) => id).filter((id) => sent.includes(id))
  assert.deepEqual(there, sent.slice(-there.length), 'every message once, in order')
  assert.ok(there.length >= Math.min(sent.length, 900))
  t.diagnostic(`${timely} of ${sent.length} messages of a bystander arrived within ${soon / 1000} s`)
}
