/**
 * A friend who offers, changes and asks without end, within the limits of a conversation: what that takes of memory,
 * of the store, of the processor and of the window (docs/threats.md 87 to 90).
 */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { blake3 } from '@napi-rs/blake-hash'
import { limits } from '../../protocol/base/limits.ts'
import { fileLimits } from '../../protocol/file/limits.ts'
import { summaryOf } from '../../protocol/file/summary.ts'
import { encode } from '../../protocol/wire/codec.ts'
import { chunkHeaderFromWire, fileFrameToWire } from '../../protocol/wire/file.ts'
import { FrameDecoder } from '../../protocol/wire/framing.ts'
import { newsFromWire, newsToWire, offerFromWire, offerToWire } from '../../protocol/wire/offer.ts'
import { OfferSchema } from '../../protocol/wire/quorum_pb.ts'
import { uuidToBytes } from '../../protocol/wire/uuid.ts'
import type { Line } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import { offers, scene, type Scene } from '../support/hostile-friend.ts'
import { until } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'
import { MiB } from '../support/transfers.ts'

guardProcess()

/** As many files as fit into an offer. */
const files = 27_000
const entries = Array.from({ length: files }, () => ({ path: 'a', size: 0, modified: 0 }))
const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/** The victim's status updates so far. */
function newsIn(at: Scene): [transfer: string, what: string, code: string | undefined][] {
  return at.heard().flatMap(({ content }) => {
    if (content.kind !== 'news') return []
    const { transfer, what, code } = newsFromWire(content.bytes)
    return [[transfer, what, code]]
  })
}

test('hostile 87: offers of a million files: few are taken, the others are refused on both sides, and none is in an event', async (t) => {
  const at = await scene(t)
  const ids = Array.from({ length: 40 }, () => randomUUID())
  const { offer } = offerToWire(ids[0] ?? '', '', entries)
  for (const id of ids) {
    const { note, bytes, count, manifestLength, manifestDigest } = offerFromWire(offer)
    const fields = { note, bytes: BigInt(bytes), count, manifestLength, manifestDigest }
    const first = Array.from({ length: files }, () => ({ path: 'a' }))
    await at.say({ kind: 'offer', bytes: encode(OfferSchema, { transfer: uuidToBytes(id), ...fields, first }) })
  }
  // Beside the largest one, whichever it is.
  const most = 1 + Math.floor(fileLimits.offersOpen.entries / files)
  await until(() => newsIn(at).length === ids.length - most, 'the others are refused')
  assert.deepEqual(
    newsIn(at),
    ids.slice(most).map((id) => [id, 'failed', 'rate-limited']),
  )
  const listed = await at.victim.transfers({})
  assert.deepEqual(
    listed.map(({ id, state, count }) => [id, state, count]),
    ids.slice(0, most).map((id) => [id, 'offered', files]),
  )
  const warnings = at.victim.events.filter(({ event }) => event === 'warning')
  assert.deepEqual(
    warnings.map(({ data }) => 'code' in data && [data.code, data.part]),
    [['rate-limited', 'offers']],
  )
  assert.ok(jsonBytes(listed) < most * 16 * 1024, `the list has ${jsonBytes(listed)} bytes`)
  const largest = Math.max(...at.victim.events.map(jsonBytes))
  assert.ok(largest < 16 * 1024, `an event has ${largest} bytes`)
  // They are all there, by pages.
  const page = await at.victim.transferFiles({ transfer: ids[0] ?? '', after: files - 3, limit: 1000 })
  assert.deepEqual(
    page.map(({ file, path }) => [file, path]),
    [
      [files - 2, 'a'],
      [files - 1, 'a'],
    ],
  )
  // Who answers gets more.
  await at.victim.declineTransfer({ transfer: ids[0] ?? '' })
  const { id } = await offers(at, entries)
  assert.equal((await at.victim.transfer({ transfer: id })).state, 'offered')
})

