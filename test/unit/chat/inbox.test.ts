/** The receiving side of a conversation: the hash chain, repetitions, gaps, receipts, and the state after a failure. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { PeerEvent } from '../../../protocol/api/events.ts'
import { QuorumError } from '../../../protocol/base/errors.ts'
import { Inbox, type Batch, type InboxContext, type Source } from '../../../protocol/chat/inbox.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { digest } from '../../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import type { Store } from '../../../protocol/store/store.ts'
import { bodyToWire, chatFrameToWire, type Body } from '../../../protocol/wire/chat.ts'
import { bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const { peer } = bob
const now = Date.UTC(2026, 0, 1)
const none = new Uint8Array()
const id = (at: number): string => `01890a5d-ac96-774b-bcce-${String(at).padStart(12, '0')}`

const message = (body: Uint8Array): Uint8Array => chatFrameToWire({ kind: 'message', body })
const receipt = (delivered: number, read: number): Uint8Array => chatFrameToWire({ kind: 'receipt', delivered, read })
const typing = chatFrameToWire({ kind: 'typing', active: true })
const hello = chatFrameToWire({
  kind: 'hello',
  hello: {
    version: 1,
    received: 0,
    receivedHash: none,
    read: 0,
    name: 'Bob',
    nodes: [],
    addresses: [],
    number: 0,
    trail: [],
    features: [],
    counted: 0,
  },
})

function body(sequence: number, previous: Uint8Array, content: Body['content'], messageId = id(sequence)): Uint8Array {
  return bodyToWire({ id: messageId, sequence, previous, time: now, content })
}
const text = (words: string): Body['content'] => ({ kind: 'text', text: words })
const first = body(1, none, text('one'))
const second = body(2, digest(first), text('two'))
const third = body(3, digest(second), text('three'))

interface Receiver {
  store: Store
  events: PeerEvent[]
  inbox: Inbox
  /** Every callback call, in order. */
  calls: string[]
  /** Milliseconds of the inbox's clock. */
  time: { now: number }
  source: Source
  receive(...frames: Uint8Array[]): ReturnType<Inbox['receive']>
  /** Stores own messages 1 to `count` as sent. */
  sent(count: number): void
}

function receiver(t: TestContext, instead: Partial<InboxContext> = {}, store = openMemoryStore()): Receiver {
  t.after(() => store.close())
  const calls: string[] = []
  const events: PeerEvent[] = []
  const time = { now: 0 }
  const context: InboxContext = {
    peer,
    store,
    now: () => now,
    emit: (event) => {
      calls.push(event.event)
      events.push(event)
    },
    onTransfer: () => assert.fail('nothing about a transfer was sent'),
    onGroup: () => assert.fail('nothing about a group was sent'),
    onHeld: () => calls.push('held'),
    ...instead,
  }
  const one: Receiver = {
    store,
    events,
    calls,
    time,
    inbox: new Inbox(context, () => time.now),
    source: {
      helloReceived: () => true,
      onHello: () => calls.push('hello'),
      onTyping: (active) => calls.push(`typing ${active}`),
    },
    receive: (...frames) => one.inbox.receive(frames, one.source),
    sent(count) {
      for (let seq = 1; seq <= count; seq += 1)
        store.queueMessage(peer, { id: id(500 + seq), text: 'own', sentAt: now })
      const hash = new Uint8Array(32)
      store.markSent(
        peer,
        Array.from({ length: count }, (_, at) => ({ seq: at + 1, hash })),
      )
    },
  }
  return one
}

const texts = (store: Store): string[] =>
  store.messages(peer, 100).flatMap(({ direction, text: words }) => (direction === 'in' ? words : []))

test('messages that arrive together are stored in order and cause one receipt', (t) => {
  const { store, receive } = receiver(t)
  const { answer, position, acknowledged } = receive(message(first), message(second), message(third))
  assert.deepEqual([answer, position.received, acknowledged], ['receipt', 3, undefined])
  assert.deepEqual(texts(store), ['one', 'two', 'three'])
})

test('nothing is announced before the batch is on disk: the effects are the caller’s, in order', (t) => {
  const { events, calls, store, receive } = receiver(t)
  const { effects } = receive(message(first), typing, message(second))
  assert.deepEqual([calls, texts(store)], [[], ['one', 'two']])
  for (const effect of effects) effect()
  assert.deepEqual(calls, ['message-received', 'typing true', 'message-received'])
  assert.deepEqual(
    events.map(({ data }) => 'text' in data && data.text),
    ['one', 'two'],
  )
})

