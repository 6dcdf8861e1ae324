/** The store: one suite for the implementation in memory and the one on disk. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import { QuorumError } from '../../../protocol/base/errors.ts'
import type { ErrorCode } from '../../../protocol/base/errors.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { openSqliteStore } from '../../../protocol/store/sqlite.ts'
import type { Conversation, FriendRow, Message, ReceivedMessage, Store } from '../../../protocol/store/store.ts'
import { offerToWire } from '../../../protocol/wire/offer.ts'
import { befriended } from '../../support/friends.ts'

const now = 1_800_000_000_000
const bytes = (...values: number[]) => new Uint8Array(values)
const code = (expected: ErrorCode) => (error: unknown) => error instanceof QuorumError && error.code === expected

const friend = (peer: string, more: Partial<FriendRow> = {}): FriendRow => ({
  ...befriended(peer, []),
  name: `Name of ${peer}`,
  addedAt: now,
  ...more,
})

const draft = (id: string, text = `text of ${id}`) => ({ id, text, sentAt: now })
const incoming = (seq: number, more: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
  id: `in-${seq}`,
  text: `text in-${seq}`,
  sentAt: now,
  receivedAt: now + 1,
  seq,
  hash: bytes(seq),
  recalled: false,
  ...more,
})
const ids = (messages: { id: string }[]) => messages.map(({ id }) => id)
const seqs = (messages: { seq: number }[]) => messages.map(({ seq }) => seq)

const stores: Record<string, (t: TestContext) => Promise<Store>> = {
  memory: async (t) => {
    const store = openMemoryStore()
    t.after(() => store.close())
    return store
  },
  sqlite: async (t) => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-store-'))
    const store = await openSqliteStore({ directory })
    t.after(() => {
      store.close()
      fs.rmSync(directory, { recursive: true })
    })
    return store
  },
}

for (const [kind, open] of Object.entries(stores)) {
  describe(`${kind} store`, () => {
    test('settings are stored, replaced and removed', async (t) => {
      const store = await open(t)
      assert.equal(store.setting('seed'), undefined)
      store.setSetting('seed', bytes(1, 2))
      store.setSetting('name', bytes())
      assert.deepEqual(store.setting('seed'), bytes(1, 2))
      assert.deepEqual(store.setting('name'), bytes())
      store.setSetting('seed', bytes(3))
      assert.deepEqual(store.setting('seed'), bytes(3))
      store.setSetting('seed', undefined)
      assert.equal(store.setting('seed'), undefined)
    })

    test('friends come back as they were put, absent fields absent', async (t) => {
      const store = await open(t)
      const full = friend('b', {
        handle: 'bee',
        state: 'incoming',
        note: 'hello',
        verified: true,
        invited: true,
        lastSeen: now,
        blockedAs: 'friend',
        askedAt: now + 1,
        nodes: ['/ip4/1.2.3.4/tcp/1'],
        addresses: ['/ip4/5.6.7.8/tcp/1', '/ip6/::1/tcp/2'],
        sealingKey: { publicKey: bytes(9, 9), hybridKey: bytes(8, 7, 6), expiresAt: now + 5 },
        heardSequence: now,
        spokenSequence: 2,
        recordSequence: 3,
      })
      store.putFriend(full)
      store.putFriend(friend('a'))
      assert.deepEqual(store.friends(), [friend('a'), full])
      assert.deepEqual(store.friend('b'), full)
      assert.equal(store.friend('c'), undefined)
      store.putFriend(friend('b', { state: 'blocked' }))
      assert.deepEqual(store.friend('b'), friend('b', { state: 'blocked' }))
    })

    test('sealing keys: newest first, old ones destroyed', async (t) => {
      const store = await open(t)
      const rows = [1, 2, 3].map((n) => ({ publicKey: bytes(n), secretKey: bytes(n, n), createdAt: now + n }))
      for (const row of rows) store.putSealingKey(row)
      const [, , newest] = rows
      assert.ok(newest)
      const whole = { ...newest, hybrid: { publicKey: bytes(7), seed: bytes(8, 8) } }
      store.putSealingKey(whole)
      assert.deepEqual(store.sealingKeys()[0], whole)
      store.putSealingKey(newest)
      assert.deepEqual(store.sealingKeys(), rows.toReversed())
      assert.equal(store.destroySealingKeys(now + 3), 2)
      assert.equal(store.destroySealingKeys(now + 3), 0)
      assert.deepEqual(store.sealingKeys(), rows.slice(2))
    })

    test('invites are put, replaced by token, and deleted', async (t) => {
      const store = await open(t)
      const invite = { token: bytes(1), link: 'l', code: 'c', once: true, createdAt: now, expiresAt: now + 1 }
      store.putInvite(invite)
      assert.deepEqual(store.invite(bytes(1)), invite)
      store.putInvite({ ...invite, usedBy: 'b' })
      assert.deepEqual(store.invites(), [{ ...invite, usedBy: 'b' }])
      store.deleteInvite(bytes(1))
      assert.deepEqual([store.invites(), store.invite(bytes(1))], [[], undefined])
    })

    test('envelopes: one for each recipient and kind; other content is another envelope', async (t) => {
      const store = await open(t)
      const first = store.putEnvelope({ to: 'b', kind: 'request', content: bytes(1) })
      const answer = store.putEnvelope({ to: 'b', kind: 'answer', content: bytes(2) })
      assert.deepEqual(store.envelopes(), [first, answer])
      const delivered = store.putEnvelope({ ...first, deliveredAt: now })
      assert.deepEqual(delivered, { ...first, deliveredAt: now })
      const newer = store.putEnvelope({ to: 'b', kind: 'request', content: bytes(3) })
      assert.ok(newer.id > answer.id)
      store.deleteEnvelope(first.id)
      assert.deepEqual(store.envelopes(), [answer, newer])
      store.deleteEnvelope(newer.id)
      assert.ok(store.putEnvelope({ to: 'c', kind: 'refusal', content: bytes(4) }).id > newer.id)
    })

    test('a transaction stores all or nothing; an inner one joins, its error undoes at least its own changes', async (t) => {
      const store = await open(t)
      assert.throws(
        () =>
          store.transaction(() => {
            store.putFriend(friend('a'))
            store.transaction(() => store.queueMessage('a', draft('1')))
            throw new Error('no')
          }),
        /no/,
      )
      assert.deepEqual([store.friends(), store.messages('a', 9)], [[], []])

      const result = store.transaction(() => {
        store.putFriend(friend('a'))
        assert.throws(
          () =>
            store.transaction(() => {
              store.putFriend(friend('b'))
              throw new Error('inner')
            }),
          /inner/,
        )
        return store.transaction(() => store.queueMessage('a', draft('1')).seq)
      })
      assert.equal(result, 1)
      assert.deepEqual(store.friends(), [friend('a')])
      assert.deepEqual(ids(store.messages('a', 9)), ['1'])
    })

    test('own messages: queued, sent, delivered, read, and never backwards', async (t) => {
      const store = await open(t)
      const empty: Conversation = {
        peer: 'b',
        queued: 0,
        sent: 0,
        sentHash: bytes(),
        delivered: 0,
        deliveredHash: bytes(),
        readByThem: 0,
        received: 0,
        receivedHash: bytes(),
        readByMe: 0,
        taken: 0,
        takenAt: 0,
      }
      assert.deepEqual(store.conversation('b'), empty)
      const first = store.queueMessage('b', { ...draft('1'), replyTo: 'x' })
      assert.deepEqual(first, { ...draft('1'), replyTo: 'x', peer: 'b', direction: 'out', state: 'queued', seq: 1 })
      assert.deepEqual(store.message('1'), first)
      for (const id of ['2', '3', '4']) store.queueMessage('b', draft(id))
      assert.throws(() => store.queueMessage('b', draft('4')), code('bad-request'))
      assert.throws(() => store.queueMessage('c', draft('4')), code('bad-request'))
      assert.deepEqual(store.markDelivered('b', 9), [])

      assert.throws(() => store.markSent('b', [{ seq: 2, hash: bytes(2) }]), code('internal'))
      assert.throws(
        () =>
          store.markSent(
            'b',
            [1, 2, 3, 4, 5].map((seq) => ({ seq, hash: bytes(seq) })),
          ),
        code('internal'),
      )
      assert.deepEqual(store.markSent('b', []), [])
      const sent = store.markSent(
        'b',
        [1, 2, 3].map((seq) => ({ seq, hash: bytes(seq) })),
      )
      assert.deepEqual(
        sent.map(({ seq, state }) => [seq, state]),
        [
          [1, 'sent'],
          [2, 'sent'],
          [3, 'sent'],
        ],
      )
      assert.deepEqual(store.bodyHash('b', 'out', 2), bytes(2))
      assert.equal(store.bodyHash('b', 'out', 4), undefined)
      assert.equal(store.bodyHash('b', 'in', 2), undefined)
      assert.equal(store.recall('2'), undefined)

      assert.deepEqual(seqs(store.markDelivered('b', 1)), [1])
      assert.deepEqual(
        store.markReadByThem('b', 2).map(({ seq, state }) => [seq, state]),
        [
          [1, 'read'],
          [2, 'read'],
        ],
      )
      assert.deepEqual(store.markDelivered('b', 2), [])
      assert.deepEqual(store.markReadByThem('b', 1), [])
      // The friend received no message that was not sent.
      assert.deepEqual(
        store.markDelivered('b', 1000).map(({ seq, state }) => [seq, state]),
        [[3, 'delivered']],
      )
      assert.deepEqual(store.conversation('b'), {
        ...empty,
        queued: 4,
        sent: 3,
        sentHash: bytes(3),
        delivered: 3,
        deliveredHash: bytes(3),
        readByThem: 2,
      })
      assert.deepEqual(store.outgoing('b', 2, 9), [
        { ...draft('3'), peer: 'b', direction: 'out', state: 'delivered', seq: 3, hash: bytes(3) },
        { ...draft('4'), peer: 'b', direction: 'out', state: 'queued', seq: 4 },
      ])
      assert.deepEqual(seqs(store.outgoing('b', 0, 2)), [1, 2])
    })

    test('a recalled message loses its text, but stays in its position and stays recalled', async (t) => {
      const store = await open(t)
      for (const id of ['1', '2', '3']) store.queueMessage('b', draft(id))
      assert.equal(store.recall('nobody'), undefined)
      const recalled: Message = { ...draft('2', ''), peer: 'b', direction: 'out', state: 'recalled', seq: 2 }
      assert.deepEqual(store.recall('2'), recalled)
      assert.equal(store.recall('2'), undefined)
      assert.deepEqual(store.message('2'), recalled)
      assert.deepEqual(store.outgoing('b', 1, 1), [recalled])
      assert.deepEqual(store.messages('b', 9)[1], recalled)
      assert.deepEqual([store.search('text of 2', 9), ids(store.search('of', 9))], [[], ['3', '1']])
      assert.deepEqual(
        seqs(
          store.markSent(
            'b',
            [1, 2, 3].map((seq) => ({ seq, hash: bytes(seq) })),
          ),
        ),
        [1, 3],
      )
      assert.deepEqual(store.bodyHash('b', 'out', 2), bytes(2))
      assert.deepEqual(seqs(store.markReadByThem('b', 3)), [1, 3])
      assert.deepEqual(store.message('2'), recalled)
    })

    test('adopt: what the friend may miss follows what it holds, in order; what was sent stays sent', async (t) => {
      const store = await open(t)
      for (const id of ['1', '2', '3', '4', '5', '6']) store.queueMessage('b', draft(id))
      store.markSent(
        'b',
        [1, 2, 3].map((seq) => ({ seq, hash: bytes(seq) })),
      )
      store.markReadByThem('b', 1)
      store.markDelivered('b', 2)
      assert.deepEqual(store.conversation('b').deliveredHash, bytes(2))
      store.recall('5')
      const changed = store.adopt('b', { received: 4, hash: bytes(44), agreed: 1 })
      assert.deepEqual(
        changed.map(({ id, seq, state }) => [id, seq, state]),
        [
          ['2', 5, 'sent'],
          ['3', 6, 'sent'],
        ],
      )
      const { queued, sent, sentHash, delivered, deliveredHash, readByThem } = store.conversation('b')
      assert.deepEqual(
        { queued, sent, sentHash, delivered, deliveredHash, readByThem },
        { queued: 9, sent: 4, sentHash: bytes(44), delivered: 4, deliveredHash: bytes(44), readByThem: 1 },
      )
      assert.deepEqual(
        store.outgoing('b', 0, 9).map(({ id, seq, state, hash }) => [id, seq, state, hash]),
        [
          ['1', 1, 'read', bytes(1)],
          ['2', 5, 'sent', undefined],
          ['3', 6, 'sent', undefined],
          ['4', 7, 'queued', undefined],
          ['5', 8, 'recalled', undefined],
          ['6', 9, 'queued', undefined],
        ],
      )
      assert.equal(store.recall('2'), undefined, 'it has left once')
      assert.equal(store.queueMessage('b', draft('7')).seq, 10)
      assert.deepEqual(
        ids(
          store.markSent(
            'b',
            [5, 6, 7, 8].map((seq) => ({ seq, hash: bytes(seq) })),
          ),
        ),
        ['4'],
      )
      assert.deepEqual(ids(store.markDelivered('b', 7)), ['2', '3', '4'])
      assert.deepEqual(store.conversation('b').deliveredHash, bytes(7))
      // What they agree on is there; and no message was ever sent from here.
      store.adopt('b', { received: 8, hash: bytes(88), agreed: 8 })
      assert.equal(store.message('6')?.state, 'queued')
      store.adopt('c', { received: 5, hash: bytes(5), agreed: 0 })
      assert.equal(store.queueMessage('c', draft('c')).seq, 6)
    })

    test('rewind: what the friend has no more is sent again, under its sequence and hash', async (t) => {
      const store = await open(t)
      for (const id of ['1', '2', '3']) store.queueMessage('b', draft(id))
      store.markSent(
        'b',
        [1, 2, 3].map((seq) => ({ seq, hash: bytes(seq) })),
      )
      store.markReadByThem('b', 2)
      store.markDelivered('b', 3)
      assert.deepEqual(
        store.rewind('b', 1, bytes(1)).map(({ id, state }) => [id, state]),
        [
          ['2', 'sent'],
          ['3', 'sent'],
        ],
      )
      const { sent, delivered, deliveredHash, readByThem } = store.conversation('b')
      assert.deepEqual(
        { sent, delivered, deliveredHash, readByThem },
        { sent: 3, delivered: 1, deliveredHash: bytes(1), readByThem: 1 },
      )
      assert.deepEqual(
        store.outgoing('b', 1, 9).map(({ hash }) => hash),
        [bytes(2), bytes(3)],
      )
      assert.deepEqual(ids(store.markDelivered('b', 3)), ['2', '3'])
    })

    test('received messages: in sequence, counted until read, recalled ones only in the chain', async (t) => {
      const store = await open(t)
      const first = store.receiveMessage('b', incoming(1, { replyTo: 'x' }))
      const { hash: _, recalled: __, ...said } = incoming(1, { replyTo: 'x' })
      assert.deepEqual(first, { ...said, peer: 'b', direction: 'in', state: 'delivered' })
      assert.deepEqual(store.message('in-1'), first)
      assert.equal(store.receiveMessage('b', incoming(2, { recalled: true, text: 'gone' })).state, 'recalled')
      store.receiveMessage('b', incoming(3))
      for (const seq of [3, 5, 2]) {
        assert.throws(() => store.receiveMessage('b', incoming(seq, { id: 'new' })), code('verification-failed'))
      }
      assert.throws(() => store.receiveMessage('b', incoming(4, { id: 'in-2' })), code('verification-failed'))
      store.receiveMessage('b', incoming(4))

      const { received, receivedHash } = store.conversation('b')
      assert.deepEqual({ received, receivedHash }, { received: 4, receivedHash: bytes(4) })
      assert.deepEqual(store.bodyHash('b', 'in', 2), bytes(2))
      assert.equal(store.message('in-2'), undefined)
      assert.deepEqual(seqs(store.messages('b', 9)), [1, 3, 4])
      assert.deepEqual([store.search('gone', 9), store.search('go', 9)], [[], []])

      assert.equal(store.unread('b'), 3)
      assert.equal(store.unread('c'), 0)
      assert.deepEqual(
        store.markReadByMe('b', 3).map(({ seq, state }) => [seq, state]),
        [
          [1, 'read'],
          [3, 'read'],
        ],
      )
      assert.equal(store.unread('b'), 1)
      assert.deepEqual(store.markReadByMe('b', 1), [])
      assert.deepEqual(seqs(store.markReadByMe('b', 1000)), [4])
      assert.equal(store.conversation('b').readByMe, 4)
      assert.deepEqual(store.markDelivered('b', 5), [])
    })

    test('threats.md 37: an id taken over by a friend never hides or moves the message that had it', async (t) => {
      const store = await open(t)
      const own = store.queueMessage('b', draft('same'))
      // At its recipient it would be two messages with one id in one conversation: refused.
      assert.throws(() => store.receiveMessage('b', incoming(1, { id: 'same' })), code('verification-failed'))
      assert.equal(store.conversation('b').received, 0)
      store.receiveMessage('c', incoming(1, { id: 'same', text: 'another' }))
      store.receiveMessage('c', incoming(2))
      assert.deepEqual(store.message('same'), own)
      assert.deepEqual(seqs(store.messages('c', 9, { before: 'in-2' })), [1])
      assert.deepEqual(store.messages('c', 9, { before: 'same' }), [])
      assert.equal(store.recall('same')?.peer, 'b')
      assert.equal(store.messages('c', 9)[0]?.text, 'another')
    })

    test('messages come in pages, in the order they were added, newest last', async (t) => {
      const store = await open(t)
      for (let seq = 1; seq <= 5; seq++) {
        store.queueMessage('b', { id: `out-${seq}`, text: 'x', sentAt: now - seq * 1000 })
        store.receiveMessage('b', incoming(seq, { recalled: seq === 3 }))
        store.receiveMessage('c', incoming(seq))
      }
      const all = ['out-1', 'in-1', 'out-2', 'in-2', 'out-3', 'out-4', 'in-4', 'out-5', 'in-5']
      assert.deepEqual(ids(store.messages('b', 100)), all)
      assert.deepEqual(ids(store.messages('b', 4)), all.slice(-4))
      assert.deepEqual(ids(store.messages('b', 4, { before: 'out-4' })), all.slice(1, 5))
      assert.deepEqual(store.messages('b', 4, { before: 'out-1' }), [])
      assert.deepEqual(store.messages('b', 4, { before: 'nobody' }), [])
      const at = all.indexOf('out-4')
      assert.deepEqual(ids(store.messages('b', 3, { after: 'out-4' })), all.slice(at + 1, at + 4))
      assert.deepEqual(ids(store.messages('b', 100, { after: 'out-4' })), all.slice(at + 1))
      assert.deepEqual(ids(store.messages('b', 100, { after: 'out-1', before: 'out-4' })), all.slice(1, at))
      assert.deepEqual(store.messages('b', 4, { after: all.at(-1) ?? '' }), [])
      assert.deepEqual(store.messages('b', 4, { after: 'nobody' }), [])
      assert.deepEqual(store.messages('d', 4), [])
    })

    test('search finds all words in any order, in any case and script, newest first', async (t) => {
      const store = await open(t)
      store.receiveMessage('b', incoming(1, { text: 'Der Grüße viele, "quoted" AND 100% sure' }))
      store.receiveMessage('b', incoming(2, { text: 'こんにちは世界 GRÜSSE' }))
      store.queueMessage('c', draft('c', 'grün ist die Hoffnung 🎉🎉🎉'))
      const found = (text: string, peer?: string) => ids(store.search(text, 9, peer))
      assert.deepEqual(found('GRÜ'), ['c', 'in-2', 'in-1'])
      assert.deepEqual(found('grü', 'b'), ['in-2', 'in-1'])
      assert.deepEqual(found('rÜ'), ['c', 'in-2', 'in-1'])
      assert.deepEqual(found('Ü', 'c'), ['c'])
      assert.deepEqual(found('にちは'), ['in-2'])
      assert.deepEqual(found('世界'), ['in-2'])
      assert.deepEqual(found('🎉🎉🎉'), ['c'])
      assert.deepEqual(found('"quoted" and'), ['in-1'])
      assert.deepEqual(found('100%'), ['in-1'])
      assert.deepEqual(found('%_%'), [])
      assert.deepEqual(found('sure viele'), ['in-1'])
      assert.deepEqual(found('"viele sure"'), [])
      assert.deepEqual(found('„grüße VIELE“ 100'), ['in-1'])
      assert.deepEqual(found('sure nothing'), [])
      assert.deepEqual(found('GRUSS'), ['in-2', 'in-1'])
      assert.deepEqual(found('gru'), ['c', 'in-2', 'in-1'])
      assert.deepEqual(found('gru d'), ['c', 'in-1'])
      assert.deepEqual(found('de r'), ['in-1'])
      assert.deepEqual(found(''), [])
      assert.deepEqual(ids(store.search('grü', 1)), ['c'])
    })

    test('search: letters as people type them, lines, and what is behind a NUL', async (t) => {
      const store = await open(t)
      const texts = [
        'Caf\u00e9 in \u0130stanbul, Stra\u00dfe 5',
        'cafe\u0301 in istanbul',
        '\uff2c\uff21\uff2e \uff11\uff12\uff13\u3000\uff76\uff9e\uff77',
        'before\0behind the NUL',
        'one line\r\nand another',
        'soft\u00adhyphen',
      ]
      for (const [index, text] of texts.entries()) store.receiveMessage('b', incoming(index + 1, { text }))
      const found = (text: string) => store.search(text, 9).map(({ seq }) => seq - 1)
      assert.deepEqual(found('CAFÉ ıstanbul'), [1, 0])
      assert.deepEqual(found('cafe ISTANBUL'), [1, 0])
      assert.deepEqual(found('strasse'), [0])
      assert.deepEqual(found('lan 123'), [2])
      assert.deepEqual(found('ガキ'), [2])
      assert.deepEqual(found('behind'), [3])
      assert.deepEqual(found('"before behind"'), [3])
      assert.deepEqual(found('be\0hi'), [3])
      assert.deepEqual(found('"line and"'), [4])
      assert.deepEqual(found('softhyphen'), [5])
    })

    test('search finds offers by the names of their files', async (t) => {
      const store = await open(t)
      const files = ['Urlaub 2024/Straße.jpg', 'Urlaub 2024/b.png'].map((path) => ({ path, size: 1, modified: 0 }))
      const { offer } = offerToWire('01890a5d-ac97-7000-8000-000000000001', 'von mir', files)
      store.queueMessage('b', { ...draft('photos'), text: 'von mir', content: { kind: 'offer', bytes: offer } })
      for (const text of ['strasse.JPG', 'png urlaub', 'von mir 2024', 'jp']) {
        assert.deepEqual(ids(store.search(text, 9)), ['photos'], text)
      }
      store.recall('photos')
      assert.deepEqual([store.search('urlaub', 9), store.search('jp', 9)], [[], []])
      const content = { kind: 'offer' as const, bytes: new Uint8Array() }
      store.receiveMessage('b', incoming(1, { id: 'theirs', text: 'by me', content, files: ['Hafen/Straße.jpg'] }))
      assert.deepEqual(ids(store.search('strasse me', 9)), ['theirs'])
    })
  })
}

test('any operations in any order leave a conversation consistent', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant(['queue'] as const) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('send'), fc.integer({ min: 1, max: 3 })) },
    fc.tuple(fc.constantFrom('delivered', 'readByThem', 'readByMe'), fc.integer({ min: 0, max: 20 })),
    fc.tuple(fc.constant('recall'), fc.nat({ max: 20 })),
    fc.tuple(fc.constantFrom('adopt', 'rewind'), fc.nat({ max: 20 })),
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('receive', 'receiveRecalled')) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = openMemoryStore()
      // The model: what each message is, in the order of the sequence; theirs as `shown` or not.
      const ours: { id: string; seq: number; state: Message['state'] }[] = []
      const theirs: { seq: number; shown: boolean; read: boolean }[] = []
      let sent = 0
      let count = 0
      for (const [action, amount = 0] of steps) {
        if (action === 'queue') {
          const { seq } = store.queueMessage('b', draft(`out-${++count}`))
          ours.push({ id: `out-${count}`, seq, state: 'queued' })
        } else if (action === 'send') {
          const going = ours.filter(({ seq }) => seq > sent).slice(0, amount)
          store.markSent(
            'b',
            going.map(({ seq }) => ({ seq, hash: bytes(seq) })),
          )
          for (const message of going) if (message.state === 'queued') message.state = 'sent'
          sent = going.at(-1)?.seq ?? sent
        } else if (action === 'delivered') {
          store.markDelivered('b', amount)
          for (const m of ours) if (m.seq <= Math.min(amount, sent) && m.state === 'sent') m.state = 'delivered'
        } else if (action === 'readByThem') {
          store.markReadByThem('b', amount)
          const read = ours.filter((m) => m.seq <= Math.min(amount, sent))
          for (const m of read) if (m.state === 'sent' || m.state === 'delivered') m.state = 'read'
        } else if (action === 'readByMe') {
          store.markReadByMe('b', amount)
          for (const m of theirs) if (m.seq <= amount) m.read = true
        } else if (action === 'recall') {
          const message = ours.find(({ id }) => id === `out-${amount}`)
          assert.equal(store.recall(`out-${amount}`) !== undefined, message?.state === 'queued')
          if (message?.state === 'queued') message.state = 'recalled'
        } else if (action === 'adopt') {
          const agreed = Math.min(amount, sent)
          const received = sent + (amount % 3)
          store.adopt('b', { received, hash: bytes(0), agreed })
          const known = ours.filter((m) => m.seq <= agreed)
          for (const m of known) if (m.state === 'sent') m.state = 'delivered'
          const again = ours.filter((m) => m.seq > agreed)
          for (const [at, m] of again.entries()) {
            m.seq = received + at + 1
            if (m.state === 'delivered' || m.state === 'read') m.state = 'sent'
          }
          sent = received
        } else if (action === 'rewind') {
          const received = Math.min(amount, store.conversation('b').delivered)
          store.rewind('b', received, bytes(0))
          for (const m of ours)
            if (m.seq > received && (m.state === 'delivered' || m.state === 'read')) m.state = 'sent'
        } else {
          const seq = theirs.length + 1
          const recalled = action === 'receiveRecalled'
          store.receiveMessage('b', incoming(seq, { recalled }))
          theirs.push({ seq, shown: !recalled, read: false })
        }
      }
      assert.deepEqual(
        store.outgoing('b', 0, 100).map(({ id, seq, state }) => ({ id, seq, state })),
        ours,
      )
      const shown = theirs.filter((m) => m.shown)
      assert.equal(store.unread('b'), shown.filter((m) => !m.read).length)
      const listed = store.messages('b', 100)
      assert.deepEqual(seqs(listed.filter((m) => m.direction === 'in')), seqs(shown))
      assert.deepEqual(ids(listed.filter((m) => m.direction === 'out')), ids(ours))
      const state = store.conversation('b')
      assert.deepEqual([state.sent, state.received], [sent, theirs.at(-1)?.seq ?? 0])
      assert.equal(state.queued, Math.max(sent, ours.at(-1)?.seq ?? 0))
      store.close()
    }),
    { numRuns: 200 },
  )
})
