/**
 * Waiting messages: those written while a peer or the node is away, for every order of leaving and returning, and the
 * actions on a message before it is sent. Paths are relayed, so that the absence of the node matters.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '#protocol'
import { befriend, HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

const relayed = ['--direct', 'never']

interface Trio {
  node: HeadlessNode
  sender: HeadlessPeer
  receiver: HeadlessPeer
}

/** A node and two friends who are talking. */
async function trio(stage: Stage): Promise<Trio> {
  const node = await new HeadlessNode(stage).start()
  const setup = { nodes: node.addresses, args: relayed }
  const sender = await new HeadlessPeer(stage, 'sender', setup).start()
  const receiver = await new HeadlessPeer(stage, 'receiver', setup).start()
  await befriend(sender, receiver)
  return { node, sender, receiver }
}

const states: Message['state'][] = ['queued', 'sent', 'delivered', 'read']

/** Records every reported state of a sent message; fails if a state is repeated or goes backwards. */
function watchStates(peer: HeadlessPeer): (id: string) => Message['state'][] {
  const changes = new Map<string, Message['state'][]>()
  peer.onEvent = ({ event, data }) => {
    // That it was left at a node changes no state.
    if (event !== 'message-changed' || data.direction !== 'out' || data.leftAt !== undefined) return
    const before = changes.get(data.id) ?? []
    const ranks = [before.at(-1) ?? 'queued', data.state].map((state) => states.indexOf(state))
    assert.ok((ranks[1] ?? 0) > (ranks[0] ?? 0), `${data.text} went from ${before.join()} to ${data.state}`)
    changes.set(data.id, [...before, data.state])
  }
  return (id) => changes.get(id) ?? []
}

type Who = keyof Trio
/** Every order of leaving, each with another order of returning. */
const orders: { leave: Who[]; comeBack: Who[] }[] = [
  { leave: ['sender', 'receiver', 'node'], comeBack: ['sender', 'receiver', 'node'] },
  { leave: ['sender', 'node', 'receiver'], comeBack: ['receiver', 'node', 'sender'] },
  { leave: ['receiver', 'sender', 'node'], comeBack: ['node', 'receiver', 'sender'] },
  { leave: ['receiver', 'node', 'sender'], comeBack: ['sender', 'node', 'receiver'] },
  { leave: ['node', 'sender', 'receiver'], comeBack: ['receiver', 'sender', 'node'] },
  { leave: ['node', 'receiver', 'sender'], comeBack: ['node', 'sender', 'receiver'] },
]

test('nothing is lost, in every order of leaving and returning', async (t) => {
  const cast = await trio(new Stage(t))
  const { sender, receiver, node } = cast
  const states = watchStates(sender)
  for (const [number, { leave, comeBack }] of orders.entries()) {
    await t.test(`away: ${leave.join(', ')}; back: ${comeBack.join(', ')}`, async () => {
      const up = new Set<Who>(['sender', 'receiver', 'node'])
      const sent: Message[] = []
      const written = async (moment: string): Promise<void> => {
        const text = `${number} ${moment}`
        if (up.has('sender')) sent.push(await sender.send(receiver, text))
        // In the other direction too: an answer must not be lost either.
        if (up.has('receiver')) await receiver.send(sender, `answer ${text}`)
      }
      await written('all here')
      for (const who of leave) {
        await cast[who].stop()
        up.delete(who)
        // The remaining peers have noticed the absence: messages written from here on wait.
        if (up.has('sender')) await sender.sees(receiver, false)
        if (up.has('receiver')) await receiver.sees(sender, false)
        await written(`without ${who}`)
        const waiting = sent.at(-1)
        if (up.has('sender') && waiting != null) {
          assert.equal(waiting.state, 'queued')
          assert.deepEqual(states(waiting.id), [])
        }
      }
      for (const who of comeBack) {
        await cast[who].start()
        up.add(who)
        if (up.size < 3) await written(`${who} is back`)
      }
      await talking(sender, receiver)
      await written('all back')
      await receiver.has(sender, `${number} all back`, 'delivered')
      await sender.has(receiver, `answer ${number} all back`, 'delivered')

      const { id: last } = await sender.has(receiver, `${number} all back`, 'delivered')
      await receiver.call('markRead', { peer: sender.id, upTo: last })
      await sender.has(receiver, `${number} all back`, 'read')
      for (const { id } of sent) assert.deepEqual(states(id).at(-1), 'read')
      await sameHistory(sender, receiver)
    })
  }
  assert.equal(
    (await receiver.history(sender)).every(({ direction, state }) => direction === 'out' || state === 'read'),
    true,
  )
  await Promise.all([sender.stop(), receiver.stop(), node.stop()])
})

/** Both hold the same messages of each, once, in the order in which they were written. */
async function sameHistory(a: HeadlessPeer, b: HeadlessPeer): Promise<void> {
  // A receipt may still be in flight.
  await until(async () => {
    const both = [...(await a.history(b)), ...(await b.history(a))]
    return both.every(({ direction, state }) => direction === 'in' || state === 'delivered' || state === 'read')
  }, 'everything is delivered')
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const said = (await from.history(to)).filter(({ direction }) => direction === 'out')
    const received = (await to.history(from)).filter(({ direction }) => direction === 'in')
    const essence = ({ id, text, seq, sentAt, replyTo }: Message) => ({ id, text, seq, sentAt, replyTo })
    assert.deepEqual(received.map(essence), said.map(essence))
    assert.deepEqual(
      said.map(({ seq }) => seq),
      said.map((_, index) => index + 1),
    )
  }
}

