/**
 * Frames of members that say nothing true, and people outside a group who ask for what is in it (docs/threats.md 114
 * and 115): nothing of the first is kept, and the others get nothing that was said without them.
 */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { identityFromSeed, publicKeyOf, sign } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import type { Store } from '../../protocol/store/store.ts'
import { signedFromWire, signedToWire } from '../../protocol/wire/codec.ts'
import { cardToWire } from '../../protocol/wire/group-card.ts'
import type { AboutGroup } from '../../protocol/wire/group-frame.ts'
import { groupProtocol } from '../../protocol/net/policy.ts'
import { befriended, startAttacker, type Attacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import {
  entries,
  joined,
  link,
  target,
  testGroup,
  TestChain,
  textsOf,
  type GroupLine,
  type Target,
  type TestGroup,
} from '../support/hostile-member.ts'
import { startPeer, until, type TestPeer } from '../support/network.ts'

guardProcess()

interface Scene {
  group: TestGroup
  mallory: Attacker
  victim: TestPeer & Target
  store: Store
  line: GroupLine
}

async function scene(t: TestContext): Promise<Scene> {
  const mallory = await startAttacker(t)
  const store = openMemoryStore()
  store.putFriend(befriended(mallory.peer))
  const peer = await startPeer(t, { store })
  const victim = target(peer, (await peer.self()).listen[0] ?? '')
  const group = await testGroup()
  group.addKey(mallory.identity)
  const [line] = await joined(mallory, group, [victim])
  assert.ok(line)
  return { group, mallory, victim, store, line }
}

/** Everything that is kept of the group. */
function kept(store: Store, group: string): unknown {
  const chains = store.groupChains(group)
  const all = chains.map(({ chain }) => store.groupEntries(group, chain, 0, Number.MAX_SAFE_INTEGER, -1, Infinity))
  return [store.groupDecisions(group), chains, all, store.groupCards(group), store.groupSeen(group)]
}

test('hostile 114: of frames that are not what they say, nothing is kept', async (t) => {
  const at = await scene(t)
  const { group, mallory, store } = at
  const chain = new TestChain(group, mallory.identity)
  const known = [chain.say('one'), chain.say('two')]
  await at.line.send(entries(...known))
  await until(async () => (await textsOf(at.victim, group.id)).length === 2, 'what is true arrives')
  const [one, two] = known
  assert.ok(one && two)
  const stranger = await identityFromSeed(randomBytes(32))
  const other = await testGroup()
  other.addKey(mallory.identity)
  const spoiled = (signed: Uint8Array): Uint8Array => {
    const { signature, ...rest } = signedFromWire(signed)
    return signedToWire({ ...rest, signature: signature.map((byte, index) => (index === 5 ? byte ^ 1 : byte)) })
  }
  const resigned = (signed: Uint8Array, domain: 'quorum-decision' | 'quorum-talk'): Uint8Array =>
    signedToWire(sign(stranger, domain, signedFromWire(signed).payload))
  const next = chain.draft('three')
  const card = (fields: object): AboutGroup => {
    const made = {
      group: group.bytes,
      member: publicKeyOf(at.victim.id),
      sequence: Number.MAX_SAFE_INTEGER,
      name: 'Victim?',
      picture: new Uint8Array(),
      nodes: [],
      ...fields,
    }
    return { kind: 'cards', signed: [signedToWire(sign(mallory.identity, 'quorum-card', cardToWire(made)))] }
  }
  const leaving = group.draft({ kind: 'leave', upTo: [] }, mallory.identity)
  const removing = group.draft(
    { kind: 'remove', member: publicKeyOf(at.victim.id), upTo: [], undo: [] },
    mallory.identity,
  )
  const hole = { above: 0, end: { sequence: 2, hash: two.hash } }
  const lies: Record<string, AboutGroup> = {
    'an entry with a wrong signature': { kind: 'entries', signed: [spoiled(next.signed)] },
    'an entry that somebody else has signed': { kind: 'entries', signed: [resigned(next.signed, 'quorum-talk')] },
    'an entry of another group': entries(new TestChain(other, mallory.identity).draft('elsewhere')),
    'an entry as a decision': { kind: 'decisions', signed: [next.signed] },
    'a decision that somebody else has signed': {
      kind: 'decisions',
      signed: [resigned(leaving.signed, 'quorum-decision')],
    },
    'a decision of another group': { kind: 'decisions', signed: other.decisions.map(({ signed }) => signed) },
    'a decision without the right to it': { kind: 'decisions', signed: [removing.signed] },
    'nothing at all': entries(),
    'no decision': { kind: 'decisions', signed: [] },
    'a card of somebody else': card({}),
    'a card of another group': card({ member: mallory.identity.publicKey, group: other.bytes }),
    'a proof that is none': { kind: 'proof', signed: [one.signed, two.signed] },
    'a proof of one': { kind: 'proof', signed: [one.signed] },
    'what fills no hole': { kind: 'fill', chain: one.chain, hole, signed: [one.signed, two.signed] },
    'something of mine that is not': { kind: 'yours', signed: [one.signed, two.signed] },
    'too many entries': entries(...Array.from({ length: 65 }, () => next)),
    'bytes in place of what is signed': { kind: 'entries', signed: [randomBytes(100)] },
  }
  const before = kept(store, group.id)
  for (const [what, lie] of Object.entries(lies)) {
    const connection = await mallory.dial(at.victim.address)
    const line = await link(mallory, group, at.victim, connection)
    const heard = (): number => line.heard.filter(({ kind }) => kind === 'state').length
    await line.send(lie)
    // What is said afterwards is answered, or the stream has ended.
    await line.send({ kind: 'state', ...nothingHeld })
    await until(() => line.line.over || heard() > 0, `an end, or an answer after ${what}`)
    assert.deepEqual(kept(store, group.id), before, what)
    await connection.close()
  }
  const large = await link(mallory, group, at.victim)
  await large.line.write(Buffer.from([0x81, 0x80, 0x40]))
  await large.line.dropped()
  const last = await link(mallory, group, at.victim)
  // An end that is not the one which is missing.
  const gap = new TestChain(group, mallory.identity)
  const base = gap.skipTo(3)
  await last.send({ kind: 'entries', base, signed: [gap.say('above').signed] })
  await until(async () => (await textsOf(at.victim, group.id)).length === 3, 'what is above the hole')
  const false3 = new TestChain(group, mallory.identity).draft('false', { sequence: 3, previous: randomBytes(32) })
  const chained = { above: 0, end: base }
  await last.send({ kind: 'fill', chain: gap.draft('').chain, hole: chained, signed: [false3.signed] })
  await last.send(entries(next))
  await until(async () => (await textsOf(at.victim, group.id)).length === 4, 'the link goes on')
  assert.ok(!(await textsOf(at.victim, group.id)).includes('false'))
})

const nothingHeld = { answer: false, decisions: 0, digest: '00'.repeat(32), ids: [], chains: [], again: [], cards: [] }

test('hostile 115: a stranger who opens the protocol of groups is reset unread', async (t) => {
  const at = await scene(t)
  const stranger = await startAttacker(t)
  const line = await stranger.open(await stranger.dial(at.victim.address), groupProtocol)
  await line.dropped()
  assert.deepEqual(line.frames, [])
})

test('hostile 115: who was removed gets why they are out, and nothing that was written after', async (t) => {
  const at = await scene(t)
  const { group, mallory, victim, line } = at
  const chain = new TestChain(group, mallory.identity)
  await line.send(entries(chain.say('while I was in')))
  await until(async () => (await textsOf(victim, group.id)).length === 1, 'it has arrived')
  // Mallory stays a friend: the link stays, and another one may be opened.
  const old = await link(mallory, group, victim)
  await until(() => old.named, 'a second stream of theirs')
  group.decide({ kind: 'remove', member: mallory.identity.publicKey, upTo: [], undo: [] })
  const newcomer = await identityFromSeed(randomBytes(32))
  group.addKey(newcomer)
  const known = (): number => at.store.groupDecisions(group.id).length
  await old.send(group.about())
  await until(() => known() === group.decisions.length, 'the removal has arrived')
  const secret = `written after ${randomUUID()}`
  await victim.sendMessage({ group: group.id, text: secret })
  const again = await link(mallory, group, victim)
  const asks: AboutGroup[] = [
    { kind: 'state', ...nothingHeld },
    { kind: 'out', signed: [] },
    { kind: 'decisions', signed: [group.decisions[0]?.signed ?? new Uint8Array()] },
    { kind: 'hashes', chain: '00'.repeat(32), base: 0, hashes: [] },
  ]
  for (const one of [old, again]) {
    await one.hello()
    for (const ask of asks) await one.send(ask)
    await one.hello(true)
    await one.send({ kind: 'state', ...nothingHeld })
  }
  await until(() => again.heard.some(({ kind }) => kind === 'out'), 'they are told')
  await victim.sendMessage({ group: group.id, text: `${secret}, and more` })
  const answered = again.line.frames.length
  await again.hello()
  await until(() => again.line.frames.length > answered, 'what came before is answered')
  assert.deepEqual(new Set(again.heard.map(({ kind }) => kind)), new Set(['out']))
  for (const one of [old, again, line]) {
    const all = Buffer.concat(one.line.frames)
    assert.ok(!all.includes(secret), 'nothing that was written after')
    assert.ok(!all.includes(Buffer.from(newcomer.publicKey)), 'and nobody who came after')
  }
  assert.ok(!again.named, 'nor is the group named to them')
})

test('hostile 115: who was added later tells nothing to somebody who was out by then', async (t) => {
  const removed = await startAttacker(t)
  const store = openMemoryStore()
  const inviter = await startAttacker(t)
  for (const { peer } of [removed, inviter]) store.putFriend(befriended(peer))
  const peer = await startPeer(t, { store })
  const victim = target(peer, (await peer.self()).listen[0] ?? '')
  const group = await testGroup()
  group.addKey(inviter.identity)
  group.addKey(removed.identity)
  group.decide({ kind: 'remove', member: removed.identity.publicKey, upTo: [], undo: [] })
  const [line] = await joined(inviter, group, [victim], 3)
  assert.ok(line)
  const asking = await link(removed, group, victim)
  await until(() => asking.line.frames.length > 0, 'an answer')
  await asking.send({ kind: 'out', signed: [] })
  await asking.send({ kind: 'decisions', signed: group.decisions.slice(0, 3).map(({ signed }) => signed) })
  const before = asking.line.frames.length
  await asking.hello()
  await until(() => asking.line.over || asking.line.frames.length > before, 'the next answer')
  assert.deepEqual(asking.heard, [])
  assert.ok(!asking.named)
})
