/** What is left for friends who are away: who can leave it, what becomes of it, and what can be opened afterwards. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openMailboxes, type Mailboxes } from '../../node/mailboxes.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import * as hpke from '../../protocol/identity/hpke.ts'
import { publicKeyOf } from '../../protocol/identity/identity.ts'
import { openSqliteStore, type RelayNode } from '../../protocol/index.ts'
import type { Store } from '../../protocol/store/store.ts'
import { sealedParcelFromWire } from '../../protocol/wire/parcel.ts'
import { folder, undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, friendOf, startNode, startPeer, until, type TestPeer } from '../support/network.ts'
import { change } from '../support/numbers.ts'

guardProcess()

interface Cast {
  node: RelayNode
  held: Mailboxes
  alice: TestPeer
  bob: TestPeer
  /** Alice's. */
  store: Store
  /** Alice's folder, for her next start. */
  home: string
  /** Bob's folder, for his next start. */
  directory: string
}

/** Two friends at a node that keeps messages; what is written to somebody who is away is left soon. */
async function cast(t: TestContext, held = openMailboxes(':memory:')): Promise<Cast> {
  change(t, chatLimits, { mailAway: { first: 50, longest: 200 }, mailUnanswered: 200 })
  undo(t).defer(() => held.close())
  const node = await startNode(t, { store: held })
  const [home, directory] = [folder(t), folder(t)]
  const nodes = node.addresses()
  const store = await openSqliteStore({ directory: home })
  const alice = await startPeer(t, { nodes, name: 'Alice', store })
  const bob = await startPeer(t, { nodes, name: 'Bob', store: await openSqliteStore({ directory }) })
  await befriend(alice, bob)
  await until(() => store.heldKeys(bob.id).length === chatLimits.keysTogether, 'bob has given his keys')
  return { node, held, alice, bob, store, home, directory }
}

async function ready({ alice, bob }: Cast): Promise<void> {
  const both = async (): Promise<boolean> =>
    ((await friendOf(alice, bob))?.mailbox && (await friendOf(bob, alice))?.mailbox) === true
  await until(both, 'both have given a ticket')
}

async function away({ alice, bob }: Pick<Cast, 'alice' | 'bob'>): Promise<void> {
  await bob.stop()
  await until(async () => (await friendOf(alice, bob))?.online === false, 'bob is away')
}

async function leave({ alice, bob, held }: Cast, texts: readonly string[]): Promise<void> {
  for (const text of texts) await alice.sendMessage({ peer: bob.id, text })
  const left = async (): Promise<boolean> => {
    const messages = await alice.messages({ peer: bob.id })
    return texts.every((text) => messages.some((one) => one.text === text && one.leftAt !== undefined))
  }
  await until(left, 'all of it is left')
  assert.ok(held.stats().parcels > 0)
}

async function textsOf(peer: TestPeer, other: TestPeer): Promise<string[]> {
  return (await peer.messages({ peer: other.id })).map(({ text }) => text)
}

test('who is blocked, or removed, leaves nothing any more, and what lies there is deleted', async (t) => {
  const all = await cast(t)
  const { node, held, alice, bob, directory } = all
  await ready(all)
  await away(all)
  await leave(all, ['before'])
  await alice.blockPeer({ peer: bob.id })
  await until(() => held.stats().parcels === 0, 'what alice has left for somebody she blocks is withdrawn')
  await alice.unblockPeer({ peer: bob.id })

  const again = await startPeer(t, { nodes: node.addresses(), store: await openSqliteStore({ directory }) })
  await until(async () => (await friendOf(alice, again))?.online === true, 'they talk')
  await ready({ ...all, bob: again })
  await away({ ...all, bob: again })
  await leave({ ...all, bob: again }, ['after'])
  const last = await startPeer(t, { nodes: [], listen: [], store: await openSqliteStore({ directory }) })
  await last.removeFriend({ peer: alice.id })
  await last.addNode({ address: node.addresses()[0] ?? '' })
  await until(() => held.stats().parcels === 0, 'what lies under a ticket that was withdrawn is deleted')
})

test('without a key for a friend a word goes in an envelope, and is answered with keys: never up together', async (t) => {
  change(t, chatLimits, { mailAnswer: { least: 50, most: 100 } })
  const all = await cast(t)
  const { node, held, alice, bob, store, home, directory } = all
  const nodes = node.addresses()
  await ready(all)
  await away(all)
  store.dropHeldKeys(bob.id, store.heldKeys(bob.id))
  const { sealingKey: _, ...row } = store.friend(bob.id) ?? assert.fail()
  store.putFriend(row)
  const { id } = await alice.sendMessage({ peer: bob.id, text: 'for when there is a key' })
  await until(() => held.stats().held === 1, 'the word waits at the node')
  assert.equal((await alice.message({ message: id })).state, 'queued')
  await alice.stop()

  const second = await startPeer(t, { nodes, store: await openSqliteStore({ directory }) })
  await until(() => held.stats().parcels === 1, 'the answer waits at the node')
  assert.equal(held.stats().held, 0)
  await second.stop()

  const again = await startPeer(t, { nodes, store: await openSqliteStore({ directory: home }) })
  await until(async () => (await again.message({ message: id })).leftAt !== undefined, 'it has left')
  await again.stop()

  const third = await startPeer(t, { nodes, store: await openSqliteStore({ directory }) })
  await until(async () => (await textsOf(third, alice)).includes('for when there is a key'), 'it is read')
})

