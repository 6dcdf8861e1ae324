/**
 * threats.md 15, 49, 51 and 52: a hostile friend in file transfers. An attacker speaks real chat and its own file
 * protocol: as a sender whose content differs from its offer, and as a receiver that asks for data it may not have.
 * In every case no incomplete file gets its final name, nothing is written outside the folder, no partial data is
 * left, and the peer keeps running.
 */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { blake3 } from '@napi-rs/blake-hash'
import { chunkDigest } from '../../protocol/file/digest.ts'
import { fileLimits } from '../../protocol/file/limits.ts'
import { pull } from '../../protocol/net/streams.ts'
import { encode } from '../../protocol/wire/codec.ts'
import { chunkErrorToWire, chunkHeaderToWire, fileFrameToWire, type ChunkHeader } from '../../protocol/wire/file.ts'
import { frame } from '../../protocol/wire/framing.ts'
import { newsToWire, offerFromWire, offerToWire, type ManifestEntry } from '../../protocol/wire/offer.ts'
import { OfferSchema } from '../../protocol/wire/quorum_pb.ts'
import { uuidToBytes } from '../../protocol/wire/uuid.ts'
import type { Line } from '../support/attacker.ts'
import { collect } from '../support/collect.ts'
import { guardProcess } from '../support/guard.ts'
import { offers, scene } from '../support/hostile-friend.ts'
import { until } from '../support/network.ts'
import { fileDigest, MiB, tree } from '../support/transfers.ts'
import { readChunks } from '../../protocol/file/receive/chunk-reader.ts'
import { limits } from '../../protocol/base/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'

guardProcess()

/** For one transfer: chunks that are read ahead, the chunk that is being written, and the data in flight. */
const mostHeld = (fileLimits.chunksWaiting + 2) * limits.chunk + netLimits.streamWindow

const content = randomBytes(MiB + 1000)
const chunks = [content.subarray(0, MiB), content.subarray(MiB)]
const entry: ManifestEntry = { path: 'file.bin', size: content.byteLength, modified: 1 }
function piece(
  chunk: number,
  instead: Partial<ChunkHeader> = {},
  data = chunks[chunk] ?? new Uint8Array(),
): Uint8Array {
  const header = { file: 0, chunk, length: data.byteLength, digest: chunkDigest(data) }
  const last = chunk === 1 ? { fileDigest: fileDigest(content) } : {}
  return Buffer.concat([frame(chunkHeaderToWire({ ...header, ...last, ...instead })), data])
}

const lies: [what: string, bytes: () => Uint8Array[]][] = [
  ['another digest of a chunk', () => [piece(0, { digest: randomBytes(32) })]],
  ['another digest of the file', () => [piece(0), piece(1, { fileDigest: randomBytes(32) })]],
  ['a chunk of another length', () => [piece(0, {}, content.subarray(0, 1000))]],
  ['another file', () => [piece(0, { file: 7 })]],
  ['the largest file number', () => [piece(0, { file: 0xffff_ffff })]],
  ['another chunk', () => [piece(0, { chunk: 1 })]],
  ['a chunk beyond the end', () => [piece(0), piece(0, { chunk: Number.MAX_SAFE_INTEGER })]],
  [
    'a length beyond a chunk',
    () => [frame(chunkHeaderToWire({ file: 0, chunk: 0, length: 0xffff_ffff, digest: randomBytes(32) }))],
  ],
  ['a file that never ends', () => [piece(0), piece(1, {}, content.subarray(0, MiB))]],
  [
    'other bytes than it hashed',
    () => [piece(0), piece(1, { digest: chunkDigest(chunks[1] ?? content) }, randomBytes(1000))],
  ],
]
for (const [what, bytes] of lies) {
  test(`threats.md 49: a sender sends ${what}: refused; no file appears, no partial data is left`, async (t) => {
    const at = await scene(t)
    const { id } = await offers(at, [entry])
    at.serve = (line) => void line.write(Buffer.concat(bytes())).catch(() => undefined)
    await at.victim.acceptTransfer({ transfer: id })
    await until(async () => (await at.transfer(id))?.state === 'failed', 'it fails')
    const { error } = (await at.transfer(id)) ?? assert.fail()
    assert.match(error?.code ?? '', /^(verification-failed|too-large)$/)
    await until(() => fs.readdirSync(at.downloads).length === 0, 'nothing is left')
  })
}

