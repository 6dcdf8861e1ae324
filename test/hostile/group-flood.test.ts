/** A member of a group who sends as much as the streams take (docs/threats.md 116). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { groupLimits } from '../../protocol/group/limits.ts'
import { publicKeyOf, sign } from '../../protocol/identity/identity.ts'
import { signedToWire } from '../../protocol/wire/codec.ts'
import { cardToWire } from '../../protocol/wire/group-card.ts'
import type { AboutGroup } from '../../protocol/wire/group-frame.ts'
import { befriended, startAttacker, type Attacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import {
  entries,
  GroupChat,
  joined,
  link,
  testGroup,
  TestChain,
  type GroupLine,
  type Target,
  type TestGroup,
} from '../support/hostile-member.ts'
import { until } from '../support/until.ts'
import { startVictim, type Victim } from '../support/victim.ts'

guardProcess()

/** MiB by which the victim may grow at most: what waits in a few windows, and what is kept of 4,096 entries. */
const bearable = 128
const history = 4096

interface Scene {
  group: TestGroup
  mallory: Attacker
  victim: Victim
  target: Target
  line: GroupLine
  chain: TestChain
  /** Another member, who is honest: says something, hears something. */
  served(text: string): Promise<void>
}

async function scene(t: TestContext): Promise<Scene> {
  const victim = await startVictim(t)
  const [mallory, cem] = [await startAttacker(t), await startAttacker(t)]
  for (const { peer } of [mallory, cem]) await victim.putFriend(befriended(peer))
  const address = `${victim.address.replace(/\/p2p\/.*$/, '')}/p2p/${victim.peer}`
  const target: Target = { id: victim.peer, address, call: (name, params) => victim.call(name, params) }
  const group = await testGroup()
  group.addKey(mallory.identity)
  group.addKey(cem.identity)
  const [line] = await joined(mallory, group, [target])
  assert.ok(line)
  const other = await link(cem, group, target)
  const { digest } = await stateOf(other)
  // They hold the same: what is said comes to them at once.
  await other.send({ ...nothingHeld, kind: 'state', answer: true, decisions: group.decisions.length, digest })
  const spoken = new TestChain(group, cem.identity)
  return {
    group,
    mallory,
    victim,
    target,
    line,
    chain: new TestChain(group, mallory.identity),
    async served(text) {
      // Above what Mallory says, so that it is among the last.
      await other.send(entries(spoken.say(`from Cem: ${text}`, { lamport: 2 * history })))
      const arrived = (): boolean =>
        victim.events.some(({ event, data }) => event === 'message-received' && data.text === `from Cem: ${text}`)
      await until(arrived, `others are heard: ${text}`)
      await victim.call('sendMessage', { group: group.id, text: `to Cem: ${text}` })
      await until(() => Buffer.concat(other.line.frames).includes(`to Cem: ${text}`), `and hear: ${text}`)
    },
  }
}

const nothingHeld = { answer: false, decisions: 0, digest: '00'.repeat(32), ids: [], chains: [], again: [], cards: [] }

async function stateOf(line: GroupLine): Promise<AboutGroup & { kind: 'state' }> {
  const states = () => line.heard.filter((one) => one.kind === 'state')
  await line.send({ kind: 'state', ...nothingHeld })
  await until(() => states().length > 0, 'a state')
  return states().at(-1) ?? assert.fail()
}

/** 4,096 entries of Mallory, which the victim holds. */
async function talkMuch({ chain, line, target, group }: Scene): Promise<string> {
  let id = ''
  for (let n = 0; n < history; n += groupLimits.batch.entries) {
    const some = Array.from({ length: groupLimits.batch.entries }, (_, at) => chain.say(`${n + at}`))
    id = some[0]?.chain ?? ''
    await line.send(entries(...some))
  }
  const unread = async (): Promise<number> =>
    (await target.call('groups', {})).find((one) => one.group === group.id)?.unread ?? 0
  await until(async () => (await unread()) === history, 'all of them are held')
  return id
}

