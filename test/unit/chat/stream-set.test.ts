/** Which of several streams a conversation uses, and which it closes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { netLimits } from '../../../protocol/net/limits.ts'
import { StreamSet } from '../../../protocol/chat/stream-set.ts'
import { chatStream, connectionWith } from '../../support/chat-streams.ts'

type Made = ReturnType<typeof chatStream>

function setOf(...made: Made[]): StreamSet {
  const set = new StreamSet()
  for (const { stream } of made) set.add(stream)
  return set
}

/** The first is preferred, in whatever order they were added. */
function prefers(better: Made, worse: Made, what: string): void {
  assert.equal(setOf(better, worse).best(), better.stream, what)
  assert.equal(setOf(worse, better).best(), better.stream, what)
}

test('direct before relayed, then what the smaller PeerId dialled, then what it opened, then the newest', () => {
  prefers(chatStream({ direction: 'inbound', opener: 'inbound' }), chatStream({ relayed: true }), 'direct')
  prefers(chatStream({ opener: 'inbound' }), chatStream({ direction: 'inbound' }), 'dialled by the smaller one')
  prefers(chatStream({ opener: 'outbound' }), chatStream({ opener: 'inbound' }), 'opened by the smaller one')
  prefers(chatStream({ openedAt: 2 }), chatStream({ openedAt: 1 }), 'the newest')
})

test('both sides choose the same stream', () => {
  const other = { inbound: 'outbound', outbound: 'inbound' } as const
  const ends = ['inbound', 'outbound'] as const
  const all = ends.flatMap((direction) => ends.map((opener) => ({ direction, opener })))
  const here = setOf()
  const there = setOf()
  const names = new Map<unknown, string>()
  for (const { direction, opener } of all) {
    const mine = chatStream({ direction, opener, smaller: true })
    const theirs = chatStream({ direction: other[direction], opener: other[opener], smaller: false })
    here.add(mine.stream)
    there.add(theirs.stream)
    for (const { stream } of [mine, theirs]) names.set(stream, `${direction} ${opener}`)
    assert.equal(names.get(here.best()), names.get(there.best()))
  }
})

test('a stream without a hello, or that is closing, carries nothing', () => {
  const silent = chatStream({ greeted: false })
  const closed = chatStream()
  const set = setOf(silent, closed)
  assert.equal(set.best(), closed.stream)
  closed.wire.abort(new Error('cut'))
  assert.equal(set.best(), undefined)
})

test('online: while one of the streams has received a hello', () => {
  const silent = chatStream({ greeted: false })
  const set = setOf(silent)
  assert.equal(set.online, false)
  silent.stream.helloReceived = true
  assert.equal(set.online, true)
  set.delete(silent.stream)
  assert.equal(set.online, false)
})

test('a stream that misses receipts while the friend opens another is used last, even if it is better', () => {
  const direct = chatStream()
  const relayed = chatStream({ relayed: true })
  const idle = chatStream({ relayed: true, openedAt: 5 })
  const set = setOf(direct, relayed, idle)
  direct.stream.written = 7
  relayed.stream.written = 8
  idle.stream.written = 6
  set.suspectOthers(relayed.stream, 6)
  assert.deepEqual([direct.stream.suspect, relayed.stream.suspect, idle.stream.suspect], [true, false, false])
  assert.equal(set.best(), idle.stream)
  set.delete(idle.stream)
  set.delete(relayed.stream)
  assert.equal(set.best(), direct.stream, 'but it is used while there is no other')
})

test('a connection needs no stream if it has one, or if a path of the same quality has one', async () => {
  const direct = connectionWith()
  const relayed = connectionWith({ relayed: true })
  const onDirect = chatStream({ beside: direct })
  const onRelayed = chatStream({ beside: relayed, greeted: false })
  assert.ok(setOf(onRelayed).served(relayed), 'its own stream, even before the hello')
  assert.equal(setOf(chatStream({ relayed: true })).served(direct), undefined, 'a worse path')
  assert.equal(setOf(chatStream({ greeted: false })).served(direct), undefined, 'a path that may not work')
  assert.ok(setOf(onDirect).served(connectionWith()), 'another path that is as good')
  const served = setOf(onDirect).served(relayed)
  assert.ok(served)
  onDirect.stream.end()
  await served
})

test('the side that opened a replaced stream closes it, and no other', () => {
  const best = chatStream()
  const mine = chatStream({ relayed: true, opener: 'outbound' })
  const theirs = chatStream({ relayed: true, opener: 'inbound' })
  const silent = chatStream({ relayed: true, opener: 'outbound', greeted: false })
  setOf(best, mine, theirs, silent).closeReplaced()
  const open = (made: Made): boolean => made.wire.writeStatus === 'writable'
  assert.deepEqual([best, mine, theirs, silent].map(open), [true, false, true, true])
  const equal = chatStream({ openedAt: 0 })
  setOf(best, equal).closeReplaced()
  assert.deepEqual([best, equal].map(open), [true, true])
})

test('of more streams than a conversation needs the oldest ends, whoever opened it', () => {
  const all = Array.from({ length: netLimits.chatStreams + 2 }, (_, at) =>
    chatStream({ opener: at % 2 === 0 ? 'inbound' : 'outbound' }),
  )
  setOf(...all)
  assert.deepEqual(
    all.map(({ wire }) => wire.status === 'open'),
    all.map((_, at) => at >= 2),
  )
})

test('nothing is closed while no stream can take over', () => {
  const silent = chatStream({ greeted: false })
  const relayed = chatStream({ relayed: true, greeted: false })
  setOf(silent, relayed).closeReplaced()
  assert.deepEqual([silent.wire.writeStatus, relayed.wire.writeStatus], ['writable', 'writable'])
})