test('threats.md 49: invalid headers, errors of all kinds and silence produce no file, and a cancel ends them', async (t) => {
  const at = await scene(t)
  const { id } = await offers(at, [entry])
  const answers = [
    randomBytes(1000),
    frame(randomBytes(50)),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    frame(chunkErrorToWire({ code: 'internal', message: 'x'.repeat(3000) })),
    piece(0).subarray(0, 5000),
  ]
  let asked = 0
  at.serve = (line) => {
    const answer = answers[asked++]
    if (answer != null)
      void line.write(answer).then(
        () => line.stream.close(),
        () => undefined,
      )
  }
  await at.victim.acceptTransfer({ transfer: id })
  await until(async () => asked > 1 || (await at.transfer(id))?.state === 'failed', 'it was asked')
  const state = (await at.transfer(id))?.state ?? ''
  assert.match(state, /^(active|waiting|failed)$/)
  if (state !== 'failed') await at.victim.cancelTransfer({ transfer: id })
  await until(() => fs.readdirSync(at.downloads).length === 0, 'nothing is left')
})

test('threats.md 49: a list of files that differs from the offer: longer, shorter, other, or endless', async (t) => {
  const many = Array.from({ length: 9000 }, (_, at) => ({
    path: `folder/${'n'.repeat(20)}${at}`,
    size: 0,
    modified: 1,
  }))
  const answers: ((manifest: Uint8Array) => Uint8Array)[] = [
    (manifest) => Buffer.concat([manifest, manifest]),
    (manifest) => Buffer.from(manifest).fill(7, 100, 200),
    () => randomBytes(3 * MiB),
  ]
  for (const answer of answers) {
    const at = await scene(t)
    const { id, manifest } = await offers(at, many)
    at.serve = (line) =>
      void line
        .write(answer(manifest))
        .then(() => line.stream.close())
        .catch(() => undefined)
    await at.victim.acceptTransfer({ transfer: id })
    await until(async () => (await at.transfer(id))?.state === 'failed', 'it fails')
    assert.match((await at.transfer(id))?.error?.code ?? '', /^(verification-failed|bad-request)$/)
    await until(() => fs.readdirSync(at.downloads).length === 0, 'nothing is left')
  }
})

test('threats.md 51, 52, 54: names that escape, hide or collide stay inside the folder and replace nothing', async (t) => {
  const at = await scene(t)
  fs.writeFileSync(path.join(at.downloads, 'Report.txt'), 'mine')
  const names = [
    '../../outside',
    '/etc/quorum-outside',
    '..',
    '.',
    './../x',
    'a/../../b',
    String.raw`..\..\c`,
    'C:\\windows\\d',
    '//server/share/e',
    'nul\0byte',
    'CON',
    'con.txt',
    'a:stream',
    'dot.',
    'space ',
    `${'x'.repeat(300)}.txt`,
    'gpj.\u202eexe',
    '\u001b[31mred',
    'report.txt',
    'REPORT.TXT',
    'Ｒeport.txt',
    'caf\u00e9',
    'cafe\u0301',
    '__proto__',
    'constructor',
    '.quorum-mine',
    'run.desktop',
    'photo.jpg.exe',
    '~',
    '$HOME',
    '-rf',
  ]
  const entries = names.map((name) => ({ path: name, size: 1, modified: 1 }))
  const { id } = await offers(at, entries)
  const data = Buffer.from('x')
  at.serve = (line) => {
    const parts = names.map((_, file) => piece(0, { file, fileDigest: fileDigest(data) }, data))
    void line
      .write(Buffer.concat(parts))
      .then(() => line.stream.close())
      .catch(() => undefined)
  }
  await at.victim.acceptTransfer({ transfer: id })
  await until(async () => /done|failed/.test((await at.transfer(id))?.state ?? ''), 'it ends')
  assert.equal((await at.transfer(id))?.state, 'done', JSON.stringify((await at.transfer(id))?.error))
  assert.deepEqual(fs.readdirSync(at.around), ['downloads'])
  assert.equal(fs.existsSync('/etc/quorum-outside'), false)
  assert.equal(fs.readFileSync(path.join(at.downloads, 'Report.txt'), 'utf8'), 'mine')
  const there = [...tree(at.downloads)].filter(([, what]) => what !== 'folder').map(([name]) => name)
  assert.equal(there.length, names.length + 1, 'each is there, and nothing was replaced')
  const folded = there.map((name) => name.normalize('NFKC').toLowerCase())
  // Compared with the existing files by the rules of this file system.
  assert.ok(new Set(folded).size >= names.length, 'names collide with each other elsewhere')
  for (const name of there) {
    assert.doesNotMatch(name, /[\p{Cc}\u202e\\:]|\.quorum-|[. ]$/u)
    assert.ok(name.split('/').every((part) => Buffer.byteLength(part) <= 255))
    assert.equal(fs.statSync(path.join(at.downloads, name)).mode & 0o111, 0)
  }
})

