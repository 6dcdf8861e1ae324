/**
 * Groups of real processes: founded, joined, talked in, left; members who are not friends; members who are removed, and
 * what they get. All tests share one node.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { importBackup } from '../../protocol/index.ts'
import type { Group, Message } from '../../protocol/api/model.ts'
import { befriend, HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

describe('groups', () => {
  const stage = new Stage({ after })
  const node = new HeadlessNode(stage)
  before(async () => {
    await node.start()
  })

  async function people(...names: string[]): Promise<HeadlessPeer[]> {
    return Promise.all(names.map((name) => new HeadlessPeer(stage, name, { nodes: node.addresses }).start()))
  }

  /** The first one is a friend of all others, who are none of each other. */
  async function star(...names: string[]): Promise<HeadlessPeer[]> {
    const [hub, ...others] = await people(...names)
    assert.ok(hub)
    for (const other of others) await befriend(hub, other)
    return [hub, ...others]
  }

  async function groupOf(peer: HeadlessPeer, group: string): Promise<Group | undefined> {
    return (await peer.call('groups')).find((one) => one.group === group)
  }

  async function isIn(peer: HeadlessPeer, group: string, members: number): Promise<void> {
    let known: Group | undefined
    await until(
      async () => {
        known = await groupOf(peer, group)
        return known?.members.length === members
      },
      () => `${peer.name} knows ${members} members: ${JSON.stringify(known)}`,
    )
  }

  async function join(
    admin: HeadlessPeer,
    peer: HeadlessPeer,
    group: string,
    history?: 'none' | 'last' | 'all',
  ): Promise<void> {
    await admin.call('inviteToGroup', { group, peer: peer.id, ...(history && { history }) })
    await peer.event('group-invited', (data) => data.group === group)
    await peer.call('joinGroup', { group })
    await until(async () => (await groupOf(peer, group))?.state === 'member', `${peer.name} is in`)
  }

  async function texts(peer: HeadlessPeer, group: string): Promise<string[]> {
    return (await peer.call('messages', { group, limit: 1000 })).map(({ text }) => text)
  }

  async function allHave(peers: readonly HeadlessPeer[], group: string, expected: readonly string[]): Promise<void> {
    for (const peer of peers) {
      let known: string[] = []
      await until(
        async () => {
          known = await texts(peer, group)
          return JSON.stringify(known) === JSON.stringify(expected)
        },
        () => `${peer.name} has ${expected.join()}: ${known.join()}`,
      )
    }
  }

  test('three people found, join, talk and leave; what two who are not friends say reaches both', async () => {
    const [ada, ben, cem] = await star('ada', 'ben', 'cem')
    assert.ok(ada && ben && cem)
    const { group, state, founder, members } = await ada.call('createGroup', { name: ' Trip \n to  the sea ' })
    assert.deepEqual([state, founder, members.length], ['member', ada.id, 1])
    await join(ada, ben, group)
    await join(ada, cem, group)
    for (const peer of [ada, ben, cem]) await isIn(peer, group, 3)
    const said: Message = await ben.call('sendMessage', { group, text: 'from Ben' })
    assert.deepEqual([said.group, said.author, said.direction], [group, ben.id, 'out'])
    await allHave([ada, ben, cem], group, ['from Ben'])
    await cem.call('sendMessage', { group, text: 'from Cem', replyTo: said.id })
    await allHave([ada, ben, cem], group, ['from Ben', 'from Cem'])
    const [, second] = await ben.call('messages', { group })
    assert.deepEqual([second?.author, second?.direction, second?.replyTo], [cem.id, 'in', said.id])
    await until(async () => (await ben.call('message', { message: said.id })).state === 'delivered', 'all have it')
    const known = await groupOf(ben, group)
    assert.deepEqual(
      known?.members.map(({ name, friend }) => [name, friend]),
      [
        ['ada', true],
        ['ben', false],
        ['cem', false],
      ],
    )
    assert.equal(known?.unread, 1)
    await ben.call('markRead', { group, upTo: second?.id ?? '' })
    assert.equal((await groupOf(ben, group))?.unread, 0)
    await ben.call('leaveGroup', { group })
    await isIn(ada, group, 2)
    await isIn(cem, group, 2)
    assert.equal(await ben.refusal('sendMessage', { group, text: 'too late' }), 'bad-request')
    await ada.call('sendMessage', { group, text: 'without Ben' })
    await allHave([cem], group, ['from Ben', 'from Cem', 'without Ben'])
    assert.deepEqual(await texts(ben, group), ['from Ben', 'from Cem'])
  })
  test('members who are not friends talk over the node while the one who is friends with both is away', async () => {
    const [dan, eve, fay] = await star('dan', 'eve', 'fay')
    assert.ok(dan && eve && fay)
    const { group } = await dan.call('createGroup', { name: 'Without the founder' })
    await join(dan, eve, group)
    await join(dan, fay, group)
    for (const peer of [dan, eve, fay]) await isIn(peer, group, 3)
    await dan.stop()
    await eve.call('sendMessage', { group, text: 'he is gone' })
    await allHave([eve, fay], group, ['he is gone'])
    assert.deepEqual(await eve.call('friends').then((all) => all.map(({ peer }) => peer)), [dan.id])
    assert.equal(await eve.refusal('sendMessage', { peer: fay.id, text: 'alone?' }), 'not-friend')
  })

  test('what was said while a member was away, and its author is away since, waits at their node', async () => {
    const [gil, hal] = await star('gil', 'hal')
    assert.ok(gil && hal)
    const { group } = await gil.call('createGroup', { name: 'Away' })
    await join(gil, hal, group)
    await hal.call('sendMessage', { group, text: 'both here' })
    await allHave([gil, hal], group, ['both here'])
    await hal.stop()
    await gil.sees(hal, false)
    await gil.call('sendMessage', { group, text: 'while you slept' })
    await gil.call('renameGroup', { group, name: 'Asleep' })
    await gil.stop()
    await hal.start()
    await allHave([hal], group, ['both here', 'while you slept'])
    assert.equal((await groupOf(hal, group))?.name, 'Asleep')
    await gil.start()
    await until(
      async () =>
        (await gil.call('messages', { group })).every(
          ({ direction, state }) => direction === 'in' || state === 'delivered',
        ),
      'gil knows that hal has it',
    )
    await allHave([gil], group, ['both here', 'while you slept'])
  })

  test('who is removed gets nothing that is written after, and knows by whom; who removed them can add them again', async () => {
    const [ivy, jon, kim] = await star('ivy', 'jon', 'kim')
    assert.ok(ivy && jon && kim)
    const { group } = await ivy.call('createGroup', { name: 'Club' })
    await join(ivy, jon, group)
    await join(ivy, kim, group, 'all')
    for (const peer of [ivy, jon, kim]) await isIn(peer, group, 3)
    await jon.call('sendMessage', { group, text: 'before' })
    await allHave([ivy, jon, kim], group, ['before'])
    assert.equal(await jon.refusal('removeFromGroup', { group, peer: kim.id }), 'bad-request')
    assert.equal(await jon.refusal('inviteToGroup', { group, peer: ivy.id }), 'bad-request')
    await ivy.call('setGroupRole', { group, peer: jon.id, rank: 1 })
    await until(async () => (await groupOf(jon, group))?.rank === 1, 'jon is an admin')
    assert.equal(await jon.refusal('removeFromGroup', { group, peer: ivy.id }), 'bad-request')
    await jon.call('removeFromGroup', { group, peer: kim.id })
    await until(async () => (await groupOf(kim, group))?.state === 'removed', 'kim knows')
    assert.equal((await groupOf(kim, group))?.removedBy, jon.id)
    await ivy.call('sendMessage', { group, text: 'after' })
    await allHave([ivy, jon], group, ['before', 'after'])
    assert.equal(await kim.refusal('sendMessage', { group, text: 'hello?' }), 'bad-request')
    assert.deepEqual(await texts(kim, group), ['before'])
    await join(ivy, kim, group)
    await kim.call('sendMessage', { group, text: 'again' })
    await allHave([ivy, jon], group, ['before', 'after', 'again'])
  })
  test('a profile that was put back from a backup goes on in a chain of its own, and gets what it had lost again', async () => {
    const [lea, max] = await star('lea', 'max')
    assert.ok(lea && max)
    const { group } = await lea.call('createGroup', { name: 'Put back' })
    await join(lea, max, group)
    await max.call('sendMessage', { group, text: 'before' })
    await allHave([lea, max], group, ['before'])
    const file = path.join(stage.folder, 'max.backup')
    await max.call('exportBackup', { path: file, passphrase: 'correct horse' })
    await max.call('sendMessage', { group, text: 'lost' })
    await allHave([lea, max], group, ['before', 'lost'])
    await max.stop()
    fs.rmSync(max.folder, { recursive: true })
    await importBackup({ directory: max.folder, path: file, passphrase: 'correct horse' })
    await max.start()
    await allHave([max], group, ['before', 'lost'])
    await max.call('sendMessage', { group, text: 'after' })
    await allHave([lea, max], group, ['before', 'lost', 'after'])
    const own = await max.call('messages', { group })
    assert.deepEqual(
      own.map(({ seq, direction }) => [seq, direction]),
      [
        [1, 'out'],
        [2, 'out'],
        [1, 'out'],
      ],
    )
  })
})
