/** What visits of a friend leave in the memory of a peer and of a node: nothing, however many there were. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { HeadlessPeer } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { randomFile } from '../support/transfers.ts'
import { until } from '../support/until.ts'
import type { Visited } from '../support/visited.ts'
import { startWorker } from '../support/worker.ts'

/** At first something is made once: pools, caches. The others may leave nothing. */
const visits = { first: 3, others: 10 }
/** Looks for the least number of objects: dials to the friend who is away, and timers, come and go. */
const looks = 5
/** A stream that somebody still refers to is a hundred, with its connection many hundreds. */
const objectsEach = 20

test('a friend that talks, sends a file and is killed leaves no object at a peer and its node', async (t) => {
  const stage = new Stage(t)
  const { calls } = startWorker<Visited>(t, 'visited')
  const { nodes, link } = await calls.start(path.join(stage.folder, 'received'))
  const file = randomFile(path.join(stage.folder, 'file.bin'), 100_000)
  const friend = new HeadlessPeer(stage, 'friend', { nodes })
  let count = 0
  const visit = async (): Promise<void> => {
    await friend.start()
    if (count === 0) await friend.call('requestFriend', { to: link })
    const online = async () => (await friend.call('friends')).find((one) => one.online)?.peer
    await until(async () => (await online()) !== undefined, 'the friend is there')
    const peer = (await online()) ?? assert.fail()
    count += 1
    await friend.call('sendMessage', { peer, text: String(count) })
    await friend.event('message-received', ({ text }) => text === String(count))
    const { id } = await friend.call('sendFiles', { peer, paths: [file] })
    await friend.event('transfer-changed', (transfer) => transfer.id === id && transfer.state === 'done')
    await friend.kill9()
  }
  const least = async (): Promise<number> => {
    const found: number[] = []
    while (found.length < looks) found.push(await calls.objects())
    return Math.min(...found)
  }
  for (let n = 0; n < visits.first; n += 1) await visit()
  const before = await least()
  for (let n = 0; n < visits.others; n += 1) await visit()
  const most = before + visits.others * objectsEach
  let after = Infinity
  const level = async () => (after = await least()) <= most
  await until(level, () => `${after} objects, not ${before} as before`)
})
