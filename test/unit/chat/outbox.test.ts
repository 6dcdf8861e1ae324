/** The sending side of a conversation: the window, overdue receipts, disk errors, and continuation after a crash. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { PeerEvent } from '../../../protocol/api/events.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { QuorumError } from '../../../protocol/base/errors.ts'
import type { Batch } from '../../../protocol/chat/inbox.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { Outbox } from '../../../protocol/chat/outbox.ts'
import { StreamSet } from '../../../protocol/chat/stream-set.ts'
import { digest } from '../../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import type { Message, Store } from '../../../protocol/store/store.ts'
import { bodyFromWire } from '../../../protocol/wire/chat.ts'
import { trailHash, type Hello } from '../../../protocol/wire/hello.ts'
import { chatStream } from '../../support/chat-streams.ts'
import { change, hour } from '../../support/numbers.ts'
import { bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const { peer } = bob
const now = Date.UTC(2026, 0, 1)
const none = new Uint8Array()
const someHash = new Uint8Array(32).fill(6)
const id = (at: number): string => `01890a5d-ac96-774b-bcce-${String(at).padStart(12, '0')}`

interface Sender {
  store: Store
  outbox: Outbox
  streams: StreamSet
  events: PeerEvent[]
  /** Connections that were probed, and a function that reports whether data has arrived on them since. */
  probes: { connection: unknown; heard: () => boolean }[]
  say(text: string): Message
  open(properties?: Parameters<typeof chatStream>[0]): ReturnType<typeof chatStream>
  /** A receipt arrived. */
  receipt(delivered: number): void
  states(): string[]
}

function sender(t: TestContext, store = openMemoryStore(), onEvent = (): void => undefined): Sender {
  t.after(() => store.close())
  const streams = new StreamSet()
  const events: PeerEvent[] = []
  const probes: Sender['probes'] = []
  const probe = (connection: unknown, heard: () => boolean): unknown => probes.push({ connection, heard })
  const emit = (event: PeerEvent): void => {
    events.push(event)
    onEvent()
  }
  const outbox = new Outbox({ peer, store, emit, probe, onOlder: () => {} }, streams)
  return {
    store,
    outbox,
    streams,
    events,
    probes,
    say: (text) => outbox.send({ id: id(store.conversation(peer).queued + 1), text, sentAt: now }),
    open(properties) {
      const made = chatStream(properties)
      streams.add(made.stream)
      t.after(() => made.stream.end())
      return made
    },
    receipt(delivered) {
      store.markDelivered(peer, delivered)
      outbox.onReceipt(store.conversation(peer))
      outbox.flush()
    },
    states: () => store.messages(peer, 1000).map(({ state }) => state),
  }
}

/** Of the warnings. */
const codes = ({ events }: Pick<Sender, 'events'>): string[] =>
  events.flatMap(({ event, data }) => (event === 'warning' ? data.code : []))

/** A write begins in a microtask, and is finished then if the stream has room. */
async function settled(): Promise<void> {
  await turn()
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at)

function batchOf(store: Store): Batch {
  return { position: store.conversation(peer), effects: [], held: undefined }
}

test('without a stream a message waits; with a stream it is sent in the same call', async (t) => {
  const { say, open, outbox, states } = sender(t)
  assert.equal(say('one').state, 'queued')
  const { wire } = open()
  outbox.flush()
  await settled()
  assert.equal(say('two').state, 'sent')
  await settled()
  assert.deepEqual(
    [wire.sequences, states()],
    [
      [1, 2],
      ['sent', 'sent'],
    ],
  )
})

test('nothing is sent before the hello of the friend has arrived', async (t) => {
  const { say, open } = sender(t)
  const { wire } = open({ greeted: false })
  assert.equal(say('one').state, 'queued')
  await settled()
  assert.deepEqual(wire.frames, [])
})