test('hostile 90: what arrives at once is stored in parts, and what is refused of it is answered by parts', async (t) => {
  change(t, fileLimits, { offersOpen: { offers: 1, entries: 50_000 } })
  const at = await scene(t)
  const { transaction, receiveMessage, queueMessage } = at.store
  let depth = 0
  /** What each transaction stores. */
  const transactions: { received: number; queued: number }[] = []
  at.store.transaction = (work) =>
    transaction(() => {
      if (depth === 0) transactions.push({ received: 0, queued: 0 })
      depth += 1
      try {
        return work()
      } finally {
        depth -= 1
      }
    })
  at.store.receiveMessage = (...given) => {
    const last = transactions.at(-1)
    if (last != null) last.received += 1
    return receiveMessage(...given)
  }
  at.store.queueMessage = (...given) => {
    const last = transactions.at(-1)
    if (last != null) last.queued += 1
    return queueMessage(...given)
  }
  const count = 1000
  const one = [{ path: 'a', size: 1, modified: 0 }]
  const offered = Array.from({ length: count }, () => offerToWire(randomUUID(), '', one).offer)
  await Promise.all(offered.map((bytes) => at.say({ kind: 'offer', bytes })))
  const queued = (): number => transactions.reduce((sum, one) => sum + one.queued, 0)
  await until(() => queued() === count - 1, 'all but one are refused')
  const most = Math.max(...transactions.map(({ received }) => received))
  assert.ok(most <= 200, `${most} were stored at once`)
  const answers = transactions.filter((one) => one.queued > 0).length
  const stored = transactions.filter(({ received }) => received > 0).length
  assert.ok(answers <= stored, `${answers} transactions with answers to ${stored} with offers`)
})

test('hostile 87: a list of files that names more of them than the offer is refused before it takes memory', async (t) => {
  const at = await scene(t)
  const id = randomUUID()
  // 4 million entries of two bytes, each of them without a name: the first one that is decoded is another error.
  const manifest = Buffer.alloc(8 * MiB)
  for (let index = 0; index < manifest.byteLength; index += 2) manifest[index] = 0x0a
  const offer = encode(OfferSchema, {
    transfer: uuidToBytes(id),
    bytes: 1n,
    count: 2,
    manifestLength: manifest.byteLength,
    manifestDigest: blake3(manifest),
    first: [{ path: 'a', size: 1n }],
  })
  at.serve = (line: Line) =>
    void line
      .write(manifest)
      .then(() => line.stream.close())
      .catch(() => undefined)
  await at.say({ kind: 'offer', bytes: offer })
  await until(async () => (await at.transfer(id)) != null, 'the offer arrives')
  await at.victim.acceptTransfer({ transfer: id })
  await until(async () => (await at.transfer(id))?.state === 'failed', 'it fails')
  assert.equal((await at.transfer(id))?.error?.code, 'verification-failed')
})

test('hostile 87: offers that are withdrawn at once leave neither list nor store with more than a number of them', async (t) => {
  change(t, fileLimits, { endedKept: 20 })
  const at = await scene(t)
  const open = randomUUID()
  const one = [{ path: 'a', size: 1, modified: 0 }]
  await at.say({ kind: 'offer', bytes: offerToWire(open, '', one).offer })
  let last = ''
  for (let n = 0; n < 100; n += 1) {
    last = randomUUID()
    await at.say({ kind: 'offer', bytes: offerToWire(last, '', one).offer })
    // A disk is the receiver's: of a sender this is no reason to keep it open.
    const end = n % 2 === 0 ? ({ what: 'cancelled' } as const) : ({ what: 'failed', code: 'disk-full' } as const)
    await at.say({ kind: 'news', bytes: newsToWire({ transfer: last, ...end }) })
  }
  await until(async () => (await at.transfer(last))?.state === 'failed', 'all have arrived')
  const listed = await at.victim.transfers({})
  assert.equal(listed.length, 21)
  assert.equal(listed[0]?.id, open)
  assert.equal(at.store.transfers(1000).length, 21)
  assert.equal(at.store.openTransfers().length, 1)
})