test('contradictory offers, repeated ids and overflows are refused; the number of open offers is limited', async (t) => {
  const good = { note: '', bytes: 1n, count: 1, manifestLength: 10, manifestDigest: blake3(Buffer.from('x')) }
  const first = [{ path: 'a', size: 1n, modified: 1n }]
  const bad = [
    { ...good, count: 0, first: [] },
    { ...good, count: 0xffff_ffff, first },
    { ...good, bytes: 2n ** 64n - 1n, first },
    { ...good, first: [{ path: 'a', size: 2n ** 63n, modified: 1n }] },
    { ...good, first: [{ path: 'x'.repeat(5000), size: 1n, modified: 1n }] },
    { ...good, note: 'n'.repeat(5000), first },
    { ...good, manifestLength: 0xffff_ffff, first },
    { ...good, first: [{ path: '', size: 1n, modified: 1n }] },
  ]
  for (const [index, one] of bad.entries()) {
    const at = await scene(t)
    const id = randomUUID()
    const bytes = encode(OfferSchema, { ...one, transfer: uuidToBytes(id) })
    assert.throws(() => offerFromWire(bytes), `number ${index} is accepted`)
    await at.say({ kind: 'offer', bytes })
    await at.dropped()
    assert.deepEqual(await at.victim.transfers({}), [])
  }
  const at = await scene(t)
  const ids = Array.from({ length: 300 }, () => randomUUID())
  for (const [count, id] of ids.entries()) {
    await at.say({ kind: 'offer', bytes: offerToWire(id, '', [{ ...entry, path: `${count}` }]).offer })
  }
  const arrived = () => at.victim.events.filter(({ event }) => event === 'message-received').length
  await until(() => arrived() === 300, 'all arrive')
  // Offers beyond the limit are declined at once and not stored.
  const kept = await at.victim.transfers({})
  assert.deepEqual(
    kept.map(({ id, state }) => [id, state]),
    ids.slice(0, 200).map((id) => [id, 'offered']),
  )
  // An id that is already in use.
  const [taken = ''] = ids
  await at.say({ kind: 'offer', bytes: offerToWire(taken, '', [{ ...entry, path: 'other' }]).offer })
  await until(() => at.victim.events.some(({ event }) => event === 'warning'), 'the victim emits a warning')
  assert.equal((await at.transfer(taken))?.name, '0')
})