test('each body contains the hash of the previous one, also across two writes', async (t) => {
  const { say, open, outbox } = sender(t)
  say('one')
  say('two')
  const { wire } = open()
  outbox.flush()
  await settled()
  say('three')
  await settled()
  const [one = none, two = none, three = none] = wire.messages
  const previous = [one, two, three].map((body) => Buffer.from(bodyFromWire(body).previous))
  assert.deepEqual(previous, [Buffer.alloc(0), Buffer.from(digest(one)), Buffer.from(digest(two))])
})

test('a message counts as sent before the first byte of it is written', (t) => {
  const { store, say, open } = sender(t)
  const { stream } = open()
  const stored: number[] = []
  t.mock.method(stream.writer, 'write', () => {
    stored.push(store.conversation(peer).sent)
    return Promise.resolve()
  })
  say('one')
  assert.deepEqual(stored, [1])
})

test('after a crash between the commit and the write, the same bytes are sent again', async (t) => {
  const first = sender(t)
  const lost = first.open()
  first.say('one')
  first.say('two')
  await settled()
  // The friend received nothing: its hello requests messages from the beginning.
  const again = sender(t, first.store)
  const { wire } = again.open()
  again.outbox.flush()
  await settled()
  assert.deepEqual(wire.messages, lost.wire.messages)
  assert.deepEqual(again.events, [], 'and nothing changes for the person')
})

test('a full window waits for receipts, and each receipt frees its part of it', async (t) => {
  const { say, open, outbox, receipt, states } = sender(t)
  const { chatWindow } = chatLimits
  for (let count = 1; count <= chatWindow + 10; count += 1) say(`${count}`)
  const { wire } = open()
  outbox.flush()
  await settled()
  assert.deepEqual(wire.sequences, range(1, chatWindow))
  assert.equal(say('later').state, 'queued')
  receipt(4)
  await settled()
  assert.deepEqual(wire.sequences, range(1, chatWindow + 4))
  receipt(chatWindow)
  await settled()
  assert.deepEqual(wire.sequences, range(1, chatWindow + 11))
  assert.ok(!states().includes('queued'))
})

test('one write has a maximum size, and the rest follows in the next', async (t) => {
  const { store, say, open, outbox } = sender(t)
  const count = Math.ceil((2 * chatLimits.chatWindowBytes) / limits.messageText)
  for (let at = 0; at < count; at += 1) say('x'.repeat(limits.messageText))
  const { wire } = open()
  wire.full = true
  outbox.flush()
  await settled()
  const written = wire.sequences.length
  assert.ok(written > 1 && written < count)
  assert.ok(Buffer.concat(wire.messages).byteLength <= chatLimits.chatWindowBytes)
  assert.equal(store.conversation(peer).sent, written, 'only what leaves counts as sent')
  wire.drain()
  await settled()
  assert.deepEqual(wire.sequences, range(1, count))
})

test('a message that is larger than one write is still sent', async (t) => {
  const { chatWindowBytes } = chatLimits
  t.after(() => Object.assign(chatLimits, { chatWindowBytes }))
  Object.assign(chatLimits, { chatWindowBytes: 10 })
  const { say, open, outbox } = sender(t)
  say('more than ten bytes')
  say('and another')
  const { wire } = open()
  outbox.flush()
  await settled()
  assert.deepEqual(wire.sequences, [1, 2])
})

test('during a write new messages wait, and are sent with the next write, once', async (t) => {
  const { say, open, outbox, states } = sender(t)
  const { wire } = open()
  wire.full = true
  assert.equal(say('one').state, 'sent')
  assert.deepEqual([say('two').state, say('three').state], ['queued', 'queued'])
  await settled()
  outbox.flush()
  assert.deepEqual([wire.sequences, states()], [[1], ['sent', 'queued', 'queued']])
  wire.drain()
  await settled()
  assert.deepEqual(wire.sequences, [1, 2, 3])
})

