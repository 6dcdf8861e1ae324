/**
 * Codes in the local network, which is the loopback of peers that listen there: whoever has one finds the invite
 * without a node, and nobody else learns anything.
 */
import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import type { PeerOptions } from '../../protocol/index.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { ParkedInvite } from '../../protocol/identity/invite-link.ts'
import { Invites } from '../../protocol/friend/invites.ts'
import { LanCodes } from '../../protocol/friend/lan-codes.ts'
import { LanSlots } from '../../protocol/net/lan/slots.ts'
import { slotText } from '../../protocol/net/lan/slot-records.ts'
import { undo } from '../support/cleanup.ts'
import { lanStranger } from '../support/lan-stranger.ts'
import { friendOf, online, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { alice } from '../support/people.ts'
import { patience } from '../support/until.ts'

const unknownCode = '5SVWQ-J3D76'
const off: Partial<PeerOptions>[] = [{ lan: false }, { direct: 'never' }, { direct: 'verified' }]

async function accepts(author: TestPeer, guest: TestPeer): Promise<void> {
  await until(async () => (await friendOf(author, guest))?.state === 'incoming', 'the request arrives')
  await author.acceptFriend({ peer: guest.id })
  await online(author, guest)
}

test('two people without any node become friends by a code that one reads aloud', async (t) => {
  const alice = await startPeer(t, { name: 'Alice' })
  const bob = await startPeer(t, { name: 'Bob' })
  const { code } = await alice.invite({ once: true })
  assert.deepEqual(await bob.recipient({ to: code }), { kind: 'code', needsNode: false, lan: true })
  const asked = await bob.requestFriend({ to: code.toLowerCase().replace('-', ' ') })
  assert.deepEqual([asked.peer, asked.name, asked.state], [alice.id, 'Alice', 'requested'])
  await accepts(alice, bob)
  assert.equal((await bob.connection({ peer: alice.id })).path, 'direct')
  await tell(bob, alice, 'we have no node')
  await tell(alice, bob, 'and need none')

  // The invite was for one.
  const carol = await startPeer(t)
  await assert.rejects(carol.requestFriend({ to: code }), { code: 'not-found' })
})

test('a code that nobody in the network has is an error that says what to do, with and without a node', async (t) => {
  const bob = await startPeer(t)
  const alone = { code: 'not-found', message: 'Nobody in this network has that code: ask for the link instead' }
  await assert.rejects(bob.requestFriend({ to: unknownCode }), alone)
  await bob.addNode({ address: (await startNode(t)).addresses()[0] ?? '' })
  await until(async () => (await bob.self()).nodes[0]?.state === 'connected', 'the node is there')
  await assert.rejects(bob.requestFriend({ to: unknownCode }), { code: 'not-found', message: /^No node and nobody/u })
})

test('node and local network are asked at the same time, and the first good answer counts', async (t) => {
  const node = await startNode(t)
  const stranger = await lanStranger(t)
  const nodes = node.addresses()
  const bob = await startPeer(t, { nodes })
  const distant = await startPeer(t, { nodes, lan: false })
  const near = await startPeer(t, { name: 'Near' })
  await until(async () => (await bob.self()).nodes[0]?.state === 'connected', 'the node is there')
  await until(async () => (await distant.self()).nodes[0]?.state === 'connected', 'for both')
  const { code } = await distant.invite({})
  assert.equal((await bob.requestFriend({ to: code })).peer, distant.id)
  const { lanSlot } = await ParkedInvite.fromCode(code)
  await until(() => stranger.asked(slotText(lanSlot)) > 0, 'the network was asked as well')
  assert.equal((await bob.requestFriend({ to: (await near.invite({})).code })).peer, near.id)
  assert.ok((node.stats().requests['findInvite ok'] ?? 0) >= 2, 'and the node about this one')
})

test('a code leads to the addresses of now, also after its author moved to another port', async (t) => {
  const store = openMemoryStore()
  const reusable = Object.assign(Object.create(store) as typeof store, { close: () => undefined })
  t.after(() => store.close())
  const before = await startPeer(t, { store: reusable, name: 'Alice' })
  const { code } = await before.invite({})
  const [port] = (await before.self()).listen
  await before.stop()
  const alice = await startPeer(t, { store: reusable })
  assert.notEqual((await alice.self()).listen[0], port)
  const bob = await startPeer(t)
  assert.equal((await bob.requestFriend({ to: code })).name, 'Alice')
  await accepts(alice, bob)
})

for (const choice of off) {
  test(`nothing is answered with ${JSON.stringify(choice)}, nor asked, until the person chooses otherwise`, async (t) => {
    const stranger = await lanStranger(t)
    const alice = await startPeer(t, choice)
    const { code } = await alice.invite({})
    const { lanSlot } = await ParkedInvite.fromCode(code)
    assert.deepEqual(await stranger.search(lanSlot), [])

    const unknown = await ParkedInvite.fromCode(unknownCode)
    const before = stranger.asked(slotText(unknown.lanSlot))
    assert.deepEqual(await alice.recipient({ to: unknownCode }), { kind: 'code', needsNode: true, lan: false })
    await assert.rejects(alice.requestFriend({ to: unknownCode }), { code: 'node-unreachable' })
    assert.equal(stranger.asked(slotText(unknown.lanSlot)), before)

    await alice.setPrivacy({ lan: true, direct: 'auto' })
    const bob = await startPeer(t)
    await until(async () => {
      const found = await bob.requestFriend({ to: code }).catch(() => undefined)
      return found?.peer === alice.id
    }, 'it is answered now')
    await alice.setPrivacy(choice)
    const answered = stranger.answered(slotText(lanSlot)).length
    assert.deepEqual(await stranger.search(lanSlot), [])
    assert.equal(stranger.answered(slotText(lanSlot)).length, answered)
  })
}

test('an invite that cannot be read is not answered for, and is reported in the log only', async (t) => {
  const store = openMemoryStore()
  const lines: string[] = []
  const [stranger, alice] = [await lanStranger(t), await startPeer(t, { store, log: (_, text) => lines.push(text) })]
  const { lanSlot } = await ParkedInvite.fromCode((await alice.invite({})).code)
  await until(async () => (await stranger.search(lanSlot)).length > 0, 'it is answered')
  const { mock } = t.mock.method(store, 'invite', () => assert.fail('the disk is gone'))
  assert.deepEqual(await stranger.search(lanSlot), [])
  assert.ok(lines.includes('a code cannot be answered in the local network'))
  mock.restore()
  assert.notDeepEqual(await stranger.search(lanSlot), [])
})

test('a network that this machine joins later hears answers, too', async (t) => {
  const invites = new Invites({
    identity: alice,
    store: openMemoryStore(),
    now: Date.now,
    networkNow: Date.now,
    name: () => 'Alice',
    peerAddress: () => ({ nodes: [], addresses: [] }),
  })
  const stranger = await lanStranger(t)
  let joined: ReturnType<typeof networkInterfaces> = {}
  const slots = new LanSlots({ loopback: true, interfaces: () => joined })
  const codes = new LanCodes({ invites, slots, parked: ParkedInvite.fromCode, log: () => {} })
  undo(t).defer(() => codes.allow(false))
  const { code } = invites.create(false, 3_600_000)
  const parked = await ParkedInvite.fromCode(code)
  await codes.allow(true)
  assert.deepEqual(await stranger.search(parked.lanSlot), [])
  joined = networkInterfaces()
  codes.networkChanged()
  await until(async () => (await stranger.search(parked.lanSlot)).length > 0, 'it is answered there')
  joined = {}
  assert.equal(await codes.linkOf(parked, AbortSignal.timeout(patience)), undefined, 'nobody can be asked')
})
