/**
 * One file transfer while sender and receiver are repeatedly killed with -9. Counts the bytes on the wire: bytes
 * beyond the size of the file were sent twice, or were in flight and never reached the receiver's disk.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { startFriends } from './headless.ts'
import { Stage } from './line-process.ts'
import { becomes, digestOf, give, leftovers, MiB, randomFile } from './transfers.ts'
import { until } from './until.ts'

export interface Kills {
  size: number
  rounds: number
  direct: 'auto' | 'never'
  random(): number
}

/** Kills sender and receiver in turn, at random moments; fails if data is lost, or more than a chunk is sent twice. */
export async function killDuring(t: TestContext, { size, rounds, direct, random }: Kills): Promise<void> {
  const stage = new Stage(t)
  const { node, alice, bob } = await startFriends(stage, direct)
  const source = randomFile(path.join(stage.folder, 'source.bin'), size)
  const target = path.join(stage.folder, 'received')
  const before = digestOf(source)
  const id = await give(alice, bob, [source], target)
  const staged = path.join(target, `.quorum-${id}`, 'journal')
  /** Chunks on the receiver's disk according to its journal, whichever processes are running. */
  const chunks = (): number => Math.floor((fs.statSync(staged, { throwIfNoEntry: false })?.size ?? 0) / 32)
  let again = 0
  let receivers = 0
  for (let round = 1; round <= rounds; round++) {
    // Kills are spread over the file: each happens at a random point of its share.
    const share = size / MiB / (rounds + 2)
    const at = Math.floor((round - 1 + random()) * share)
    await until(() => chunks() >= at || fs.existsSync(path.join(target, 'source.bin')), `chunk ${at} is there`)
    const victim = random() < 0.5 ? alice : bob
    await victim.kill9()
    assert.ok(
      !fs.existsSync(path.join(target, 'source.bin')),
      'the kill came after the end of the transfer: it tests nothing',
    )
    const there = chunks()
    await victim.start()
    if (victim === alice) {
      await until(() => chunks() > there || fs.existsSync(path.join(target, 'source.bin')), 'the transfer continues')
      continue
    }
    // The receiver reports where it resumes after it has checked its disk.
    const { doneBytes } = await bob.event('transfer-changed', (one) => one.id === id && one.state === 'active')
    const repeated = there - Math.floor(doneBytes / MiB)
    assert.ok(repeated <= 1, `round ${round}: ${repeated} chunks were thrown away`)
    again += Math.max(0, repeated)
    receivers += 1
  }
  await becomes(id, 'done', [alice, bob])
  assert.deepEqual(fs.readdirSync(target), ['source.bin'])
  assert.equal(digestOf(path.join(target, 'source.bin')), before)
  assert.deepEqual(leftovers(stage.folder), [])
  t.diagnostic(
    `${rounds} kills (${receivers} of the receiver) over ${size / MiB} MiB: ${again} chunks of its disk fetched again`,
  )
  if (direct === 'never') {
    // Data in flight at a kill, at most one window, has not reached the disk: it is sent once more.
    const more = (await node.figure('quorum_relayed_bytes_total')) - size
    t.diagnostic(
      `${(more / MiB).toFixed(1)} MiB more than the file crossed the relay, ${(more / MiB / rounds).toFixed(2)} a kill`,
    )
    assert.ok(more < 0.02 * size + rounds * (limits.fileInFlight.most + limits.chunk))
  }
  await Promise.all([alice.stop(), bob.stop(), node.stop()])
}
