/**
 * A conversation over a real connection: with a correct remote side, which is another Conversation, and with a script
 * that sends the frames that the test chooses.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Chat } from '../../protocol/chat/chat.ts'
import { digest } from '../../protocol/identity/identity.ts'
import { limits } from '../../protocol/base/limits.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { silent } from '../../protocol/base/log.ts'
import { openMemoryStore } from '../../protocol/store/memory.ts'
import type { Store } from '../../protocol/store/store.ts'
import { bodyFromWire, chatVersion } from '../../protocol/wire/chat.ts'
import { until } from '../support/network.ts'
import { alice, bob } from '../support/people.ts'
import { refused } from '../support/refused.ts'
import {
  body,
  context,
  first,
  honest,
  id,
  named,
  nothing,
  now,
  say,
  scripted,
  second,
  warnings,
} from '../support/talker.ts'

// ---- two correct sides

test('messages arrive once and in order, and count as delivered when the other side has stored them', async (t) => {
  const { a, b, meet } = await honest(t)
  a.said('one')
  a.said('two')
  assert.equal(a.store.messages(bob.peer, 1)[0]?.state, 'queued')
  await meet()
  a.said('three')
  b.said('and back')
  await until(() => a.store.conversation(bob.peer).delivered === 3, 'three are delivered')
  await until(() => b.store.conversation(alice.peer).delivered === 1, 'the answer is delivered')
  assert.deepEqual(
    b.texts().filter((text) => text.startsWith('in')),
    ['in one', 'in two', 'in three'],
  )
  assert.deepEqual(
    named(b.events, 'message-received').map(({ data }) => data.text),
    ['one', 'two', 'three'],
  )
  const states = named(a.events, 'message-changed').map(({ data }) => `${data.text} ${data.state}`)
  for (const text of ['one', 'two']) {
    assert.deepEqual(
      states.filter((state) => state.startsWith(text)),
      [`${text} sent`, `${text} delivered`],
    )
  }
})

test('after a stream fails, the conversation continues where it stopped, without loss or duplicates', async (t) => {
  const { a, b, meet } = await honest(t)
  for (let round = 0; round < 4; round += 1) {
    const { out, ended } = await meet()
    for (let at = 0; at < 20; at += 1) a.said(`${round} ${at}`)
    await until(() => b.store.conversation(alice.peer).received > round * 20, 'something arrived')
    out.abort(new Error('the cable is cut'))
    await ended
  }
  await meet()
  await until(() => a.store.conversation(bob.peer).delivered === 80, 'everything is delivered')
  const expected = Array.from({ length: 80 }, (_, at) => `in ${Math.floor(at / 20)} ${at % 20}`)
  assert.deepEqual(b.texts(), expected)
  assert.equal(named(b.events, 'message-received').length, 80)
})

test('more messages than one window are sent, one window at a time', async (t) => {
  const { a, b, meet } = await honest(t)
  const count = 3 * chatLimits.chatWindow + 1
  for (let at = 0; at < count; at += 1) a.said(`${at}`)
  await meet()
  await until(() => a.store.conversation(bob.peer).delivered === count, 'everything is delivered')
  assert.equal(b.store.conversation(alice.peer).received, count)
})

test('a message recalled before it was sent is never shown, and leaves no gap in the sequence', async (t) => {
  const { a, b, meet } = await honest(t)
  a.said('keep')
  assert.equal(a.store.recall(a.said('take back').id)?.state, 'recalled')
  a.said('keep too')
  await meet()
  await until(() => a.store.conversation(bob.peer).delivered === 3, 'three are delivered')
  assert.deepEqual(b.texts(), ['in keep', 'in keep too'])
})

test('a read receipt is sent once', async (t) => {
  const { a, b, meet } = await honest(t)
  await meet()
  a.said('read me')
  await until(() => b.store.conversation(alice.peer).received === 1, 'it arrived')
  b.conversation.markRead(1_000_000)
  await until(() => a.store.message(id(1))?.state === 'read', 'it is read')
  assert.equal(b.store.unread(alice.peer), 0)
  const before = b.events.length
  b.conversation.markRead(1)
  assert.equal(b.events.length, before)
})

test('messages read while disconnected are acknowledged as read after reconnecting', async (t) => {
  const { a, b, meet } = await honest(t)
  const { out, ended } = await meet()
  a.said('read me')
  await until(() => a.store.message(id(1))?.state === 'delivered', 'it is delivered')
  out.abort(new Error('cut'))
  await ended
  b.conversation.markRead(1)
  await meet()
  await until(() => a.store.message(id(1))?.state === 'read', 'it is read')
})

test('many keystrokes cause one typing mark, and the mark expires', async (t) => {
  const { a, b, meet } = await honest(t)
  await meet()
  for (const active of [true, true, true, false]) a.conversation.typing(active)
  await until(() => named(b.events, 'typing').length === 2, 'it came and went')
  assert.deepEqual(
    named(b.events, 'typing').map(({ data }) => data),
    [true, false].map((active) => ({ peer: alice.peer, active })),
  )
})

test('an older copy of a profile continues after the messages that the friend holds, and reports it', async (t) => {
  const { a, b, meet } = await honest(t)
  // Bob holds two messages of Alice that are missing in her store.
  for (const seq of [1, 2]) {
    const draft = { id: id(900 + seq), text: `lost ${seq}`, sentAt: now, receivedAt: now, recalled: false }
    b.store.receiveMessage(alice.peer, { ...draft, seq, hash: new Uint8Array(32).fill(seq) })
  }
  // One of them waited in the copy, too.
  a.store.queueMessage(bob.peer, { id: id(902), text: 'lost 2', sentAt: now })
  a.said('after the backup')
  await meet()
  await until(() => a.store.conversation(bob.peer).delivered === 4, 'both are delivered, as the third and the fourth')
  assert.deepEqual(b.texts(), ['in lost 1', 'in lost 2', 'in after the backup'])
  assert.deepEqual(warnings(b.events), [])
  assert.deepEqual(warnings(a.events), ['store-corrupt'])
})

// ---- the test plays the remote side

test('a message before the hello ends the stream and is not stored', async (t) => {
  const { a, b, ended } = await scripted(t)
  a.send(say(first))
  assert.ok(refused('bad-request')(await ended))
  assert.deepEqual(b.texts(), [])
})

test('nothing is sent before the hello of the friend has arrived', async (t) => {
  const { a, b } = await scripted(t)
  b.said('waiting')
  await until(() => a.of('hello').length === 1, 'their hello came')
  assert.equal(b.store.message(id(100_001))?.state, 'queued')
  a.hello()
  await until(() => a.of('message').length === 1, 'then the message')
})

test('a repeated message is shown once and acknowledged again', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  a.send(say(first), say(first))
  a.send(say(second), say(first))
  await until(() => a.of('receipt').some(({ delivered }) => delivered === 2), 'both are acknowledged')
  assert.deepEqual(b.texts(), ['in text 1', 'in text 2'])
  const before = a.of('receipt').length
  a.send(say(second))
  await until(() => a.of('receipt').length > before, 'the repetition is acknowledged')
  assert.equal(named(b.events, 'message-received').length, 2)
})

test('a message that contradicts another is refused and answered with what is here; the conversation goes on', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  a.send(say(first))
  await until(() => b.texts().length === 1, 'the first is there')
  a.send(say(body(1, nothing, 'I never said that')))
  await until(() => a.of('hello').length === 2, 'a second hello came')
  a.send(say(body(2, new Uint8Array(32))))
  await until(() => a.of('hello').length === 3, 'a third hello came')
  assert.deepEqual(
    a.of('hello').map(({ hello }) => hello.received),
    [0, 1, 1],
  )
  a.send(say(second))
  await until(() => b.texts().length === 2, 'it goes on')
  assert.deepEqual(b.texts(), ['in text 1', 'in text 2'])
  assert.deepEqual(warnings(b.events), ['verification-failed', 'verification-failed'])
})

test('a gap is answered with a hello that contains the stored position', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  a.send(say(first))
  await until(() => a.of('receipt').length === 1, 'the first is acknowledged')
  a.send(say(body(7, digest(second))))
  await until(() => a.of('hello').length === 2, 'a second hello came')
  const reply = a.of('hello')[1]?.hello
  assert.equal(reply?.received, 1)
  assert.deepEqual(Buffer.from(reply.receivedHash), Buffer.from(digest(first)))
  assert.deepEqual(b.texts(), ['in text 1'])
})

test('a lost window is sent again after a hello, byte for byte', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  b.said('one')
  b.said('two')
  await until(() => a.of('message').length === 2, 'both came')
  a.hello()
  await until(() => a.of('message').length === 4, 'both came again')
  const bodies = a.of('message').map(({ body }) => Buffer.from(body))
  assert.deepEqual(bodies.slice(2), bodies.slice(0, 2))
  const [one, two] = bodies.map(bodyFromWire)
  assert.deepEqual([one?.sequence, two?.sequence], [1, 2])
  assert.deepEqual(Buffer.from(two?.previous ?? nothing), Buffer.from(digest(bodies[0] ?? nothing)))
})

test('another version of the protocol is reported to the person', async (t) => {
  const { a, b, ended } = await scripted(t)
  a.hello({ version: chatVersion + 1 })
  assert.ok(refused('unsupported-version')(await ended))
  assert.deepEqual(warnings(b.events), ['unsupported-version'])
})

test('an earlier version that holds a different message than the one that was sent receives no more messages', async (t) => {
  const { a, b, ended } = await scripted(t)
  a.hello()
  b.said('one')
  await until(() => a.of('message').length === 1, 'it came')
  a.hello({ received: 1, receivedHash: new Uint8Array(32).fill(6) })
  assert.ok(refused('verification-failed')(await ended))
  assert.deepEqual(warnings(b.events), ['verification-failed'])
  assert.notEqual(b.store.message(id(100_001))?.state, 'delivered')
})

test('a receipt for a message that was never sent, or a read receipt before delivery, ends the stream', async (t) => {
  for (const receipt of [
    { kind: 'receipt', delivered: 1, read: 0 },
    { kind: 'receipt', delivered: 0, read: 1 },
  ] as const) {
    const { a, ended } = await scripted(t)
    a.hello()
    a.send(receipt)
    assert.ok(refused('bad-request')(await ended))
  }
})

test('receipts never decrease', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  b.said('one')
  await until(() => a.of('message').length === 1, 'it came')
  a.send({ kind: 'receipt', delivered: 1, read: 1 }, { kind: 'receipt', delivered: 0, read: 0 }, say(first))
  await until(() => b.texts().length === 2, 'what came after is there')
  assert.equal(b.store.message(id(100_001))?.state, 'read')
})

test('a stream that only carries frames without effect is closed', async (t) => {
  const { a, ended } = await scripted(t)
  a.hello()
  const marks = Array.from(
    { length: chatLimits.chatIdleFrames.tokens * 2 },
    () => ({ kind: 'typing', active: true }) as const,
  )
  a.send(...marks)
  assert.ok(refused('rate-limited')(await ended))
})

test('no more than one window is in flight without a receipt', async (t) => {
  const { a, b } = await scripted(t)
  a.hello()
  for (let at = 0; at < chatLimits.chatWindow + 10; at += 1) b.said(`${at}`)
  await until(() => a.of('message').length === chatLimits.chatWindow, 'a window came')
  const [last] = b.store.messages(alice.peer, 1)
  assert.equal(last?.state, 'queued')
  a.send({ kind: 'receipt', delivered: 10, read: 0 })
  await until(() => a.of('message').length === chatLimits.chatWindow + 10, 'the rest came')
})

// ---- calls of the user interface

function chatAlone(t: TestContext): { chat: Chat; store: Store; friends: Set<string> } {
  const store = openMemoryStore()
  t.after(() => store.close())
  const friends = new Set([bob.peer])
  const { peer: _peer, ...rest } = context(store, alice.peer, bob.peer, [])
  const chat = new Chat({ ...rest, isFriend: (peer) => friends.has(peer), taken: async () => {}, log: silent })
  t.after(() => chat.stop())
  return { chat, store, friends }
}

test('messages can be sent only to friends', (t) => {
  const { chat, friends } = chatAlone(t)
  friends.clear()
  assert.throws(() => chat.send(bob.peer, 'hello'), refused('not-friend'))
})

test('a text has a maximum length in bytes, and always a valid UTF-8 form', (t) => {
  const { chat } = chatAlone(t)
  assert.equal(chat.send(bob.peer, 'x'.repeat(limits.messageText)).state, 'queued')
  assert.throws(() => chat.send(bob.peer, 'ü'.repeat(limits.messageText / 2 + 1)), refused('too-large'))
  assert.equal(chat.send(bob.peer, 'half \ud83d').text, 'half \ufffd')
})

test('a reply must refer to a message of the same conversation', (t) => {
  const { chat, friends } = chatAlone(t)
  friends.add(alice.peer)
  const { id: known } = chat.send(bob.peer, 'one')
  assert.equal(chat.send(bob.peer, 'two', known).replyTo, known)
  assert.throws(() => chat.send(alice.peer, 'three', known), refused('not-found'))
  assert.throws(() => chat.send(bob.peer, 'four', id(1)), refused('not-found'))
})

test('only own messages that were not sent yet can be recalled', (t) => {
  const { chat, store } = chatAlone(t)
  const { id: waiting } = chat.send(bob.peer, 'one')
  assert.deepEqual([chat.recall(waiting).state, store.message(waiting)?.text], ['recalled', ''])
  assert.throws(() => chat.recall(waiting), refused('bad-request'))
  assert.throws(() => chat.recall(id(1)), refused('not-found'))
})

test('reading up to a message of another conversation is refused', (t) => {
  const { chat, friends } = chatAlone(t)
  friends.add(alice.peer)
  const { id: known } = chat.send(bob.peer, 'one')
  assert.throws(() => chat.markRead(alice.peer, known), refused('not-found'))
  assert.throws(() => chat.markRead(bob.peer, id(1)), refused('not-found'))
})