test('a message can be recalled while it waits, and not afterwards', async (t) => {
  const { sender, receiver } = await trio(new Stage(t))
  const gone = await sender.send(receiver, 'this has gone')
  await sender.has(receiver, 'this has gone', 'delivered')
  await receiver.stop()
  await sender.sees(receiver, false)
  // At once, because after some seconds they are left at the node.
  const [before, slip] = await Promise.all(
    ['before the slip', 'a slip of the tongue'].map((text) => sender.send(receiver, text)),
  )
  const recalled = await sender.call('recallMessage', { message: slip?.id ?? '' })
  const after = await sender.send(receiver, 'after the slip')
  assert.deepEqual([before?.state, slip?.state, after.state], ['queued', 'queued', 'queued'])
  assert.deepEqual([recalled.id, recalled.state, recalled.text], [slip?.id, 'recalled', ''])
  await sender.event('message-changed', ({ id, state }) => id === slip?.id && state === 'recalled')
  assert.equal(await sender.refusal('recallMessage', { message: slip?.id ?? '' }), 'bad-request')
  assert.equal(await sender.refusal('recallMessage', { message: gone.id }), 'bad-request')
  assert.equal(await sender.refusal('recallMessage', { message: crypto.randomUUID() }), 'not-found')
  assert.deepEqual(await sender.call('search', { text: 'slip of the tongue' }), [])
  // A restart does not bring it back either.
  await sender.kill9()
  await sender.start()
  await receiver.start()
  await receiver.has(sender, 'after the slip', 'delivered')
  const received = await receiver.history(sender)
  assert.deepEqual(
    received.map(({ text }) => text),
    ['this has gone', 'before the slip', 'after the slip'],
  )
  assert.equal(await receiver.refusal('recallMessage', { message: gone.id }), 'not-found')
  assert.equal((await sender.history(receiver)).find(({ id }) => id === slip?.id)?.state, 'recalled')
})

test('replies, search, read marks and typing, and which of them survive a restart', async (t) => {
  const stage = new Stage(t)
  const { sender, receiver } = await trio(stage)
  const question = await sender.send(receiver, 'Wann kommst du in Zürich an?')
  await receiver.has(sender, question.text, 'delivered')
  const reply = await receiver.call('sendMessage', { peer: sender.id, text: 'um 10 Uhr 🚂', replyTo: question.id })
  assert.equal(reply.replyTo, question.id)
  assert.equal((await sender.has(receiver, reply.text, 'delivered')).replyTo, question.id)
  const stray = { peer: sender.id, text: 'to what?', replyTo: crypto.randomUUID() }
  assert.equal(await receiver.refusal('sendMessage', stray), 'not-found')

  const found = async (text: string, peer?: string) =>
    (await sender.call('search', { text, ...(peer == null ? {} : { peer }) })).map(({ id }) => id)
  assert.deepEqual(await found('ZÜRICH'), [question.id])
  assert.deepEqual(await found('10'), [reply.id])
  assert.deepEqual(await found('🚂'), [reply.id])
  assert.deepEqual(await found('um', receiver.id), [reply.id])
  assert.deepEqual(await found('um', sender.id), [])
  assert.deepEqual(await found('nowhere'), [])
  assert.deepEqual(await found('"; DROP'), [])
  const page = await sender.call('messages', { peer: receiver.id, limit: 1 })
  assert.deepEqual(
    page.map(({ id }) => id),
    [reply.id],
  )
  const older = await sender.call('messages', { peer: receiver.id, limit: 1, before: reply.id })
  assert.deepEqual(
    older.map(({ id }) => id),
    [question.id],
  )

  await sender.call('typing', { peer: receiver.id, active: true })
  await receiver.event('typing', ({ peer, active }) => peer === sender.id && active)
  await sender.call('typing', { peer: receiver.id, active: false })
  await receiver.event('typing', ({ peer, active }) => peer === sender.id && !active)
  assert.deepEqual(receiver.events.filter(({ event }) => event === 'typing').length, 2)

  // Read while the sender is away: the read mark is on the reader's disk, and is sent after both were killed.
  await sender.stop()
  await receiver.sees(sender, false)
  await receiver.call('markRead', { peer: sender.id, upTo: question.id })
  await receiver.event('message-changed', ({ id, state }) => id === question.id && state === 'read')
  await receiver.kill9()
  await sender.start()
  assert.equal((await sender.has(receiver, question.text, 'delivered')).state, 'delivered')
  await receiver.start()
  await receiver.has(sender, question.text, 'read')
  await sender.has(receiver, question.text, 'read')
  await sender.call('markRead', { peer: receiver.id, upTo: 1 })
  await receiver.has(sender, reply.text, 'read')
  assert.equal((await sender.has(receiver, reply.text, 'read')).replyTo, question.id)
  await sameHistory(sender, receiver)
})
