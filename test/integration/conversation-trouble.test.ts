/**
 * Failures of a conversation: a friend that claims too much, a disk that refuses writes, a stream that hangs, listeners
 * that send from inside a callback. Stored data stays correct, and the conversation continues.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { Conversation } from '../../protocol/chat/conversation.ts'
import { QuorumError } from '../../protocol/base/errors.ts'
import type { PeerEvent } from '../../protocol/api/events.ts'
import { limits } from '../../protocol/base/limits.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { openMemoryStore } from '../../protocol/store/memory.ts'
import { bodyFromWire, chatFrameToWire } from '../../protocol/wire/chat.ts'
import { frame } from '../../protocol/wire/framing.ts'
import { guardProcess } from '../support/guard.ts'
import { openStream } from '../support/link.ts'
import { until } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'
import { alice, bob } from '../support/people.ts'
import { refused } from '../support/refused.ts'
import {
  body,
  context,
  first,
  helloWith,
  id,
  named,
  nothing,
  now,
  say,
  Script,
  scripted,
  warnings,
} from '../support/talker.ts'

guardProcess()

const someHash = new Uint8Array(32).fill(6)

/** Sequences of the messages that arrived, in order. */
const sequences = (script: Script): number[] => script.of('message').map((frame) => bodyFromWire(frame.body).sequence)

/** The same connection, presented as a relayed one. */
function relayed(connection: Connection, id: string): Connection {
  const remoteAddr = multiaddr(`/ip4/192.0.2.1/tcp/1/p2p/${bob.peer}/p2p-circuit/p2p/${alice.peer}`)
  return Object.create(connection, { id: { value: id }, remoteAddr: { value: remoteAddr } }) as Connection
}

// ---- false claims

test('a hello that claims more messages than were ever sent is refused, and the conversation continues', async (t) => {
  const { a, b, ended, open } = await scripted(t)
  b.said('one')
  a.hello({ received: Number.MAX_SAFE_INTEGER, receivedHash: someHash })
  assert.ok(refused('bad-request')(await ended))
  assert.equal(b.store.conversation(alice.peer).sent, 0)
  assert.deepEqual(warnings(b.events), [])
  const again = new Script((await open()).out)
  again.hello()
  b.said('two')
  await until(() => sequences(again).length === 2, 'both arrive')
  again.send({ kind: 'receipt', delivered: 2, read: 0 })
  await until(() => b.store.conversation(alice.peer).delivered === 2, 'and are delivered')
})

test('a stream without a hello closes after its deadline', async (t) => {
  change(t, limits, { handshake: 50 })
  const { b, ended, open } = await scripted(t)
  assert.ok(refused('bad-request')(await ended))
  // With this deadline the hello of the next stream is in time even on a slow machine.
  change(t, limits, { handshake: hour })
  const again = new Script((await open()).out)
  again.hello()
  b.said('one')
  await until(() => sequences(again).length === 1, 'the next stream serves')
})

test('a stream that misses a receipt while the friend opens another is unused until a frame arrives on it', async (t) => {
  const { a, b, open, link } = await scripted(t)
  a.hello()
  b.said('one')
  await until(() => sequences(a).length === 1, 'it goes over the direct stream')
  const circuit = new Script((await open(relayed(link.listener.connection, 'circuit'))).out)
  circuit.hello()
  await until(() => sequences(circuit).length === 1, 'and again over the stream that lives')
  b.said('two')
  await until(() => sequences(circuit).length === 2, 'what comes next goes there too')
  assert.deepEqual(sequences(a), [1])
  a.send({ kind: 'typing', active: true })
  await until(() => named(b.events, 'typing').length === 1, 'a frame arrives on the direct stream')
  b.said('three')
  await until(() => sequences(a).length === 3, 'it is the better one again')
  assert.deepEqual(sequences(a), [1, 2, 3])
  assert.deepEqual(sequences(circuit), [1, 2])
})