test('a message that a listener sends from inside a callback does not overtake the messages before it', async (t) => {
  const one: Sender = sender(t, openMemoryStore(), () => {
    if (one.store.conversation(peer).queued < 3) one.say('an answer')
  })
  const { wire } = one.open()
  one.say('one')
  await settled()
  assert.deepEqual(wire.sequences, [1, 2, 3])
})

test('a message recalled before it was sent is an empty link of the chain', async (t) => {
  const { store, say, open, outbox } = sender(t)
  store.recall(say('secret').id)
  say('two')
  const { wire } = open()
  outbox.flush()
  await settled()
  assert.deepEqual(
    wire.messages.map((body) => bodyFromWire(body).content.kind),
    ['recalled', 'text'],
  )
})

// ---- receipts that are overdue

test('without a receipt in time the connection is probed, once, until data arrives on it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { probes, say, open } = sender(t)
  const { stream } = open()
  say('one')
  t.mock.timers.tick(chatLimits.receipt - 1)
  assert.equal(probes.length, 0)
  t.mock.timers.tick(1)
  assert.equal(probes.length, 1)
  assert.equal(probes[0]?.connection, stream.connection)
  assert.equal(probes[0]?.heard(), false)
  stream.framesReceived += 1
  assert.equal(probes[0]?.heard(), true)
  t.mock.timers.tick(10 * chatLimits.receipt)
  assert.equal(probes.length, 1)
})

test('more messages do not extend the wait, a receipt for all ends it, one for some restarts it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { probes, say, open, receipt } = sender(t)
  open()
  say('one')
  t.mock.timers.tick(chatLimits.receipt - 100)
  await settled()
  say('two')
  receipt(1)
  t.mock.timers.tick(chatLimits.receipt - 1)
  assert.equal(probes.length, 0, 'a part was acknowledged: the wait began anew')
  t.mock.timers.tick(1)
  assert.equal(probes.length, 1)
  await settled()
  say('three')
  receipt(3)
  t.mock.timers.tick(10 * chatLimits.receipt)
  assert.equal(probes.length, 1, 'nothing is owed')
})

test('a stream that ended is not probed', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { probes, say, open } = sender(t)
  const { stream } = open()
  say('one')
  stream.end()
  t.mock.timers.tick(10 * chatLimits.receipt)
  assert.equal(probes.length, 0)
})

test('messages with receipts on one stream are not sent again on another', async (t) => {
  const { say, open, outbox, receipt, streams } = sender(t)
  const direct = open()
  const relayed = open({ relayed: true })
  for (const text of ['one', 'two']) {
    say(text)
    await settled()
  }
  receipt(1)
  streams.delete(direct.stream)
  outbox.flush()
  await settled()
  assert.deepEqual([direct.wire.sequences, relayed.wire.sequences], [[1, 2], [2]])
})

// ---- disk errors

function full(): never {
  throw new QuorumError('disk-full', 'The disk is full: nothing was saved')
}

test('a message that cannot be stored is not sent, and the caller gets the error', async (t) => {
  for (const method of ['queueMessage', 'markSent'] as const) {
    const { store, say, open, events } = sender(t)
    const { wire } = open()
    const refusing = t.mock.method(store, method, full)
    assert.throws(() => say('refused'), refused('disk-full'))
    refusing.mock.restore()
    await settled()
    assert.deepEqual([wire.frames, events, store.conversation(peer).queued], [[], [], 0], method)
    say('taken')
    await settled()
    assert.deepEqual(wire.sequences, [1], method)
  }
})

test('data that belongs to a message is stored together with it or not at all', async (t) => {
  const { store, outbox, open } = sender(t)
  const { wire } = open()
  assert.throws(() => outbox.send({ id: id(1), text: 'one', sentAt: now }, full), refused('disk-full'))
  await settled()
  assert.deepEqual([store.conversation(peer).queued, wire.frames], [0, []])
})

