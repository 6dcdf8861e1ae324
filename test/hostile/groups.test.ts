/**
 * A member of a group who forks, jumps, backdates and withholds (docs/threats.md 112, 113): honest members show one
 * list in one order, and can go on talking.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Entry } from '../../protocol/group/entry.ts'
import { groupLimits } from '../../protocol/group/limits.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { befriended, startAttacker, type Attacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import {
  entries,
  joined,
  target,
  testGroup,
  TestChain,
  textsOf,
  type GroupLine,
  type Target,
  type TestGroup,
} from '../support/hostile-member.ts'
import { change } from '../support/numbers.ts'
import { befriend, online, startNode, startPeer, until, type TestPeer } from '../support/network.ts'

guardProcess()

/** How soon a fork is noticed of which nothing follows. */
const often = { stateCheck: 2000 }

interface Scene {
  group: TestGroup
  mallory: Attacker
  victims: [Target & TestPeer, Target & TestPeer]
  /** Of Mallory, to each of them. */
  lines: [GroupLine, GroupLine]
  chain(): TestChain
}

/** Two friends and Mallory are in one group, each linked with the other two. */
async function scene(t: TestContext): Promise<Scene> {
  change(t, groupLimits, often)
  const node = await startNode(t)
  const mallory = await startAttacker(t)
  const start = async (): Promise<TestPeer & Target> => {
    const store = openMemoryStore()
    store.putFriend(befriended(mallory.peer))
    const peer = await startPeer(t, { store, nodes: node.addresses() })
    const [address = ''] = (await peer.self()).listen
    return target(peer, address)
  }
  const [ada, ben] = [await start(), await start()]
  await befriend(ada, ben)
  await online(ada, ben)
  const group = await testGroup()
  group.addKey(mallory.identity)
  const [toAda, toBen] = await joined(mallory, group, [ada, ben])
  assert.ok(toAda && toBen)
  return {
    group,
    mallory,
    victims: [ada, ben],
    lines: [toAda, toBen],
    chain: () => new TestChain(group, mallory.identity),
  }
}

/** Both have these texts, in one order. Returns it. */
async function agree({ victims, group }: Scene, expected: readonly string[]): Promise<string[]> {
  let lists: string[][] = []
  const same = async (): Promise<boolean> => {
    lists = await Promise.all(victims.map((one) => textsOf(one, group.id)))
    const [a = [], b = []] = lists
    return JSON.stringify(a) === JSON.stringify(b) && [...a].toSorted().join() === [...expected].toSorted().join()
  }
  await until(same, () => `both show ${expected.join()}: ${JSON.stringify(lists)}`)
  return lists[0] ?? []
}

async function speak(at: Scene, text: string): Promise<void> {
  for (const [index, one] of at.victims.entries())
    await one.sendMessage({ group: at.group.id, text: `${text} ${index}` })
}

test('hostile 112: of a member who forks, backdates and withholds, all show the same in one order', async (t) => {
  const at = await scene(t)
  const [toAda, toBen] = at.lines
  await speak(at, 'honest')
  await agree(at, ['honest 0', 'honest 1'])
  const forked = at.chain()
  const first = forked.say('before the fork')
  const [left, right] = [forked.draft('for Ada'), forked.draft('for Ben')]
  await toAda.send(entries(first, left))
  await toBen.send(entries(first, right))
  const dated = at.chain()
  await toAda.send(entries(dated.say('long ago', { lamport: 0, time: 0 })))
  const held = at.chain()
  const all = ['one', 'two', 'three'].map((text) => held.say(text))
  const [one, two, three] = all as [Entry, Entry, Entry]
  await toAda.send(entries(one))
  await toBen.send(entries(one))
  await toBen.send({ kind: 'entries', base: two, signed: [three.signed] })
  const shown = ['honest 0', 'honest 1', 'before the fork', 'long ago', 'one', 'three']
  const order = await agree(at, shown)
  assert.equal(order[0], 'long ago')
  await speak(at, 'later')
  const last = await agree(at, [...shown, 'later 0', 'later 1'])
  assert.deepEqual(new Set(last.slice(-2)), new Set(['later 0', 'later 1']), 'what is new stands last')
  // What was withheld comes after all, to one of them.
  await toBen.send({
    kind: 'fill',
    chain: two.chain,
    hole: { above: 1, end: { sequence: 2, hash: two.hash } },
    signed: [two.signed],
  })
  await agree(at, [...shown, 'later 0', 'later 1', 'two'])
})