test('threats.md 13, 15: a receiver asks for foreign data, beyond the end, in floods, with false acknowledgements', async (t) => {
  const at = await scene(t)
  const source = path.join(at.around, 'source.bin')
  fs.writeFileSync(source, content)
  const peer = (await at.victim.friends())[0]?.peer ?? ''
  const { id } = await at.victim.sendFiles({ peer, paths: [source] })
  // Status updates for an unknown transfer change nothing.
  await at.say({ kind: 'news', bytes: newsToWire({ transfer: randomUUID(), what: 'done' }) })
  const none = new Uint8Array()
  const opens = [
    { transfer: randomUUID(), want: 'manifest' as const },
    { transfer: id, want: 'chunks' as const, file: 0xffff_ffff, chunk: 0, prefix: none },
    { transfer: id, want: 'chunks' as const, file: 0, chunk: Number.MAX_SAFE_INTEGER, prefix: randomBytes(32) },
    { transfer: id, want: 'chunks' as const, file: 0, chunk: 2, prefix: randomBytes(32) },
  ]
  for (const open of opens) {
    const line = await at.open()
    await line.send(fileFrameToWire({ kind: 'open', open }))
    await line.dropped()
    const { doneBytes = 0, bytes = 0, state } = (await at.transfer(id)) ?? {}
    assert.ok(doneBytes <= bytes, `${doneBytes} of ${bytes} bytes`)
    assert.match(state ?? '', /offered|waiting|active/)
  }
  const honest = {
    kind: 'open' as const,
    open: { transfer: id, want: 'chunks' as const, file: 0, chunk: 0, prefix: none },
  }
  for (let round = 0; round < 300; round++) {
    const line = await at.open().catch(() => undefined)
    await line?.send(fileFrameToWire(honest)).catch(() => undefined)
    line?.abort()
  }
  let line: Line | undefined
  await until(async () => (line = await at.open().catch(() => undefined)) != null, 'there is room for a stream again')
  await line?.send(fileFrameToWire(honest)).catch(() => undefined)
  const absurd = frame(
    fileFrameToWire({ kind: 'ack', received: Number.MAX_SAFE_INTEGER, stored: Number.MAX_SAFE_INTEGER }),
  )
  for (let round = 0; round < 100; round++) {
    await line?.write(Buffer.concat(Array.from({ length: 1000 }, () => absurd))).catch(() => undefined)
  }
  await line?.dropped()
  const { doneBytes = 0, bytes = 0 } = (await at.transfer(id)) ?? {}
  assert.ok(doneBytes <= bytes)
  await at.victim.cancelTransfer({ transfer: id })
  assert.equal((await at.transfer(id))?.state, 'cancelled')
  const late = await at.open()
  await late.send(fileFrameToWire(honest))
  await late.dropped()
})

test('threats.md 15: a receiver that never reads occupies little memory of the sender, which continues to work', async (t) => {
  const at = await scene(t)
  const source = path.join(at.around, 'source.bin')
  fs.writeFileSync(source, randomBytes(48 * MiB))
  const peer = (await at.victim.friends())[0]?.peer ?? ''
  const ids: string[] = []
  for (let one = 0; one < fileLimits.transfersAtOnce; one++) {
    ids.push((await at.victim.sendFiles({ peer, paths: [source] })).id)
  }
  const [honest = '', ...stalled] = ids
  const ask = (transfer: string): Uint8Array =>
    fileFrameToWire({ kind: 'open', open: { transfer, want: 'chunks', file: 0, chunk: 0, prefix: new Uint8Array() } })
  await collect()
  const before = process.memoryUsage().arrayBuffers
  const lines: Line[] = []
  for (const transfer of stalled) {
    const line = await at.open()
    line.stream.pause()
    await line.send(ask(transfer))
    lines.push(line)
  }
  await until(() => lines.every(({ stream }) => stream.readBufferLength > 0), 'something arrives on each')
  // A third receiver, the last one, reads the whole file: by then the sender has read all that the others could get.
  const reading = await at.open()
  await reading.send(ask(honest))
  let [received, read] = [0, 0]
  const acknowledge = (length: number): void => {
    received += length
    void reading.send(fileFrameToWire({ kind: 'ack', received, stored: received })).catch(() => undefined)
  }
  for await (const chunk of readChunks(pull(reading.stream), acknowledge)) {
    read += 'skipped' in chunk ? 0 : chunk.data.byteLength
  }
  assert.equal(read, 48 * MiB)
  await until(async () => (await at.transfer(honest))?.doneBytes === read, 'it has been served')
  await collect()
  const held = process.memoryUsage().arrayBuffers - before
  t.diagnostic(`${(held / MiB).toFixed(1)} MiB are held for ${stalled.length} transfers of 48 MiB`)
  assert.ok(held < ids.length * mostHeld, `${held} bytes are held for ${stalled.length} transfers of 48 MiB`)
  assert.equal(await at.say({ kind: 'news', bytes: newsToWire({ transfer: randomUUID(), what: 'done' }) }), true)
  for (const line of lines) line.abort()
})