test('hostile 116: what a member makes others look for, compare and answer is bounded, and nobody waits for it', async (t) => {
  const at = await scene(t)
  const { group, mallory, victim, target, line, chain } = at
  const id = await talkMuch(at)
  const holes = Array.from({ length: 64 }, (_, n) => ({
    above: n,
    end: { sequence: history - n, hash: '11'.repeat(32) },
  }))
  const asking: AboutGroup = {
    kind: 'state',
    ...nothingHeld,
    chains: [{ chain: id, sequence: 0, hash: '', holes }],
  }
  const chains = Array.from({ length: 2100 }, () => ({ chain: randomBytes(32).toString('hex'), sequence: 2 ** 50 }))
  const claims: AboutGroup = {
    kind: 'seen',
    by: [mallory.peer, group.founder.peer, victim.peer].map((peer) => ({ member: publicKeyOf(peer), chains })),
    decisions: 1,
    digest: '00'.repeat(32),
  }
  const wrong = Array.from({ length: 64 }, () => chain.draft('follows nothing', { previous: randomBytes(32) }))
  const compare: AboutGroup = {
    kind: 'hashes',
    chain: id,
    base: 1,
    hashes: Array(64).fill('22'.repeat(32)) as string[],
  }
  const silent = await link(mallory, group, target)
  silent.line.stream.pause()
  const { peak } = await victim.growth(async () => {
    for (let n = 0; n < 8; n += 1) await line.send(asking)
    await at.served('states')
    for (let n = 0; n < 4; n += 1) await line.send(claims)
    await at.served('claims')
    for (let n = 0; n < 8; n += 1) {
      await silent.send(entries(...wrong))
      await silent.send(compare)
    }
    // Each of so many would be answered with all hashes of the chain.
    const many = await link(mallory, group, target)
    await many.send(entries(...Array.from({ length: 30 }, () => wrong).flat()))
    await many.line.dropped()
    await at.served('what differs, asked for by somebody who reads nothing')
    for (let n = 0; n < 200; n += 1) await line.send({ kind: 'typing', active: n % 2 === 0 })
    for (let n = 0; n < 50 && !line.line.over; n += 1) await line.hello()
    await at.served('hellos')
  })
  assert.ok(peak < bearable, `${peak.toFixed(1)} MiB`)
  victim.alive()
})

test('hostile 116: who asks without end and hangs up keeps nobody waiting', async (t) => {
  const at = await scene(t)
  const { group, mallory, victim, target } = at
  const many = await link(mallory, group, target)
  for (let n = 0; n < 1000 && !many.line.over; n += 1) void many.send({ kind: 'state', ...nothingHeld })
  await at.served('while the rest of it waits')
  many.line.stream.abort(new Error('gone'))
  await at.served('and when it is gone')
  victim.alive()
})

test('hostile 116: of what a plain member decides, of cards and of invitations, few are kept', async (t) => {
  const at = await scene(t)
  const { group, mallory, victim, target, line } = at
  const before = group.decisions.length
  const heads = group.heads.map((hash) => Uint8Array.from(Buffer.from(hash, 'hex')))
  const left = Array.from({ length: 600 }, (_, n) =>
    group.draft({ kind: 'unknown' }, mallory.identity, { heads, lamport: n + 10 }),
  )
  const waiting = Array.from({ length: 600 }, () =>
    group.draft({ kind: 'unknown' }, mallory.identity, { heads: [randomBytes(32)] }),
  )
  const card = (sequence: number): Uint8Array =>
    signedToWire(
      sign(
        mallory.identity,
        'quorum-card',
        cardToWire({
          group: group.bytes,
          member: publicKeyOf(mallory.peer),
          sequence,
          name: `Mallory ${sequence}`,
          picture: new Uint8Array(),
          nodes: [],
        }),
      ),
    )
  const first = Number.MAX_SAFE_INTEGER - 200
  const told = (): number => victim.events.filter(({ event }) => event === 'group-changed').length
  const counted = told()
  for (const all of [left, waiting]) await line.send({ kind: 'decisions', signed: all.map(({ signed }) => signed) })
  await line.send({ kind: 'cards', signed: Array.from({ length: 100 }, (_, n) => card(first + n)) })
  await at.served('decisions and cards')
  const { decisions, cards } = await stateOf(line)
  assert.ok(decisions >= before && decisions <= before + groupLimits.decisionsOfOthers.tokens + 1, `${decisions}`)
  assert.ok(told() - counted <= groupLimits.cards.tokens + 10, `${told() - counted} events`)
  const held = cards.find(({ member }) => Buffer.from(member).equals(publicKeyOf(mallory.peer)))
  assert.equal(held?.sequence, first + groupLimits.cards.tokens - 1)
  // The founder still decides.
  group.decide({ kind: 'name', name: 'Renamed', picture: new Uint8Array() })
  await line.send(group.about())
  await until(async () => (await victim.call('groups'))[0]?.name === 'Renamed', 'the name is another one')

  const trudy = await startAttacker(t)
  await victim.putFriend(befriended(trudy.peer))
  const chat = await GroupChat.open(trudy, target)
  for (let n = 0; n < 12; n += 1) await chat.invite(randomBytes(32), `Group ${n}`)
  const arrived = async (): Promise<number> => (await victim.call('messages', { peer: trudy.peer })).length
  await until(async () => (await arrived()) >= 12, 'all are in the conversation')
  const invited = (await victim.call('groups')).filter(({ state }) => state === 'invited')
  assert.equal(invited.length, groupLimits.invitationsOfOne)
  victim.alive()
})
