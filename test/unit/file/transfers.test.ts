/**
 * The states of transfers and their calls, without streams: a real store, a real folder, a friend as bare messages.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { v7 as uuid } from 'uuid'
import type { PeerEvent } from '../../../protocol/api/events.ts'
import { apiLimits } from '../../../protocol/api/limits.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { fileLimits } from '../../../protocol/file/limits.ts'
import { Files } from '../../../protocol/file/transfers.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import {
  newsFromWire,
  newsToWire,
  offerToWire,
  type LeftOut,
  type ManifestEntry,
  type TransferNews,
} from '../../../protocol/wire/offer.ts'
import { OfferSchema } from '../../../protocol/wire/quorum_pb.ts'
import { folder } from '../../support/cleanup.ts'
import { change, hour } from '../../support/numbers.ts'
import { until } from '../../support/until.ts'

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
    sayAll: (_peer, news) => sent.push(...news.map(({ content }) => newsFromWire(content.bytes))),
    recall: () => false,
    probe: () => {},
    limited: () => false,
  })
  t.after(() => files.stop())
  const arrives = (bytes: Uint8Array): void => files.receiveMessage(bob, { kind: 'offer', bytes }, uuid()).announce()
  /** Bob offers one file, or says that there are more; returns the transfer id that he chose. */
  const offered = (count = 1): string => {
    const id = uuid()
    const { offer } = offerToWire(id, '', [{ path: 'film.mkv', size: 1000, modified: 0 }])
    arrives(encode(OfferSchema, { ...decode(OfferSchema, offer), count }))
    return id
  }
  /** Bob offers these files. */
  const offeredFiles = (entries: ManifestEntry[], leftOut: LeftOut[] = []): string => {
    const id = uuid()
    arrives(offerToWire(id, '', entries, leftOut).offer)
    return id
  }
  const sendOne = async (): Promise<string> => {
    const file = path.join(downloads, 'own.txt')
    fs.writeFileSync(file, 'own')
    return (await files.send(bob, [file])).id
  }
  const update = (news: TransferNews): void =>
    files.receiveMessage(bob, { kind: 'news', bytes: newsToWire(news) }, uuid()).announce()
  const stateOf = (id: string): string | undefined => files.list().find((transfer) => transfer.id === id)?.state
  return { downloads, files, store, sent, events, offered, offeredFiles, sendOne, update, stateOf }
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

test('more offers than a list shows are refused together and not stored, and the person is warned once', async (t) => {
  const { files, sent, events, offered } = scene(t)
  for (let n = 0; n < fileLimits.offersOpen.offers; n += 1) offered()
  const extra = [offered(), offered()]
  assert.equal(files.list().length, fileLimits.offersOpen.offers)
  assert.deepEqual(sent, [])
  await turn()
  assert.deepEqual(
    sent,
    extra.map((transfer) => ({ transfer, what: 'failed', code: 'rate-limited' })),
  )
  const warnings = events.flatMap((one) => (one.event === 'warning' ? [one.data] : []))
  assert.deepEqual(
    warnings.map(({ code, peer }) => [code, peer]),
    [['rate-limited', bob]],
  )
})

test('the largest offer possible is taken, and others beside it up to a number of entries', async (t) => {
  const { files, sent, offered, update } = scene(t)
  const half = fileLimits.offersOpen.entries / 2
  const small = offered(half)
  const largest = offered(limits.transferFiles)
  const other = offered(half)
  assert.deepEqual(sent, [])
  const extra = offered(1)
  await turn()
  assert.deepEqual(sent, [{ transfer: extra, what: 'failed', code: 'rate-limited' }])
  // Each way in which an offer ends makes room.
  files.decline(small)
  const more = offered(half)
  update({ transfer: largest, what: 'cancelled' })
  offered(half)
  await files.accept(other)
  offered(half)
  await turn()
  assert.deepEqual(
    sent.slice(1).map(({ what }) => what),
    ['declined', 'accepted'],
  )
  assert.notEqual(more, small)
})

test('a friend who was refused sees why', async (t) => {
  const { files, update, sendOne } = scene(t)
  const id = await sendOne()
  update({ transfer: id, what: 'failed', code: 'rate-limited' })
  const { state, error } = files.view(id)
  assert.deepEqual([state, error?.code], ['failed', 'rate-limited'])
  assert.match(error?.message ?? '', /too many offers/)
})

test('an event has the first files only, and all are listed by pages', (t) => {
  const { files, events, offeredFiles } = scene(t)
  const names = Array.from({ length: 500 }, (_, file) => `folder/${file}${file === 300 ? '.exe' : '.txt'}`)
  const id = offeredFiles(names.map((name, file) => ({ path: name, size: file, modified: 0 })))
  const [event] = events
  assert.ok(event?.event === 'transfer-offered')
  const { count, roots, risks } = event.data
  assert.deepEqual([count, roots, risks], [500, 1, { program: { count: 1, path: 'folder/300.exe' } }])
  assert.deepEqual(
    event.data.files,
    names.slice(0, fileLimits.filesShown.files).map((name, size) => ({ path: name, size, done: 0 })),
  )
  const page = (range: Parameters<typeof files.files>[1]) => files.files(id, range).map(({ file }) => file)
  const numbers = [...names.keys()]
  assert.deepEqual(page({}), numbers.slice(0, apiLimits.pageDefault))
  assert.deepEqual(page({ limit: 1000 }), numbers)
  assert.deepEqual(page({ after: 299, limit: 3 }), [300, 301, 302])
  assert.deepEqual(page({ before: 300, limit: 3 }), [297, 298, 299])
  assert.deepEqual(page({ after: 10, before: 13 }), [11, 12])
  assert.deepEqual(page({ after: 499 }), [])
  assert.deepEqual(page({ before: 0 }), [])
  assert.deepEqual(files.files(id, { after: 299, limit: 1 }), [
    { file: 300, path: 'folder/300.exe', size: 300, done: 0, risk: 'program' },
  ])
})