test('a second hello cannot claim more messages than were sent', async (t) => {
  const { a, b, ended } = await scripted(t)
  a.hello()
  b.said('one')
  await until(() => sequences(a).length === 1, 'it came')
  a.hello({ received: 2, receivedHash: someHash })
  assert.ok(refused('bad-request')(await ended))
  const { sent, queued, delivered } = b.store.conversation(alice.peer)
  assert.deepEqual([sent, queued, delivered, warnings(b.events)], [1, 1, 0, []])
})

test('messages sent after an older copy of the profile was restored are sent again when they were lost', async (t) => {
  const { a, b, open } = await scripted(t)
  const held = { received: 5, receivedHash: someHash }
  a.hello(held)
  b.said('one')
  await until(() => sequences(a).includes(6), 'it continues behind what they hold')
  a.stream.abort(new Error('lost on the way'))
  await until(() => !b.conversation.online, 'the stream is over')
  const again = new Script((await open()).out)
  again.hello(held)
  await until(() => sequences(again).includes(6), 'it is sent again')
  assert.deepEqual(again.of('message')[0], a.of('message')[0])
  assert.deepEqual(warnings(b.events), ['store-corrupt'])
})

test('a hello that claims to hold nothing causes one window to be read at once, even when repeated', async (t) => {
  const { a, b } = await scripted(t)
  const count = 10 * chatLimits.chatWindow
  b.store.transaction(() => {
    for (let seq = 1; seq <= count; seq += 1) b.store.queueMessage(alice.peer, { id: id(seq), text: 'x', sentAt: now })
    const bodies = Array.from({ length: count }, (_, at) => ({ seq: at + 1, hash: someHash }))
    b.store.markSent(alice.peer, bodies)
    b.store.markDelivered(alice.peer, count)
  })
  const outgoing = t.mock.method(b.store, 'outgoing')
  for (let times = 0; times < 5; times += 1) a.hello()
  await until(() => a.of('message').length >= chatLimits.chatWindow, 'it is told again')
  a.send({ kind: 'receipt', delivered: chatLimits.chatWindow, read: 0 })
  await until(() => a.of('message').length >= 2 * chatLimits.chatWindow, 'it goes on')
  a.send({ kind: 'receipt', delivered: count, read: 0 })
  const asked = outgoing.mock.calls.map(({ arguments: [, , limit] }) => limit)
  assert.ok(Math.max(...asked) <= chatLimits.chatWindow, `${Math.max(...asked)} were read at once`)
})

test('a new stream does not renew the allowance for frames without effect', async (t) => {
  const { a, ended, open } = await scripted(t)
  const mark = { kind: 'typing', active: true } as const
  const most = Array.from({ length: chatLimits.chatIdleFrames.tokens * 0.75 }, () => mark)
  a.hello()
  a.send(...most)
  const next = await open()
  const other = new Script(next.out)
  other.hello()
  other.send(...most)
  const outcome = await Promise.race([ended, next.ended])
  assert.ok(refused('rate-limited')(outcome))
})

// ---- disk errors

const full = (): never => {
  throw new QuorumError('disk-full', 'The disk is full: nothing was saved')
}

test('a disk that refuses a new message: the caller gets the error, nothing is stored, the stream stays open', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  await until(() => b.conversation.online, 'they are there')
  const refusing = t.mock.method(b.store, 'markSent', full)
  assert.throws(() => b.said('refused'), refused('disk-full'))
  assert.deepEqual([b.store.conversation(alice.peer).queued, b.texts(), b.events], [0, [], []])
  refusing.mock.restore()
  b.said('taken')
  await until(() => sequences(a).length === 1, 'it goes')
  assert.deepEqual(sequences(a), [1])
})

test('a disk that refuses while sending: messages stay queued, one error is reported, they are sent later', async (t) => {
  const { a, b, ended, open } = await scripted(t)
  const refusing = t.mock.method(b.store, 'markSent', full)
  const said = b.said('waits')
  assert.deepEqual([said.text, said.state], ['waits', 'queued'])
  a.hello()
  await ended
  assert.deepEqual(warnings(b.events), ['disk-full'])
  assert.equal(b.said('waits too').state, 'queued')
  assert.deepEqual(sequences(a), [])

  refusing.mock.restore()
  const again = new Script((await open()).out)
  again.hello()
  await until(() => sequences(again).length === 2, 'both go')
  assert.deepEqual(sequences(again), [1, 2])
  assert.equal(b.store.message(said.id)?.state, 'sent')
})