test('a crash between the commit and the effects loses no message and shows none twice', (t) => {
  const { store, receive } = receiver(t)
  // The process ends here: nothing was acknowledged or announced, so the friend sends it again.
  receive(message(first))
  const again = receiver(t, {}, store)
  const { answer, effects } = again.receive(message(first), message(second))
  assert.equal(answer, 'receipt')
  for (const effect of effects) effect()
  assert.deepEqual(again.calls, ['message-received'])
  assert.deepEqual(texts(store), ['one', 'two'])
})

test('a repetition is acknowledged again and changes nothing', (t) => {
  const { store, receive } = receiver(t)
  receive(message(first), message(second))
  const { answer, effects, position } = receive(message(first))
  assert.deepEqual([answer, effects.length, position.received], ['receipt', 0, 2])
  assert.deepEqual(texts(store), ['one', 'two'])
})

test('a gap is answered with a hello, and the messages before it in the batch are stored', (t) => {
  const { store, receive } = receiver(t)
  const { answer, position } = receive(message(first), message(third))
  assert.deepEqual([answer, position.received], ['hello', 1])
  assert.deepEqual(texts(store), ['one'])
})

test('a message that contradicts the chain is refused, reported once, and answered with what is here', (t) => {
  const contradictions: { [what: string]: Uint8Array } = {
    'another text in the place of an earlier one': body(1, none, text('other')),
    'another id in the place of an earlier one': body(1, none, text('one'), id(77)),
    'an earlier one taken back': body(1, none, { kind: 'recalled' }),
    'a hash that is not the one before': body(3, new Uint8Array(32), text('three')),
    'the hash of a message two before': body(3, digest(first), text('three')),
  }
  for (const [what, wrong] of Object.entries(contradictions)) {
    const { store, events, receive } = receiver(t)
    receive(message(first))
    for (let times = 0; times < 2; times += 1) {
      const { answer, effects } = receive(message(second), message(wrong), message(wrong))
      assert.equal(answer, 'hello', what)
      for (const effect of effects) effect()
    }
    assert.deepEqual([texts(store), store.conversation(peer).received], [['one', 'two'], 2], what)
    assert.deepEqual(
      events.flatMap(({ event, data }) => (event === 'warning' ? [data.code] : [])),
      ['verification-failed'],
      what,
    )
    assert.equal(receive(message(third)).answer, 'receipt', `${what}: the conversation goes on`)
  }
})

test('a recalled message leaves the chain complete and is not shown', (t) => {
  const { store, receive } = receiver(t)
  const taken = body(2, digest(first), { kind: 'recalled' })
  const { effects, position } = receive(message(first), message(taken), message(body(3, digest(taken), text('three'))))
  assert.deepEqual([effects.length, position.received], [2, 3])
  assert.deepEqual(texts(store), ['one', 'three'])
})

test('before the hello no other frame is accepted; after it, the rest of the batch is', (t) => {
  const early = receiver(t)
  early.source.helloReceived = () => false
  for (const frame of [message(first), receipt(0, 0), typing, new Uint8Array()]) {
    assert.throws(() => early.receive(frame), refused('bad-request'))
  }
  assert.deepEqual([texts(early.store), early.calls], [[], []])
  let greeted = false
  early.source.helloReceived = () => greeted
  early.source.onHello = () => {
    greeted = true
  }
  assert.equal(early.receive(hello, message(first)).answer, 'receipt')
})

test('a refused hello discards its batch', (t) => {
  const one = receiver(t)
  one.source.onHello = () => {
    throw new QuorumError('unsupported-version', 'Another version')
  }
  assert.throws(() => one.receive(message(first), hello), refused('unsupported-version'))
  assert.deepEqual([texts(one.store), one.calls], [[], ['warning']])
})

test('bytes that are not a frame end the batch without a notice to the person', (t) => {
  const { store, calls, receive } = receiver(t)
  assert.throws(() => receive(message(first), Uint8Array.of(0xff, 0xff)))
  assert.deepEqual([texts(store), calls], [[], []])
})

test('a disk error: nothing of the batch is stored, and the person is notified', (t) => {
  const { store, events, receive } = receiver(t)
  const { receiveMessage } = store
  t.mock.method(store, 'receiveMessage', (...args: Parameters<typeof receiveMessage>) => {
    if (args[1].seq === 2) throw new QuorumError('disk-full', 'The disk is full: nothing was saved')
    return receiveMessage(...args)
  })
  assert.throws(() => receive(message(first), message(second)), refused('disk-full'))
  assert.deepEqual([texts(store), store.conversation(peer).received], [[], 0])
  assert.deepEqual(
    events.map(({ data }) => 'code' in data && data.code),
    ['disk-full'],
  )
})