/** A transfer of the victim to the attacker, whose list of files is `manifest`, and has `entries`. */
function sends(at: Scene, manifest: Uint8Array, count: number): string {
  const id = randomUUID()
  const { offer } = offerToWire(id, '', [{ path: 'a', size: 1, modified: 0 }])
  const decoded = { ...offerFromWire(offer), count }
  const fixed = { peer: at.attacker, direction: 'out', state: 'accepted', pausedByMe: false } as const
  const none = { pausedByThem: false, message: randomUUID(), offeredAt: 1, doneBytes: 0, places: [] }
  const summary = summaryOf(decoded, decoded.first, false)
  at.store.addTransfer({ id, ...fixed, ...none, entries: count, summary, offer, sources: ['/nowhere'] })
  at.store.putManifest(id, manifest)
  return id
}

const wantManifest = (transfer: string): Uint8Array =>
  fileFrameToWire({ kind: 'open', open: { transfer, want: 'manifest' } })

/** All that arrives on a stream until its end. */
async function answer(at: Scene, open: Uint8Array): Promise<Buffer> {
  const line = await at.open()
  const parts: Uint8Array[] = []
  line.stream.addEventListener('message', ({ data }) => parts.push(Uint8Array.from(data.subarray())))
  await line.send(open)
  await line.dropped()
  line.abort()
  return Buffer.concat(parts)
}

test('hostile 88: a list of files is served a few times a minute; then a friend is asked to come later', async (t) => {
  const manifest = randomBytes(2 * MiB + 1)
  const times = 3
  const listWork = { tokens: times * (limits.transferFiles + fileLimits.listAtLeast), per: hour }
  change(t, fileLimits, { listWork })
  const at = await scene(t)
  const id = sends(at, manifest, limits.transferFiles)
  for (let n = 0; n < times; n += 1) assert.ok((await answer(at, wantManifest(id))).equals(manifest), `time ${n}`)
  for (const want of ['manifest', 'chunks'] as const) {
    const open = { transfer: id, file: 0, chunk: 0, prefix: new Uint8Array(), want }
    const [refusal = new Uint8Array()] = new FrameDecoder(MiB).push(
      await answer(at, fileFrameToWire({ kind: 'open', open })),
    )
    // A code after which receivers of all versions try again.
    assert.throws(() => chunkHeaderFromWire(refusal), { code: 'rate-limited' })
  }
})

test('hostile 88: a list of files is read from the disk as far as the receiver takes it', async (t) => {
  const at = await scene(t)
  const parts = 40
  const id = sends(at, randomBytes(parts * MiB), 1000)
  const asked: number[] = []
  const { manifestPart } = at.store
  at.store.manifestPart = (transfer, part) => {
    asked.push(part)
    return manifestPart(transfer, part)
  }
  const stalled = await at.open()
  stalled.stream.pause()
  await stalled.send(wantManifest(id))
  await until(() => stalled.stream.readBufferLength > 0, 'something arrives')
  const before = asked.length
  // Another receiver gets all of it meanwhile.
  assert.equal((await answer(at, wantManifest(id))).byteLength, parts * MiB)
  const ofStalled = asked.length - (parts + 1)
  assert.ok(before >= 1 && ofStalled < parts / 2, `${ofStalled} parts of ${parts} were read for a receiver of none`)
  stalled.abort()
})

test('hostile 89: a friend who pauses and resumes a transfer without end has its list read a few times', async (t) => {
  const times = 5
  change(t, fileLimits, { listWork: { tokens: times * (2 + fileLimits.listAtLeast), per: hour } })
  const at = await scene(t)
  let streams = 0
  at.serve = () => (streams += 1)
  const { id } = await offers(at, [
    { path: 'a', size: 1, modified: 0 },
    { path: 'b', size: 1, modified: 0 },
  ])
  await at.victim.acceptTransfer({ transfer: id })
  const paused = async (): Promise<string | undefined> => (await at.transfer(id))?.pausedBy
  for (let round = 1; round <= 3 * times; round += 1) {
    await until(() => streams >= Math.min(round, times), `start ${round}`)
    await at.say({ kind: 'news', bytes: newsToWire({ transfer: id, what: 'paused' }) })
    await until(async () => (await paused()) === 'them', 'it is paused')
    await at.say({ kind: 'news', bytes: newsToWire({ transfer: id, what: 'resumed' }) })
    await until(async () => (await paused()) === undefined, 'it goes on')
  }
  assert.equal(streams, times)
  assert.equal((await at.transfer(id))?.state, 'waiting', 'it waits, and is not lost')
})
