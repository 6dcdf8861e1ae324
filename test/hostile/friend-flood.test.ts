/** A friend who sends without end: what is taken of it, what the person sees and decides (docs/threats.md 78). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { v7 as uuid } from 'uuid'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { digest } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { chatProtocol } from '../../protocol/net/policy.ts'
import type { Store } from '../../protocol/store/store.ts'
import { bodyToWire, chatFrameFromWire, chatFrameToWire } from '../../protocol/wire/chat.ts'
import { befriended, helloFrame, startAttacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, friendOf, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'

guardProcess()

const text = 'x'.repeat(1000)
const texts = async (peer: TestPeer, from: TestPeer): Promise<string[]> =>
  (await peer.messages({ peer: from.id, limit: 1000 })).flatMap((one) => (one.direction === 'in' ? one.text : []))
const heldWarnings = (peer: TestPeer): number =>
  peer.events.filter(({ event, data }) => event === 'warning' && data.code === 'rate-limited').length

/** Two friends of whom `victim` takes ten messages of `text` a day. */
async function friends(
  t: TestContext,
  store: Store = openMemoryStore(),
): Promise<Record<'victim' | 'friend', TestPeer>> {
  change(t, chatLimits, {
    chatNewBytes: { tokens: 10 * (1100 * (1 + chatLimits.searchCost) + chatLimits.messageCost), per: hour },
  })
  const node = await startNode(t)
  const victim = await startPeer(t, { nodes: node.addresses(), store })
  const friend = await startPeer(t, { nodes: node.addresses() })
  await befriend(victim, friend)
  return { victim, friend }
}

/** `friend` writes thirty messages, of which the first ones are taken. Returns how many. */
async function flood({ victim, friend }: Record<'victim' | 'friend', TestPeer>): Promise<number> {
  for (let n = 0; n < 30; n++) await friend.sendMessage({ peer: victim.id, text: `${n} ${text}` })
  await until(async () => (await friendOf(victim, friend))?.held === 'too-much', 'what they write is held')
  return (await texts(victim, friend)).length
}

test('hostile 78: beyond what a friend may send in a day, its messages wait; the person decides, and nothing is lost', async (t) => {
  const both = await friends(t)
  const { victim, friend } = both
  const taken = await flood(both)
  assert.ok(taken >= 10 && taken <= 12, `${taken} were taken`)
  assert.equal(heldWarnings(victim), 1)
  // The conversation goes on in the other direction, receipts of the friend included.
  await tell(victim, friend, 'too much')
  const [last] = await victim.messages({ peer: friend.id, limit: 1 })
  await until(async () => (await victim.message({ message: last?.id ?? '' })).state !== 'sent', 'the friend has it')
  const own = await friend.messages({ peer: victim.id, limit: 100 })
  assert.equal(own.filter(({ direction, state }) => direction === 'out' && state === 'delivered').length, taken)
  for (let times = 1; (await texts(victim, friend)).length < 30; times++) {
    assert.ok(times < 10, 'it goes on by as much as before each time')
    const before = (await texts(victim, friend)).length
    assert.equal((await victim.receiveMore({ peer: friend.id })).held, undefined)
    await until(async () => (await texts(victim, friend)).length >= Math.min(30, before + 10), 'more arrives')
  }
  assert.deepEqual(
    (await texts(victim, friend)).map((one) => Number(one.split(' ')[0])),
    Array.from({ length: 30 }, (_, n) => n),
  )
})

test('hostile 78: a new run brings no new allowance', async (t) => {
  const store = openMemoryStore()
  // It is closed with the peer that is started last.
  const both = await friends(t, { ...store, close: () => {} })
  const { victim, friend } = both
  const taken = await flood(both)
  const nodes = (await victim.self()).nodes.map(({ address }) => address)
  await victim.stop()
  const again = await startPeer(t, { nodes, store })
  await until(async () => (await friendOf(again, friend))?.held === 'too-much', 'it is still held')
  assert.equal((await texts(again, friend)).length, taken)
})

test('hostile 78: on a disk that is nearly full messages wait, and come by themselves when there is room', async (t) => {
  change(t, chatLimits, { heldCheck: 50 })
  const disk = { free: 0, total: Infinity }
  const node = await startNode(t)
  const victim = await startPeer(t, { nodes: node.addresses(), store: { ...openMemoryStore(), space: () => disk } })
  const friend = await startPeer(t, { nodes: node.addresses() })
  await befriend(victim, friend)
  const { id } = await friend.sendMessage({ peer: victim.id, text: 'for later' })
  await until(async () => (await friendOf(victim, friend))?.held === 'disk-full', 'it waits')
  assert.equal((await friend.message({ message: id })).state, 'sent')
  disk.free = Infinity
  await until(async () => (await friend.message({ message: id })).state === 'delivered', 'it has come')
  assert.equal((await friendOf(victim, friend))?.held, undefined)
  assert.deepEqual(await texts(victim, friend), ['for later'])
})

test('hostile 78: a friend who goes on sending what is held stores nothing, and is limited', async (t) => {
  change(t, chatLimits, {
    chatNewBytes: { tokens: 40 * chatLimits.messageCost, per: hour },
    chatIdleFrames: { tokens: 100, per: hour },
  })
  const store = openMemoryStore()
  const peer = await startPeer(t, { store })
  const mallory = await startAttacker(t)
  store.putFriend(befriended(mallory.peer))
  const listen = (await peer.self()).listen[0] ?? assert.fail('it does not listen')
  const line = await mallory.open(await mallory.dial(listen), chatProtocol)
  await line.send(helloFrame())
  let previous: Uint8Array = new Uint8Array()
  let sequence = 0
  const write = async (): Promise<boolean> => {
    sequence += 1
    const body = bodyToWire({ id: uuid(), sequence, previous, time: 1, content: { kind: 'text', text: 'x' } })
    previous = digest(body)
    return line.send(chatFrameToWire({ kind: 'message', body }))
  }
  // One after the other at first: what one read brings is stored as a whole or not at all.
  await until(async () => {
    await write()
    return (await peer.friends())[0]?.held != null
  }, 'more is not taken')
  while (sequence < 200 && (await write()));
  await line.dropped()
  const { received } = store.conversation(mallory.peer)
  assert.ok(received > 0 && received < 20, `${received} were stored`)
  assert.equal((await peer.friends())[0]?.held, 'too-much')
  const receipts = line.frames.map(chatFrameFromWire).flatMap((one) => (one.kind === 'receipt' ? one.delivered : []))
  assert.equal(Math.max(...receipts), received, 'what is held is not acknowledged')
})