test('an offer is stored with its transfer and announced afterwards; status updates are never shown', (t) => {
  const transfers: string[] = []
  const { store, calls, receive } = receiver(t, {
    onTransfer: (from, { kind }, message) => {
      transfers.push(`${from === peer} ${kind} ${message}`)
      return { transfer: id(9), text: 'the note', announce: () => calls.push(`announce ${kind}`) }
    },
  })
  const offer = body(1, none, { kind: 'offer', bytes: new Uint8Array(3) })
  const news = body(2, digest(offer), { kind: 'news', bytes: new Uint8Array(3) })
  const { effects } = receive(message(offer), message(news))
  assert.deepEqual(transfers, [`true offer ${id(1)}`, `true news ${id(2)}`])
  assert.deepEqual([calls, texts(store)], [[], ['the note']])
  for (const effect of effects) effect()
  assert.deepEqual(calls, ['message-received', 'announce offer', 'announce news'])
})

test('what a restored sender sends again under a new sequence is shown once, and the conversation continues', (t) => {
  const transfers: string[] = []
  const { store, receive, calls } = receiver(t, {
    onTransfer: (_, { kind }, messageId) => {
      transfers.push(`${kind} ${messageId}`)
      return { transfer: id(77), text: 'the note', announce: () => undefined }
    },
  })
  const offer = { kind: 'offer', bytes: new Uint8Array(3) } as const
  const news = { kind: 'news', bytes: new Uint8Array(3) } as const
  const chain = [first]
  const add = (content: Body['content'], messageId: string): void => {
    chain.push(body(chain.length + 1, digest(chain.at(-1) ?? none), content, messageId))
  }
  add(offer, id(2))
  add(news, id(3))
  // The copy was made when these three waited; the first was recalled after it was put back.
  add({ kind: 'recalled' }, id(1))
  add(offer, id(2))
  add(news, id(3))
  add(text('after the restore'), id(4))
  for (const { effects } of [receive(...chain.slice(0, 5).map(message)), receive(...chain.slice(5).map(message))]) {
    for (const effect of effects) effect()
  }
  assert.deepEqual(texts(store), ['one', 'the note', 'after the restore'])
  assert.deepEqual(transfers, [`offer ${id(2)}`, `news ${id(3)}`])
  assert.deepEqual(
    calls.filter((call) => call === 'message-received'),
    ['message-received', 'message-received', 'message-received'],
  )
  // Lost receipts: all of them come once more.
  assert.equal(receive(...chain.map(message)).answer, 'receipt')
  assert.equal(store.conversation(peer).received, 7)
})

test('a message of a kind that only a later version knows keeps its place, and the next ones arrive', (t) => {
  const { store, events, receive } = receiver(t)
  const later = Buffer.concat([body(2, digest(first), { kind: 'unknown' }), Buffer.from([0xe2, 3, 2, 65, 66])])
  const next = body(3, digest(later), text('three'))
  const { answer, effects } = receive(message(first), message(later), message(next))
  assert.equal(answer, 'receipt')
  for (const effect of effects) effect()
  assert.deepEqual(texts(store), ['one', '', 'three'])
  const unknown = store.messages(peer, 100).map((one) => one.unknown)
  assert.deepEqual(unknown, [undefined, true, undefined])
  assert.deepEqual(
    events.map(({ event, data }) => [event, 'unknown' in data && data.unknown]),
    [
      ['message-received', false],
      ['message-received', true],
      ['message-received', false],
    ],
  )
  assert.equal(store.unread(peer), 3)
  assert.equal(receive(message(later)).answer, 'receipt', 'it came again')
})

test('a friend’s message with the id of an own one is refused', (t) => {
  const { store, sent, receive } = receiver(t)
  sent(1)
  assert.throws(() => receive(message(body(1, none, text('echo'), id(501)))), refused('verification-failed'))
  assert.equal(store.conversation(peer).received, 0)
})

test('a transfer that is refused refuses its message', (t) => {
  const { store, receive } = receiver(t, {
    onTransfer: () => {
      throw new QuorumError('verification-failed', 'A transfer has the id of another one')
    },
  })
  const offer = body(2, digest(first), { kind: 'offer', bytes: new Uint8Array(3) })
  assert.throws(() => receive(message(first), message(offer)), refused('verification-failed'))
  assert.equal(store.conversation(peer).received, 0)
})

