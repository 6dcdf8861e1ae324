/**
 * A group of real processes in which everything happens at once: people write, come and go, are removed and added
 * again, processes are killed, and the node is gone for a while. In the end all members show the same list in the same
 * order, each message once, and none that was written is missing. `QUORUM_PEERS` and `QUORUM_MESSAGES` make it larger.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Group } from '#protocol'
import { befriend, HeadlessNode, HeadlessPeer, Unanswered } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { randomFrom } from '../support/random.ts'
import { until } from '../support/until.ts'

const peers = Number(process.env.QUORUM_PEERS ?? 5)
const messages = Number(process.env.QUORUM_MESSAGES ?? 80)
const seed = Number(process.env.QUORUM_SEED ?? 1)

test(`${peers} peers, ${messages} messages: killed, asleep, removed, without the node`, async (t) => {
  const stage = new Stage({ after })
  const node = await new HeadlessNode(stage).start()
  const next = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] ?? assert.fail('nothing to pick')
  const all = await Promise.all(
    Array.from({ length: peers }, (_, at) => new HeadlessPeer(stage, `p${at}`, { nodes: node.addresses }).start()),
  )
  const [founder, admin, ...others] = all
  assert.ok(founder && admin)
  for (const [at, peer] of all.entries()) {
    if (at > 0) await befriend(founder, peer)
    if (at > 1) await befriend(admin, peer)
  }
  const { group } = await founder.call('createGroup', { name: 'Everything at once' })
  const known = async (peer: HeadlessPeer): Promise<Group | undefined> =>
    (await peer.call('groups')).find((one) => one.group === group)
  const join = async (peer: HeadlessPeer): Promise<void> => {
    await founder.call('inviteToGroup', { group, peer: peer.id, history: 'all' })
    await until(async () => (await known(peer))?.state === 'invited', `${peer.name} is invited`)
    await peer.call('joinGroup', { group })
    await until(async () => (await known(peer))?.state === 'member', `${peer.name} is in`)
  }
  for (const peer of all.slice(1)) await join(peer)
  await founder.call('setGroupRole', { group, peer: admin.id, rank: 1 })

  /** Texts that were answered, and so are on a disk; those of which nobody knows. */
  const said = new Set<string>()
  const unknown = new Set<string>()
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      if (error instanceof Unanswered) return false
      // Who is out, or was never let in again, cannot write.
      assert.match(String(error), /bad-request|not-found|not-friend/)
      return false
    }
  }
  const write = async (peer: HeadlessPeer, text: string): Promise<void> => {
    unknown.add(text)
    const state = await known(peer).catch(() => undefined)
    if (state?.state !== 'member') return void unknown.delete(text)
    if (await attempt(() => peer.call('sendMessage', { group, text }))) said.add(text)
  }
  const removed = new Set<HeadlessPeer>()
  for (let count = 0; count < messages; count += 1) {
    const peer = pick(all)
    const what = next()
    if (peer !== founder && what < 0.06) await (peer.running ? peer.kill9() : peer.start())
    else if (peer !== founder && what < 0.12) await (peer.running ? peer.stop() : peer.start())
    else if (what < 0.14) await node.restart()
    else if (what < 0.16 && removed.size < others.length / 3) {
      const gone = pick(others)
      if (!removed.has(gone) && (await attempt(() => founder.call('removeFromGroup', { group, peer: gone.id }))))
        removed.add(gone)
    }
    if (peer.running) await write(peer, `message ${count} of ${peer.name}`)
  }
  for (const peer of all) if (!peer.running) await peer.start()
  const members = all.filter((peer) => !removed.has(peer))

  const texts = async (peer: HeadlessPeer): Promise<string[]> =>
    (await peer.call('messages', { group, limit: 1000 })).map(({ text }) => text)
  let lists: string[][] = []
  const same = async (): Promise<boolean> => {
    lists = await Promise.all(members.map(texts))
    const ids = await Promise.all(
      members.map(async (peer) => (await known(peer))?.members.map((one) => one.peer).toSorted()),
    )
    return [...lists, ...ids].every(
      (list, at) => JSON.stringify(list) === JSON.stringify((at < lists.length ? lists : ids)[0]),
    )
  }
  await until(same, () => `all show the same: ${lists.map((list) => list.length).join(' ')}`)
  const [shown = []] = lists
  assert.equal(new Set(shown).size, shown.length, 'each once')
  // What somebody wrote who was removed counts up to what the founder had of it.
  const lost = [...said].filter(
    (text) => !shown.includes(text) && !others.some((one) => removed.has(one) && text.endsWith(` of ${one.name}`)),
  )
  assert.deepEqual(lost, [], 'nothing that was written is missing')
  assert.deepEqual(
    shown.filter((text) => !said.has(text) && !unknown.has(text)),
    [],
  )
  for (const peer of removed)
    await until(async () => (await known(peer))?.state === 'removed', `${peer.name} knows that they are out`)
  t.diagnostic(`${shown.length} messages shown at ${members.length} members, ${removed.size} removed`)
})
