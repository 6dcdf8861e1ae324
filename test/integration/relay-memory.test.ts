/**
 * The memory that a circuit costs the node: it does not grow with the data that passes, and is small when the receiver
 * does not read. The stock relay keeps every byte for the circuit's lifetime; an update must not reintroduce that.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { BulkPeer } from '../support/bulk-peer.ts'
import { stageOwner, undo } from '../support/cleanup.ts'
import { HeadlessNode } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/network.ts'
import { residentBytes, startWorker, type Worker } from '../support/worker.ts'

const MB = 1_000_000
/** Polls of a sender that pushed nothing more, before it counts as stalled. */
const still = 50

interface Scene {
  node: HeadlessNode
  sender: Worker<BulkPeer>
  receiver: Worker<BulkPeer>
}

/** Undefined where memory cannot be measured; the test is then skipped with a message. */
async function scene(t: TestContext): Promise<Scene | undefined> {
  if (residentBytes(process.pid) == null) {
    t.skip('the memory of a process is measured in /proc, which this system lacks')
    return undefined
  }
  const node = await new HeadlessNode(new Stage(stageOwner(t))).start()
  return { node, sender: startWorker<BulkPeer>(t, 'bulk-peer'), receiver: startWorker<BulkPeer>(t, 'bulk-peer') }
}

function memory(pid: number): { growth(): number; highest(): number; stop(): void } {
  const before = residentBytes(pid) ?? assert.fail()
  let highest = 0
  const growth = (): number => (residentBytes(pid) ?? assert.fail()) - before
  const timer = setInterval(() => (highest = Math.max(highest, growth())), 50)
  return { growth, highest: () => highest, stop: () => clearInterval(timer) }
}

test('500 MB through one circuit do not increase the memory of the node', async (t) => {
  const scenery = await scene(t)
  if (scenery == null) return
  const { node, sender, receiver } = scenery
  const [address = ''] = node.addresses
  await sender.calls.join(address)
  const to = await receiver.calls.join(address)
  await sender.calls.open(to)
  assert.equal(await node.figure('quorum_circuits'), 1)

  const atNode = memory(node.pid)
  undo(t).defer(() => atNode.stop())
  await sender.calls.push(500 * MB)
  const { pushed } = await sender.calls.counts()
  await until(async () => (await receiver.calls.counts()).taken === pushed, 'everything arrived')
  assert.ok((await node.figure('quorum_relayed_bytes_total')) > 500 * MB)
  t.diagnostic(`the node grew by at most ${Math.round(atNode.highest() / MB)} MB`)
  assert.ok(atNode.highest() < 50 * MB, `grew by ${atNode.highest()} bytes`)

  await sender.calls.leave()
  await until(async () => (await node.figure('quorum_circuits')) === 0, 'the circuit ended')
  await until(() => atNode.growth() < 50 * MB, 'the memory is back')
  t.diagnostic(`${Math.round(atNode.growth() / MB)} MB are left`)
})

for (const [kind, join] of [
  ['over a conversation', 'join'],
  ['over the bare circuit', 'joinBare'],
] as const) {
  test(`a receiver that never reads costs node and sender little memory, ${kind} (threats.md 15)`, async (t) => {
    const scenery = await scene(t)
    if (scenery == null) return
    const { node, sender, receiver } = scenery
    const [address = ''] = node.addresses
    await sender.calls[join](address)
    const to = await receiver.calls[join](address)
    await receiver.calls.stopReading()
    await sender.calls.open(to)

    const measured = { node: memory(node.pid), sender: memory(sender.pid) }
    undo(t).defer(() => Object.values(measured).forEach((one) => one.stop()))
    const over = sender.calls.push(500 * MB).catch((error: unknown) => error)
    let [last, unchanged] = [-1, 0]
    await until(async () => {
      const { pushed } = await sender.calls.counts()
      unchanged = pushed === last ? unchanged + 1 : 0
      last = pushed
      return unchanged === still
    }, 'the sender is held back')
    for (const [who, { highest }] of Object.entries(measured)) {
      t.diagnostic(`${who} grew by at most ${Math.round(highest() / MB)} MB; ${last} bytes were taken`)
      assert.ok(highest() < 32 * MB, `${who} grew by ${highest()} bytes`)
    }
    assert.ok(last > 0 && last < 32 * MB, `${last} bytes were taken from the sender`)

    // The receiver disconnects: the circuit ends at once, and the sender stops waiting.
    await receiver.calls.leave()
    await over
    await until(async () => (await node.figure('quorum_circuits')) === 0, 'the circuit ended')
  })
}