test('receipts count up to n and never decrease', (t) => {
  const { store, events, sent, receive } = receiver(t)
  sent(5)
  const steps: [delivered: number, read: number, answered: boolean, states: string[]][] = [
    [2, 0, true, ['delivered', 'delivered']],
    [2, 0, false, []],
    [1, 0, false, []],
    [3, 2, true, ['delivered', 'read', 'read']],
    [3, 1, false, []],
    [5, 5, true, ['delivered', 'delivered', 'read', 'read', 'read']],
    [0, 0, false, []],
  ]
  for (const [delivered, read, isNew, states] of steps) {
    const batch = receive(receipt(delivered, read))
    assert.equal(batch.acknowledged, delivered)
    assert.deepEqual([batch.answer, batch.effects.length > 0], ['none', isNew])
    events.length = 0
    for (const effect of batch.effects) effect()
    assert.deepEqual(
      events.map(({ data }) => 'state' in data && data.state),
      states,
      `receipt ${delivered} ${read}`,
    )
  }
  assert.deepEqual([store.conversation(peer).delivered, store.conversation(peer).readByThem], [5, 5])
})

test('a receipt for what was never sent, or read before it was delivered, is refused', (t) => {
  for (const [delivered, read] of [
    [3, 0],
    [1, 2],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ] as const) {
    const { store, sent, receive } = receiver(t)
    sent(2)
    assert.throws(() => receive(receipt(1, 0), receipt(delivered, read)), refused('bad-request'))
    assert.equal(store.conversation(peer).delivered, 0)
  }
})

test('frames without effect are limited, over all batches, and the allowance recovers with time', (t) => {
  const one = receiver(t)
  const { tokens, per } = chatLimits.chatIdleFrames
  one.receive(message(first))
  for (let count = 0; count < tokens; count += 100) {
    one.receive(...Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? typing : message(first))))
  }
  assert.throws(() => one.receive(typing), refused('rate-limited'))
  assert.equal(one.receive(message(second)).answer, 'receipt', 'what is new is not counted')
  one.time.now += per / tokens
  one.receive(typing)
  assert.throws(() => one.receive(typing), refused('rate-limited'))
})

test('what is held stays held until it is released, whatever comes back meanwhile, and is reported once', (t) => {
  const { tokens, per } = chatLimits.chatNewBytes
  const time = { now }
  const one = receiver(t, { now: () => time.now })
  one.store.setTaken(peer, { taken: tokens, takenAt: now })
  one.receive(message(first))
  time.now += per / 10
  assert.equal(one.receive(message(first), message(second)).answer, 'none')
  assert.equal(one.inbox.release(false), false)
  assert.equal(one.inbox.held, 'too-much')
  time.now += per / 4
  assert.equal(one.inbox.release(false), true)
  for (const effect of one.receive(message(first)).effects) effect()
  assert.deepEqual(texts(one.store), ['one'])
  assert.deepEqual(one.calls, ['held', 'message-received'])
})

test('what is held because of the disk stays held although the person wants it, and says so', (t) => {
  const disk = { free: Infinity, total: Infinity }
  const one = receiver(t, {}, { ...openMemoryStore(), space: () => disk })
  one.store.setTaken(peer, { taken: chatLimits.chatNewBytes.tokens, takenAt: now })
  one.receive(message(first))
  assert.equal(one.inbox.held, 'too-much')
  disk.free = 0
  assert.equal(one.inbox.release(true), false)
  assert.equal(one.inbox.held, 'disk-full')
  disk.free = Infinity
  assert.equal(one.inbox.release(false), true)
  assert.equal(one.receive(message(first)).answer, 'receipt')
})

test('the position that a batch returns equals the row in the store, for any batch', (t) => {
  const one = receiver(t)
  one.sent(4)
  one.source.onHello = (_hello, batch: Batch) => one.inbox.acknowledge(2, 1, batch)
  for (const frames of [
    [typing],
    [message(first), message(first), receipt(1, 0)],
    [hello, message(third)],
    [receipt(4, 3), message(second), receipt(3, 2), message(third), receipt(4, 4)],
  ]) {
    const { position } = one.receive(...frames)
    const receivedHash = new Uint8Array(position.receivedHash)
    assert.deepEqual({ ...position, receivedHash }, one.store.conversation(peer))
  }
})

test('the row of the conversation is read once a batch, and once more for each receipt with news', (t) => {
  const one = receiver(t)
  one.sent(2)
  const reads = t.mock.method(one.store, 'conversation')
  one.receive(message(first), receipt(1, 0), message(second), message(first), receipt(1, 0), receipt(2, 2))
  assert.equal(reads.mock.callCount(), 3)
})