test('before the machine goes to sleep, what was just written is left', async (t) => {
  const all = await cast(t)
  const { alice, bob, held } = all
  await ready(all)
  await away(all)
  change(t, chatLimits, { mailAway: { first: 3_600_000, longest: 3_600_000 } })
  const { id } = await alice.sendMessage({ peer: bob.id, text: 'good night' })
  assert.equal((await alice.message({ message: id })).state, 'queued')
  await alice.leaveMessages()
  assert.notEqual((await alice.message({ message: id })).leftAt, undefined)
  assert.equal(held.stats().parcels, 1)
})

test('at a node that keeps no messages they wait, as before', async (t) => {
  change(t, chatLimits, { mailAway: { first: 50, longest: 100 } })
  const { parcels: _none, mailbox: _neither, ...store } = openMailboxes(':memory:')
  undo(t).defer(() => store.close())
  const node = await startNode(t, { store })
  const directory = folder(t)
  let attempts = 0
  const log = (_: string, message: string): void => void (attempts += Number(message.startsWith('the mailboxes of')))
  const alice = await startPeer(t, { nodes: node.addresses(), log })
  const bob = await startPeer(t, { nodes: node.addresses(), store: await openSqliteStore({ directory }) })
  await befriend(alice, bob)
  await until(async () => (await friendOf(alice, bob))?.mailbox === true, 'alice has a ticket')
  await away({ alice, bob })
  const { id } = await alice.sendMessage({ peer: bob.id, text: 'later' })
  const before = attempts
  await until(() => attempts >= before + 3, 'it was tried again and again')
  // It has not left, and can still be recalled.
  assert.equal((await alice.message({ message: id })).state, 'queued')
  const again = await startPeer(t, { nodes: node.addresses(), store: await openSqliteStore({ directory }) })
  await until(async () => (await textsOf(again, alice)).includes('later'), 'it arrives when both are there')
})

/** Every private half of a key in a store. */
function keysIn(store: Store, friend: string): Uint8Array[] {
  const given = store.givenKeys(friend).map(({ seed }) => seed)
  const weekly = store.sealingKeys().flatMap(({ hybrid, secretKey }) => [hybrid?.seed ?? secretKey, secretKey])
  const seed = store.setting('seed')
  return [...given, ...weekly, ...(seed === undefined ? [] : [seed])]
}

async function opens(keys: readonly Uint8Array[], to: string, { id, sealed }: Recorded): Promise<boolean> {
  const bound = Buffer.concat([publicKeyOf(to), id])
  const attempts = keys.map((key) => hpke.open(sealedParcelFromWire(sealed).sealed, key, 'quorum-parcel', bound))
  return (await Promise.allSettled(attempts)).some(({ status }) => status === 'fulfilled')
}

interface Recorded {
  id: Uint8Array
  sealed: Uint8Array
}

test('hostile 109: a store that is seized after reading opens none of the recorded parcels', async (t) => {
  const held = openMailboxes(':memory:')
  const recorded: Recorded[] = []
  const { leave: hold } = held.parcels
  const recording: typeof hold = (to, parcel, now, origin) => {
    recorded.push({ id: parcel.parcelId, sealed: parcel.sealed })
    return hold(to, parcel, now, origin)
  }
  t.mock.method(held.parcels, 'leave', recording)
  const all = await cast(t, held)
  const { node, alice, bob, directory } = all
  await ready(all)
  await away(all)
  for (let number = 0; number < 5; number += 1) await leave(all, [`secret ${number}`])

  const before = await openSqliteStore({ directory })
  const early = keysIn(before, alice.id)
  const theirs = recorded.filter((one, at) => recorded.findIndex(({ id }) => Buffer.from(id).equals(one.id)) === at)
  assert.ok(theirs.length >= 5)
  for (const one of theirs) assert.ok(await opens(early, bob.id, one), 'who seizes it before opens what waits')
  before.close()

  const store = await openSqliteStore({ directory })
  const again = await startPeer(t, { nodes: node.addresses(), store })
  await until(async () => (await textsOf(again, alice)).includes('secret 4'), 'all of it is read')
  // What was delivered live was withdrawn: alice says so, and its keys go, too.
  await until(async () => {
    const keys = keysIn(store, alice.id)
    const open = await Promise.all(theirs.map((one) => opens(keys, bob.id, one)))
    return !open.includes(true)
  }, 'the keys are destroyed')
  await again.stop()
  const after = await openSqliteStore({ directory })
  undo(t).defer(() => after.close())
  const late = keysIn(after, alice.id)
  assert.ok(late.length > 0)
  for (const one of theirs) assert.ok(!(await opens(late, bob.id, one)))
})