test('a disk that refuses between two windows causes no unhandled error', async (t) => {
  const { a, b, ended } = await scripted(t)
  let calls = 0
  const { markSent } = b.store
  t.mock.method(b.store, 'markSent', (...args: Parameters<typeof markSent>) => {
    calls += 1
    if (calls > 1) throw new QuorumError('disk-full', 'The disk is full: nothing was saved')
    return markSent(...args)
  })
  const long = 'x'.repeat(limits.messageText)
  for (let at = 0; at < 20; at += 1) b.said(long)
  a.hello()
  await ended
  assert.deepEqual([calls, warnings(b.events)], [2, ['disk-full']])
  const { sent, queued } = b.store.conversation(alice.peer)
  assert.ok(sent > 0 && sent < queued)
})

// ---- announcements

test('a batch that ends with invalid bytes has no effect: nothing is stored, announced or answered', async (t) => {
  const presences: string[] = []
  const hellos: string[] = []
  const { a, b, ended } = await scripted(t, {
    onPresence: (peer) => presences.push(peer),
    onHello: (peer) => hellos.push(peer),
  })
  a.write(chatFrameToWire(helloWith()), chatFrameToWire(say(first)), Uint8Array.of(0xff, 0xff))
  assert.ok((await ended) instanceof Error)
  assert.deepEqual([b.events, presences, hellos, b.texts()], [[], [], [], []])
  assert.equal(b.store.conversation(alice.peer).received, 0)
  assert.deepEqual([a.of('receipt'), b.conversation.online], [[], false])
})

test('replies that a listener sends from inside a callback are stored, and are sent once and in order', async (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const { link } = await scripted(t)
  const events: PeerEvent[] = []
  let answers = 0
  const conversation: Conversation = new Conversation({
    ...context(store, bob.peer, alice.peer, events),
    emit(event) {
      events.push(event)
      // Replies to the messages that arrive, and to every message that is sent.
      if ((event.event !== 'message-received' && event.event !== 'message-changed') || answers >= 3) return
      answers += 1
      conversation.send({ id: id(500 + answers), text: `answer ${answers}`, sentAt: now })
    },
  })
  t.after(() => conversation.end())
  const [out, into] = await openStream(link)
  const ended = conversation.run(into, link.listener.connection, 'inbound').catch((error: unknown) => error)
  const a = new Script(out)
  a.write(chatFrameToWire(helloWith()), chatFrameToWire(say(body(1, nothing))))
  await until(() => sequences(a).length >= 3, 'three answers came')
  assert.deepEqual(sequences(a), [1, 2, 3])
  assert.equal(store.conversation(alice.peer).queued, 3)
  conversation.end()
  await ended
})

// ---- several streams

test('a relayed stream that hangs delays nothing once a direct stream exists', async (t) => {
  // The hanging stream never reaches its deadline.
  change(t, limits, { frame: hour })
  const { link, b, open } = await scripted(t)
  const slow = await open(relayed(link.listener.connection, 'relayed'))
  slow.out.pause()
  slow.out.send(frameOf(helloWith()))
  await until(() => b.conversation.online, 'the relayed stream is there')
  // More than all buffers between the two hold.
  const long = 'x'.repeat(limits.messageText)
  const count = 80
  for (let at = 0; at < count; at += 1) b.said(long)
  await until(() => b.store.conversation(alice.peer).sent > 0, 'some have left')
  assert.ok(b.store.conversation(alice.peer).sent < count, 'it hangs')

  const direct = new Script((await open()).out)
  direct.hello()
  await until(() => {
    const last = sequences(direct).at(-1) ?? 0
    if (last > 0) direct.send({ kind: 'receipt', delivered: last, read: 0 })
    return b.store.conversation(alice.peer).delivered === count
  }, 'everything goes over the direct one')
  assert.equal(named(b.events, 'message-changed').filter(({ data }) => data.state === 'delivered').length, count)
})

function frameOf(...frames: Parameters<typeof chatFrameToWire>): Uint8Array {
  return frame(chatFrameToWire(...frames))
}
