/**
 * The previous version and this one: they become friends, talk and send files in both directions over nodes of both
 * versions, and a profile of the previous version opens here with all of its data.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { befriend, HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Stage, type StartOptions } from '../support/line-process.ts'
import { previousVersion } from '../support/previous-version.ts'
import { becomes, digestOf, give, randomFile } from '../support/transfers.ts'

const relayed = ['--direct', 'never']

interface Cast {
  stage: Stage
  node: HeadlessNode
  before: HeadlessPeer
  now: HeadlessPeer
}

/** A peer of each version, with a node of either version, before they are friends. */
async function cast(t: TestContext, nodeIs: 'before' | 'now', args: readonly string[]): Promise<Cast> {
  const stage = new Stage(t)
  const old: StartOptions = { programs: previousVersion(stage.folder) }
  const node = await new HeadlessNode(stage, 'node', nodeIs === 'before' ? old : {}).start()
  const setup = { nodes: node.addresses, args }
  const before = await new HeadlessPeer(stage, 'before', { ...setup, ...old }).start()
  const now = await new HeadlessPeer(stage, 'now', setup).start()
  return { stage, node, before, now }
}

/** Text and a file of several chunks, each way. */
async function exchange({ stage, before, now }: Cast, round = 1): Promise<void> {
  for (const [from, to] of [
    [before, now],
    [now, before],
  ] as const) {
    await from.send(to, `from ${from.name}, ${round}`)
    await from.has(to, `from ${from.name}, ${round}`, 'delivered')
    const file = randomFile(join(stage.folder, `${from.name}-${round}.bin`), 3_000_000)
    const folder = join(stage.folder, `for ${to.name}`)
    const transfer = await give(from, to, [file], folder)
    await becomes(transfer, 'done', [from, to])
    assert.equal(digestOf(join(folder, `${from.name}-${round}.bin`)), digestOf(file))
  }
  const last = (await now.history(before)).findLast(({ direction }) => direction === 'in')
  await now.call('markRead', { peer: before.id, upTo: last?.id ?? '' })
  await before.has(now, `from before, ${round}`, 'read')
}

for (const [nodeIs, path, args] of [
  ['before', 'relayed', relayed],
  ['now', 'relayed', relayed],
  ['now', 'direct', []],
] as const) {
  test(`peers of both versions talk and send files: ${path}, the node is of the version ${nodeIs}`, async (t) => {
    const all = await cast(t, nodeIs, args)
    await befriend(all.before, all.now)
    await exchange(all)
  })
}

test('this version asks, the previous version accepts, by handle and over a node of either version', async (t) => {
  const { before, now } = await cast(t, 'before', relayed)
  await before.call('setProfile', { handle: 'old.friend' })
  await now.call('requestFriend', { to: 'old.friend', note: 'It is me' })
  const request = await before.event('friend-request')
  assert.deepEqual([request.peer, request.note], [now.id, 'It is me'])
  await before.call('acceptFriend', { peer: now.id })
  await talking(before, now)
})

test('a profile of the previous version opens: friends, messages, settings; waiting messages are sent', async (t) => {
  const all = await cast(t, 'now', relayed)
  const { before, now, stage } = all
  await befriend(before, now)
  await exchange(all)
  await before.call('setProfile', { name: 'Susan', handle: 'susan.m' })
  await before.call('verifyFriend', { peer: now.id, verified: true })
  const blocked = await new HeadlessPeer(stage, 'blocked', { nodes: before.setup.nodes ?? [], args: relayed }).start()
  await befriend(before, blocked)
  await before.call('blockPeer', { peer: blocked.id })
  await blocked.stop()
  await now.stop()
  await before.sees(now, false)
  await before.send(now, 'written while you were away')

  const known = async () => {
    const { peer, name, handle, nodes } = await before.call('self')
    const friends = (await before.call('friends')).map(({ lastSeen: _, online: __, path: ___, ...friend }) => friend)
    const transfers = (await before.call('transfers', {})).map(
      ({ bytesPerSecond: _, roots: __, ...transfer }) => transfer,
    )
    return {
      self: { peer, name, handle, nodes: nodes.map(({ address }) => address) },
      friends,
      transfers,
      messages: await before.history(now),
      safety: await before.call('safetyNumber', { peer: now.id }),
    }
  }
  const then = await known()
  await before.stop()
  const { programs: _, ...setup } = before.setup
  // A name on the command line would rename the peer.
  before.setup = setup
  await before.start()
  await before.call('setProfile', { name: 'Susan' })
  assert.deepEqual(await known(), then)
  assert.equal(then.messages.at(-1)?.state, 'queued')

  await now.start()
  await talking(before, now)
  await before.has(now, 'written while you were away', 'delivered')
  const received = (await now.history(before)).filter(({ text }) => text === 'written while you were away')
  assert.equal(received.length, 1)
  await exchange(all, 2)
})
