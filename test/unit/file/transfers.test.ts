/**
 * The states of transfers and their calls, without streams: a real store, a real folder, a friend as bare messages.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { v7 as uuid } from 'uuid'
import type { PeerEvent } from '../../../protocol/api/events.ts'
import { fileLimits } from '../../../protocol/file/limits.ts'
import { Files } from '../../../protocol/file/transfers.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { newsFromWire, newsToWire, offerToWire, type TransferNews } from '../../../protocol/wire/offer.ts'
import { folder } from '../../support/cleanup.ts'

const bob = '12D3KooWGqTBtnBv2MhCZrNkbbpJkMoxjvjhbPTJ2HLSnbKyyPvc'

function scene(t: TestContext) {
  const downloads = folder(t)
  const store = openMemoryStore()
  const sent: TransferNews[] = []
  const events: PeerEvent[] = []
  const files = new Files({
    store,
    now: () => 0,
    emit: (event) => events.push(event),
    log: () => {},
    downloads,
    isFriend: () => true,
    best: () => undefined,
    say: (_peer, { content }, onQueued) => {
      if (content.kind === 'news') sent.push(newsFromWire(content.bytes))
      onQueued(uuid())
    },
    recall: () => false,
    probe: () => {},
    limited: () => false,
  })
  t.after(() => files.stop())
  /** Bob offers one file; returns the transfer id that he chose. */
  const offered = (): string => {
    const id = uuid()
    const { offer } = offerToWire(id, '', [{ path: 'film.mkv', size: 1000, modified: 0 }])
    files.receiveMessage(bob, { kind: 'offer', bytes: offer }, uuid()).announce()
    return id
  }
  const update = (news: TransferNews): void =>
    files.receiveMessage(bob, { kind: 'news', bytes: newsToWire(news) }, uuid()).announce()
  const stateOf = (id: string): string | undefined => files.list().find((transfer) => transfer.id === id)?.state
  return { downloads, files, sent, events, offered, update, stateOf }
}

test('an offer that is cancelled during the disk check is not accepted', async (t) => {
  const { files, sent, offered, update, stateOf } = scene(t)
  const id = offered()
  const accepting = files.accept(id)
  update({ transfer: id, what: 'cancelled' })
  await assert.rejects(accepting, { code: 'bad-request' })
  assert.equal(stateOf(id), 'cancelled')
  assert.deepEqual(sent, [])
})

test('an offer that is accepted twice at once is saved to one folder, and the friend is notified once', async (t) => {
  const { downloads, files, sent, offered, stateOf } = scene(t)
  const id = offered()
  const answers = await Promise.allSettled([files.accept(id), files.accept(id, path.join(downloads, 'other'))])
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  assert.equal(stateOf(id), 'waiting')
  assert.deepEqual(
    sent.map(({ what }) => what),
    ['accepted'],
  )
})

test('a waiting transfer is paused, resumed and cancelled, and each is one status update', async (t) => {
  const { files, sent, offered, stateOf } = scene(t)
  const id = offered()
  await files.accept(id)
  files.pause(id)
  files.pause(id)
  assert.equal(stateOf(id), 'paused')
  await files.resume(id)
  assert.equal(stateOf(id), 'waiting')
  await files.cancel(id)
  assert.equal(stateOf(id), 'cancelled')
  assert.throws(() => files.pause(id), { code: 'bad-request' })
  assert.deepEqual(
    sent.map(({ what }) => what),
    ['accepted', 'paused', 'resumed', 'cancelled'],
  )
})

test('a transfer can be resumed after a disk failure, but not after another failure', async (t) => {
  const { downloads, files, events, offered, update, stateOf } = scene(t)
  const blocked = path.join(downloads, 'file')
  fs.writeFileSync(blocked, '')
  const refused = offered()
  await assert.rejects(files.accept(refused, path.join(blocked, 'below')), { code: 'not-writable' })
  assert.equal(stateOf(refused), 'offered', 'it can still be accepted elsewhere')
  const broken = offered()
  await files.accept(broken)
  update({ transfer: broken, what: 'failed' })
  assert.equal(stateOf(broken), 'failed')
  await assert.rejects(files.resume(broken), { code: 'bad-request' })
  const last = events.at(-1)
  assert.ok(last?.event === 'transfer-changed')
  assert.equal(last.data.error?.code, 'internal')
})

test('more offers than a list shows are declined and not stored', (t) => {
  const { files, sent, offered } = scene(t)
  for (let n = 0; n < fileLimits.offersOpen; n += 1) offered()
  const extra = offered()
  assert.equal(files.list().length, fileLimits.offersOpen)
  assert.deepEqual(sent, [{ transfer: extra, what: 'declined' }])
})