test('hostile 112: who claims the largest lamport moves nobody, whatever they say that they have said before', async (t) => {
  const at = await scene(t)
  const [toAda, toBen] = at.lines
  const largest = { lamport: Number.MAX_SAFE_INTEGER }
  const jumping = at.chain()
  const near = jumping.say('as far as is followed', { lamport: groupLimits.lamportFollowed })
  await toAda.send(entries(near, jumping.draft('beyond all', largest)))
  // Entries that nobody holds count for nothing.
  const lying = at.chain()
  const base = lying.skipTo(2 ** 52)
  const above = lying.say('above nothing')
  await toAda.send({ kind: 'entries', base, signed: [above.signed] })
  await toBen.send({ kind: 'entries', base, signed: [above.signed] })
  await toAda.send(entries(lying.draft('far above nothing', largest)))
  // Nor does what fills a hole.
  const late = at.chain()
  const [one, two, three] = [late.say('first'), late.say('second, and the largest', largest), late.say('third')]
  for (const line of at.lines) await line.send(entries(one))
  await toAda.send({ kind: 'entries', base: two, signed: [three.signed] })
  const end = { sequence: two.sequence, hash: two.hash }
  await toAda.send({ kind: 'fill', chain: two.chain, hole: { above: 1, end }, signed: [two.signed] })
  const shown = ['as far as is followed', 'above nothing', 'first', 'third']
  await agree(at, shown)
  await speak(at, 'still here')
  await agree(at, [...shown, 'still here 0', 'still here 1'])
  for (const one of at.victims) assert.equal((await one.groups()).length, 1)
})

test('hostile 113: a chain full of holes, and claims about who holds what, part nobody', async (t) => {
  const at = await scene(t)
  const [toAda] = at.lines
  const holes = Array.from({ length: 4 }, () => at.chain())
  for (const chain of holes) {
    for (let n = 1; n <= groupLimits.holes + 20; n += 1) {
      const base = chain.skipTo(10 * n)
      await toAda.send({ kind: 'entries', base, signed: [chain.say(`of ${n}`).signed] })
    }
  }
  const [ada, ben] = at.victims
  await until(
    async () => (await textsOf(ada, at.group.id)).length === holes.length * groupLimits.holes,
    'they are held',
  )
  const { id } = await ada.sendMessage({ group: at.group.id, text: 'does Ben hear me?' })
  await until(async () => (await textsOf(ben, at.group.id)).includes('does Ben hear me?'), 'Ben hears it')
  await until(async () => (await ada.message({ message: id })).state !== 'queued', 'Ada knows')
  // A state with holes reaches Ben, too, and the link stays.
  await ben.sendMessage({ group: at.group.id, text: 'loud and clear' })
  await until(async () => (await textsOf(ada, at.group.id)).includes('loud and clear'), 'Ada hears it')
  const forged = [randomUUID()].map(() => ({ chain: '77'.repeat(32), sequence: 2 ** 50 }))
  const by = [{ member: new Uint8Array(32).fill(9), chains: forged }]
  await toAda.send({ kind: 'seen', by, decisions: 1, digest: '00'.repeat(32) })
  await ada.sendMessage({ group: at.group.id, text: 'and now?' })
  await until(async () => (await textsOf(ben, at.group.id)).includes('and now?'), 'Ben hears it')
})
