/** A friend who opens all the streams that it may, and again and again (docs/threats.md 91, 107). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { MiB } from '../../protocol/base/units.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { limits } from '../../protocol/base/limits.ts'
import { chunkDigest, FileDigest } from '../../protocol/file/digest.ts'
import { fileLimits } from '../../protocol/file/limits.ts'
import { chatProtocol, fileProtocol } from '../../protocol/net/policy.ts'
import { chatFrameFromWire } from '../../protocol/wire/chat.ts'
import { chunkHeaderFromWire, fileFrameToWire, type ChunkHeader, type SkippedFile } from '../../protocol/wire/file.ts'
import { befriended, helloFrame, startAttacker, type Attacker, type Line } from '../support/attacker.ts'
import { folder } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { scene as hostileScene } from '../support/hostile-friend.ts'
import { change, hour } from '../support/numbers.ts'
import { until } from '../support/until.ts'
import { startVictim, type Victim } from '../support/victim.ts'

guardProcess()

const connections = 8
/** Streams that go on, of all that are opened. */
const most = { chat: 4, files: 8 }
/** MiB that such a friend may take: some 10 for a conversation, where a window waits twice, and as much for a file. */
const bearable = { chat: 48, files: 96 }

interface Scene {
  victim: Victim
  mallory: Attacker
  all: Connection[]
}

async function scene(t: TestContext): Promise<Scene> {
  const victim = await startVictim(t)
  const mallory = await startAttacker(t)
  await victim.putFriend(befriended(mallory.peer))
  const address = `${victim.address.replace(/\/p2p\/.*$/, '')}/p2p/${victim.peer}`
  const all: Connection[] = []
  for (let n = 0; n < connections; n += 1) all.push(await mallory.dial(address))
  return { victim, mallory, all }
}

const open = (lines: readonly Line[]): number => lines.filter(({ over }) => !over).length

test('hostile 91: of many conversations of one friend at once few go on, and what waits in them is bounded', async (t) => {
  const { victim, mallory, all } = await scene(t)
  // A field that no version knows: the frame says nothing, and takes its time by its length.
  const silent = Buffer.concat([Buffer.from([0xfa, 0x7f, 0xf0, 0xff, 0x0b]), Buffer.alloc(0x2fff0)])
  assert.equal(chatFrameFromWire(silent).kind, 'unknown')
  assert.ok(silent.byteLength < chatLimits.chatFrame)
  const lines: Line[] = []
  const { peak } = await victim.growth(async () => {
    for (const connection of all) {
      for (let n = 0; n < most.chat; n += 1) {
        const line = await mallory.open(connection, chatProtocol)
        await line.send(helloFrame())
        lines.push(line)
      }
    }
    await until(() => open(lines) <= most.chat, 'the others are ended')
    const ended = Promise.withResolvers<void>()
    let sent = 0
    const flood = async (line: Line): Promise<void> => {
      while (sent < 64 && (await Promise.race([line.send(silent), ended.promise.then(() => false)]))) sent += 1
    }
    const floods = lines.map(flood)
    await until(() => sent >= 64, 'much was sent')
    ended.resolve()
    await Promise.all(floods)
  })
  assert.ok(peak < bearable.chat, `${peak.toFixed(1)} MiB`)
  assert.ok(open(lines) >= 1, 'the newest goes on')
  victim.alive()
})

test('hostile 91: of many streams for a file few are served, and what is read for them is bounded', async (t) => {
  const { victim, mallory, all } = await scene(t)
  const file = path.join(folder(t), 'film')
  fs.writeFileSync(file, Buffer.alloc(64 * MiB, 7))
  const { id: transfer } = await victim.call('sendFiles', { peer: mallory.peer, paths: [file] })
  const lines: Line[] = []
  const ask = fileFrameToWire({
    kind: 'open',
    open: { transfer, file: 0, chunk: 0, prefix: new Uint8Array(), want: 'chunks' },
  })
  const { peak } = await victim.growth(async () => {
    for (const connection of all) {
      for (let n = 0; n < most.files; n += 1) {
        const line = await mallory.open(connection, fileProtocol, false)
        line.stream.pause()
        await line.send(ask)
        lines.push(line)
      }
    }
    await until(() => open(lines) <= most.files, 'the others are ended')
    await until(() => lines.slice(-1).every(({ stream }) => stream.readBufferLength > 0), 'the newest is served')
  })
  assert.ok(peak < bearable.files, `${peak.toFixed(1)} MiB`)
  victim.alive()
})

test('hostile 107: what a friend causes to be read of a file by asking for its end again and again is bounded', async (t) => {
  const chunks = 8
  const times = 3
  const cost = (chunks - 1 + fileLimits.chunksWaiting) * limits.chunk
  change(t, fileLimits, { rereads: { tokens: times * cost, per: hour } })
  const at = await hostileScene(t)
  const content = randomBytes(chunks * limits.chunk)
  const file = path.join(folder(t), 'film')
  fs.writeFileSync(file, content)
  const { id: transfer } = await at.victim.sendFiles({ peer: at.attacker, paths: [file] })
  const before = new FileDigest()
  const chunk = (n: number): Uint8Array => content.subarray(n * limits.chunk, (n + 1) * limits.chunk)
  for (let n = 0; n < chunks - 1; n += 1) before.add(chunkDigest(chunk(n)))
  const open = { transfer, file: 0, chunk: chunks - 1, prefix: before.value(), want: 'chunks' as const }
  const header = async (): Promise<ChunkHeader | SkippedFile> => {
    const line = await at.open()
    // The chunk follows: a header of less than 128 bytes has one byte of length.
    let begun = Buffer.alloc(0)
    line.stream.addEventListener('message', ({ data }) => {
      if (begun.byteLength < 128) begun = Buffer.concat([begun, data.subarray()])
    })
    const length = (): number => begun[0] ?? Infinity
    await line.send(fileFrameToWire({ kind: 'open', open }))
    await until(() => begun.byteLength > length(), 'an answer')
    line.abort()
    return chunkHeaderFromWire(begun.subarray(1, 1 + length()))
  }
  for (let n = 0; n < times; n += 1) assert.equal((await header()).file, 0, `time ${n}`)
  // A code after which receivers of all versions try again.
  await assert.rejects(header(), { code: 'rate-limited' })
})