test('long paths make an event no larger: of files, of what was left out, and of what changed since', async (t) => {
  const { files, events, offeredFiles, sendOne, update } = scene(t)
  const long = (n: number): string => `${n}/${'ä'.repeat(limits.offeredPath - 10)}`
  const entries = Array.from({ length: 19 }, (_, n) => ({ path: long(n), size: 1, modified: 0 }))
  offeredFiles(
    entries,
    Array.from({ length: 100 }, () => ({ path: 'y'.repeat(240), why: 'name' as const })),
  )
  const own = await sendOne()
  update({ transfer: own, what: 'done', missing: [...Array(limits.transferFiles).keys()] })
  assert.equal(files.view(own).missingCount, 1, 'there was one file')
  const bytes = events.map((event) => Buffer.byteLength(JSON.stringify(event)))
  assert.ok(Math.max(...bytes) < 40 * 1024, `${Math.max(...bytes)} bytes`)
})

test('offers that are over leave the list and the store, open ones do not, and all are listed by pages', (t) => {
  const { files, store, offered, update } = scene(t)
  const open = offered()
  const ended: string[] = []
  for (let n = 0; n < fileLimits.endedKept + 10; n += 1) {
    const id = offered()
    ended.push(id)
    update({ transfer: id, what: 'cancelled' })
  }
  const kept = [open, ...ended.slice(-fileLimits.endedKept)]
  assert.equal(apiLimits.endedListed, fileLimits.endedKept)
  assert.deepEqual(
    files.list().map(({ id }) => id),
    kept,
  )
  assert.deepEqual(
    store.transfers(10_000).map(({ id }) => id),
    kept,
  )
  for (const id of kept.slice(1)) assert.equal(store.transferDetails(id)?.offer.byteLength, 0)
  assert.throws(() => files.view(ended[0] ?? ''), { code: 'not-found' })
  const page = (range: Parameters<typeof files.list>[0]) => files.list(range).map(({ id }) => id)
  assert.deepEqual(page({ limit: 3 }), kept.slice(-3))
  assert.deepEqual(page({ before: kept[5], limit: 3 }), kept.slice(2, 5))
  assert.deepEqual(page({ after: kept[0], limit: 2 }), kept.slice(1, 3))
  assert.throws(() => page({ before: uuid() }), { code: 'not-found' })
  // The oldest of all that are over: it is the answer of the call, and gone with the next one that ends.
  files.decline(open)
  assert.equal(files.view(open).state, 'declined')
})

test('a friend who changes transfers without end causes few events, and the last change is among them', async (t) => {
  change(t, fileLimits, { changes: { tokens: 50, per: hour }, changesLater: 10 })
  const { files, events, offered, update } = scene(t)
  const ids = Array.from({ length: 10 }, () => offered())
  const changes = (): number => events.filter(({ event }) => event === 'transfer-changed').length
  for (let n = 0; n < 2000; n += 1) {
    update({ transfer: ids[(n >> 1) % ids.length] ?? '', what: n % 2 === 0 ? 'paused' : 'resumed' })
    // What changes nothing is no event.
    update({ transfer: ids[0] ?? '', what: 'accepted' })
  }
  assert.equal(changes(), 50)
  for (const transfer of ids) update({ transfer, what: 'paused' })
  const last = new Map<string, unknown>()
  await until(() => {
    for (const one of events) if (one.event === 'transfer-changed') last.set(one.data.id, one.data.pausedBy)
    return ids.every((id) => last.get(id) === 'them')
  }, 'each is reported as paused')
  assert.ok(files.list().every(({ state }) => state === 'offered'))
})

test('an offer that its sender reports as failed at a full disk is over: only the disk of a receiver can be repaired', (t) => {
  const { files, offered, update, stateOf } = scene(t)
  const id = offered()
  update({ transfer: id, what: 'failed', code: 'disk-full' })
  assert.equal(stateOf(id), 'failed')
  assert.notEqual(files.view(id).error?.code, 'disk-full')
  update({ transfer: id, what: 'resumed' })
  assert.equal(stateOf(id), 'failed')
})

test('what was staged is removed also if the transfer has left the store by then', async (t) => {
  change(t, fileLimits, { endedKept: 1 })
  const { downloads, files, offered, update } = scene(t)
  const id = offered()
  await files.accept(id)
  await until(() => fs.readdirSync(downloads).length > 0, 'it is being received')
  for (const transfer of [id, offered(), offered()]) update({ transfer, what: 'cancelled' })
  assert.throws(() => files.view(id), { code: 'not-found' })
  await until(() => fs.readdirSync(downloads).length === 0, 'nothing is left')
})