test('a disk error while sending: messages stay queued, the person is notified, the stream ends', async (t) => {
  const { store, say, open, outbox, events, states } = sender(t)
  say('one')
  const { wire } = open()
  t.mock.method(store, 'markSent', full)
  outbox.flush()
  await settled()
  assert.deepEqual([wire.status, wire.frames, states()], ['aborted', [], ['queued']])
  assert.deepEqual(codes({ events }), ['disk-full'])
})

test('a stream that fails during a write loses nothing: the next one starts after what the friend holds', async (t) => {
  const { say, open, outbox, streams } = sender(t)
  const dying = open()
  say('one')
  await settled()
  dying.wire.full = true
  say('two')
  dying.wire.abort(new Error('the cable is cut'))
  streams.delete(dying.stream)
  say('three')
  const { stream, wire } = open()
  outbox.continueAfter(stream, 1, digest(dying.wire.messages[0] ?? none))
  outbox.flush()
  await settled()
  assert.deepEqual(wire.sequences, [2, 3])
})

// ---- what the friend holds

/** Compares as during a hello, then continues. The effects are the caller's. */
function resume(
  { store, outbox }: Sender,
  { stream }: ReturnType<typeof chatStream>,
  sequence: number,
  hash: Uint8Array,
  { number = 0, trail = [] }: Partial<Pick<Hello, 'number' | 'trail'>> = {},
) {
  const batch = batchOf(store)
  store.transaction(() => outbox.compare({ received: sequence, receivedHash: hash, number, trail }, stream, batch))
  outbox.continueAfter(stream, sequence, hash)
  return batch
}

test('an older copy of the store continues after what the friend holds, and reports it', async (t) => {
  const one = sender(t)
  one.say('after the backup')
  const made = one.open({ greeted: false })
  const batch = resume(one, made, 5, someHash)
  assert.deepEqual(batch.position, one.store.conversation(peer))
  assert.deepEqual(codes(one), [], 'not before it is on disk')
  for (const effect of batch.effects) effect()
  assert.deepEqual(codes(one), ['store-corrupt'])
  made.stream.helloReceived = true
  one.outbox.flush()
  await settled()
  assert.deepEqual(made.wire.sequences, [6])
  assert.deepEqual(Buffer.from(bodyFromWire(made.wire.messages[0] ?? none).previous), Buffer.from(someHash))
  // Message 5 was lost and is in no store here, so its hash comes from the hello.
  one.streams.delete(made.stream)
  const again = one.open({ greeted: false })
  resume(one, again, 5, someHash)
  again.stream.helloReceived = true
  one.outbox.flush()
  await settled()
  assert.deepEqual(again.wire.messages, made.wire.messages)
})

test('a friend that claims to hold what was never sent is believed once in a run, and its claim is called one', (t) => {
  for (const number of [0, 1]) {
    const one = sender(t)
    const batch = resume(one, one.open({ greeted: false }), 100_000, someHash, { number })
    for (const effect of batch.effects) effect()
    const again = { number: 2 * number }
    assert.throws(() => resume(one, one.open({ greeted: false }), 200_000, someHash, again), refused('bad-request'))
    assert.equal(one.store.conversation(peer).sent, 100_000)
    assert.deepEqual(codes(one), ['store-corrupt'])
    assert.match(JSON.stringify(one.events), /They report messages .* if no older copy/u)
  }
})

test('a claim that could not be stored does not count', (t) => {
  const one = sender(t)
  resume(one, one.open({ greeted: false }), 5, someHash)
  const batch = resume(one, one.open({ greeted: false }), 7, someHash)
  for (const effect of batch.effects) effect()
  assert.equal(one.store.conversation(peer).sent, 7)
})

test('a friend that claims to hold something else again and again is believed a few times', async (t) => {
  change(t, chatLimits, { adoptions: { tokens: 2, per: hour } })
  const { one, made } = await fiveSent(t)
  const claim = (number: number): void => void resume(one, made, 4, new Uint8Array(32).fill(number), { number })
  claim(1)
  claim(2)
  assert.throws(() => claim(3), refused('rate-limited'))
})

