/** A file transfer while its path becomes direct and relayed again: it continues, and its progress never decreases. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { PeerEvent, Transfer } from '../../protocol/index.ts'
import { folder } from '../support/cleanup.ts'
import { firewall } from '../support/firewall.ts'
import { befriend, pathBetween, startNode, startPeer, until, type TestPeer } from '../support/network.ts'
import { digestOf, MiB, randomFile } from '../support/transfers.ts'
import { portOf } from '../support/addresses.ts'

const size = 384 * MiB

/** Every progress value that was reported, in order. */
const steps = ({ events }: TestPeer): number[] =>
  events.flatMap((event: PeerEvent) => (event.event === 'transfer-changed' ? event.data.doneBytes : []))

test('a file transfer moves to a direct path that opens, and to the node when that path fails', async (t) => {
  const around = folder(t)
  const wall = firewall(t)
  const nodes = (await startNode(t)).addresses()
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  const ports = await Promise.all([alice, bob].map(async (peer) => portOf((await peer.self()).listen[0])))
  wall.block(...ports)
  await befriend(alice, bob)
  const become = (kind: string) =>
    until(async () => (await pathBetween(alice, bob)).every((one) => one === kind), `both are ${kind}`)
  await become('relayed')

  const source = randomFile(path.join(around, 'source.bin'), size)
  const { id } = await alice.sendFiles({ peer: bob.id, paths: [source] })
  const now = async (): Promise<Transfer> =>
    (await bob.transfers({})).find((one) => one.id === id) ?? assert.fail('it is not listed')
  await until(() => bob.events.some(({ event }) => event === 'transfer-offered'), 'it is offered')
  await bob.acceptTransfer({ transfer: id, directory: path.join(around, 'to') })
  const goesOn = async (): Promise<void> => {
    const { doneBytes } = await now()
    await until(async () => (await now()).doneBytes > doneBytes, 'it goes on')
    assert.ok((await now()).doneBytes < size, 'it was over too early to show anything')
  }
  await goesOn()
  wall.unblock()
  await become('direct')
  await goesOn()
  wall.block(...ports)
  await become('relayed')
  await goesOn()
  let last = await now()
  await until(
    async () => (last = await now()).state === 'done',
    () => `it arrives; it is ${last.state}`,
    () => last.doneBytes,
  )
  assert.equal(digestOf(path.join(around, 'to', 'source.bin')), digestOf(source))
  assert.deepEqual(fs.readdirSync(path.join(around, 'to')), ['source.bin'])
  for (const peer of [alice, bob]) {
    const progress = steps(peer)
    assert.deepEqual(
      progress,
      progress.toSorted((a, b) => a - b),
      'nothing that was there is fetched again',
    )
  }
})