test('an earlier version that holds a different message than the one that was sent is refused', async (t) => {
  const one = sender(t)
  const made = one.open()
  one.say('one')
  await settled()
  assert.throws(() => resume(one, made, 1, someHash), refused('verification-failed'))
  resume(one, made, 1, digest(made.wire.messages[0] ?? none))
})

/** Five messages that were sent, of which four were delivered; their hashes. */
async function fiveSent(t: TestContext) {
  const one = sender(t)
  const made = one.open()
  for (const text of ['1', '2', '3', '4', '5']) one.say(text)
  await settled()
  one.store.markDelivered(peer, 4)
  const hashes = made.wire.messages.map((body) => digest(body))
  return { one, made, hashOf: (sequence: number) => hashes[sequence - 1] ?? none }
}
const trailOf = (...known: [sequence: number, hash: Uint8Array][]): Hello['trail'] =>
  known.map(([sequence, hash]) => ({ sequence, hash: hash.subarray(0, trailHash) }))

test('a friend that holds something else gets everything since they last agreed, behind what it holds', async (t) => {
  const { one, made, hashOf } = await fiveSent(t)
  const batch = resume(one, made, 4, someHash, { number: 1, trail: trailOf([3, someHash], [2, hashOf(2)]) })
  assert.deepEqual(batch.position, one.store.conversation(peer))
  for (const effect of batch.effects) effect()
  assert.deepEqual(codes(one), ['store-corrupt'])
  one.outbox.flush()
  await settled()
  const again = made.wire.messages.slice(5).map(bodyFromWire)
  assert.deepEqual(
    again.map(({ sequence, content }) => [sequence, content.kind === 'text' && content.text]),
    [
      [5, '3'],
      [6, '4'],
      [7, '5'],
    ],
  )
  assert.deepEqual(Buffer.from(again[0]?.previous ?? none), Buffer.from(someHash))
  assert.equal(one.store.recall(again[0]?.id ?? ''), undefined, 'what has left is not taken back')
  // The next hello, before anything has arrived there, agrees.
  const { effects } = resume(one, made, 4, someHash, { number: 2 })
  assert.deepEqual([effects, one.store.conversation(peer).queued], [[], 7])
})

test('a friend that was put back gets what it has no more, which was delivered and is sent again', async (t) => {
  const { one, made, hashOf } = await fiveSent(t)
  made.stream.helloReceived = false
  const { effects } = resume(one, made, 2, hashOf(2), { number: 1 })
  made.stream.helloReceived = true
  one.events.length = 0
  for (const effect of effects) effect()
  assert.deepEqual(one.states(), ['delivered', 'delivered', 'sent', 'sent', 'sent'])
  assert.equal(one.events.length, 2)
  one.outbox.flush()
  await settled()
  assert.deepEqual(made.wire.messages.slice(5), made.wire.messages.slice(2, 5))
})

test('a friend that claims to hold less again and again changes what is shown a few times', async (t) => {
  change(t, chatLimits, { adoptions: { tokens: 2, per: hour } })
  const { one, made, hashOf } = await fiveSent(t)
  made.stream.helloReceived = false
  for (let number = 1; number <= 4; number += 1) {
    one.store.markDelivered(peer, 5)
    const { effects } = resume(one, made, 2, hashOf(2), { number })
    assert.equal(effects.length, number <= 2 ? 3 : 0)
  }
  assert.equal(one.store.conversation(peer).delivered, 5)
})

test('a hello that receipts on another stream have overtaken takes nothing back, nor does a later one', async (t) => {
  const { one, made, hashOf } = await fiveSent(t)
  const late = one.open({ greeted: false, acknowledgedBefore: 3 })
  assert.deepEqual(resume(one, late, 3, hashOf(3), { number: 1 }).effects, [])
  assert.deepEqual(resume(one, made, 3, hashOf(3), { number: 2 }).effects, [])
  assert.equal(one.store.conversation(peer).delivered, 4)
  const restored = one.open({ greeted: false, acknowledgedBefore: 4 })
  assert.equal(resume(one, restored, 3, hashOf(3), { number: 3 }).effects.length, 1)
  assert.equal(one.store.conversation(peer).delivered, 3)
})

test('an older hello that comes late takes nothing back', async (t) => {
  const { one, made, hashOf } = await fiveSent(t)
  resume(one, made, 4, hashOf(4), { number: 7 })
  assert.deepEqual(resume(one, made, 2, hashOf(2), { number: 6 }).effects, [])
  assert.equal(one.store.conversation(peer).delivered, 4)
})

test('of a friend that agrees with nothing, a bounded number of delivered messages is sent again', async (t) => {
  change(t, chatLimits, { sentAgain: 2 })
  const { one, made } = await fiveSent(t)
  resume(one, made, 4, someHash, { number: 1 })
  assert.deepEqual(
    one.store.outgoing(peer, 4, 9).map(({ seq, text }) => [seq, text]),
    [
      [5, '3'],
      [6, '4'],
      [7, '5'],
    ],
  )
})

test('a claim of more than a full outbox beyond what was sent is refused, in a second hello any such claim', (t) => {
  for (const [greeted, claim] of [
    [false, chatLimits.outbox + 2],
    [false, Number.MAX_SAFE_INTEGER],
    [true, 2],
  ] as const) {
    const one = sender(t)
    one.open()
    one.say('one')
    const before = one.store.conversation(peer)
    assert.throws(() => resume(one, one.open({ greeted }), claim, someHash), refused('bad-request'))
    assert.deepEqual(one.store.conversation(peer), before)
  }
})

test('a hello that claims to hold nothing gets one window, read in one piece, even when repeated', async (t) => {
  const one = sender(t)
  const count = 3 * chatLimits.chatWindow
  for (let at = 1; at <= count; at += 1) one.say('x')
  one.store.markSent(
    peer,
    range(1, count).map((seq) => ({ seq, hash: someHash })),
  )
  one.store.markDelivered(peer, count)
  const made = one.open()
  const outgoing = t.mock.method(one.store, 'outgoing')
  const asked = (): number[] => outgoing.mock.calls.map(({ arguments: [, , limit] }) => limit)
  resume(one, made, 0, none)
  one.outbox.flush()
  await settled()
  assert.deepEqual(made.wire.sequences, range(1, chatLimits.chatWindow))
  assert.ok(Math.max(...asked()) <= chatLimits.chatWindow)
  // All of them count as delivered, so no receipt for them is news; the window goes on with it all the same.
  one.outbox.onReceipt(one.store.conversation(peer), 2)
  one.outbox.flush()
  await settled()
  assert.deepEqual(made.wire.sequences, range(1, chatLimits.chatWindow + 2))
})

test('of a long conversation that a friend has lost, the state of a bounded number changes, and all of it is sent', async (t) => {
  change(t, chatLimits, { sentAgain: 2 })
  const { one, made } = await fiveSent(t)
  one.store.markDelivered(peer, 5)
  made.stream.helloReceived = false
  const { effects } = resume(one, made, 0, none, { number: 1 })
  made.stream.helloReceived = true
  assert.equal(effects.length, 2)
  assert.deepEqual(one.states(), ['delivered', 'delivered', 'delivered', 'sent', 'sent'])
  const before = made.wire.sequences.length
  one.outbox.flush()
  await settled()
  assert.deepEqual(made.wire.sequences.slice(before), range(1, 5))
  one.receipt(5)
  assert.deepEqual(
    one.states(),
    Array.from({ length: 5 }, () => 'delivered'),
  )
})
