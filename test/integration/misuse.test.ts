/** The library in the hands of somebody who mistypes: what is refused, and that nothing else breaks. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createPeer, createRelayNode, openMemoryStore } from '../../protocol/index.ts'
import type { Peer, PeerOptions, RelayNodeOptions } from '../../protocol/index.ts'
import { openMailboxes } from '../../node/mailboxes.ts'
import { folder, undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, loopback, startNode, startPeer, until } from '../support/network.ts'
import { bob } from '../support/people.ts'

guardProcess()

/** What JavaScript lets a caller pass. */
type Anything = Record<string, unknown>

for (const [what, options, message] of [
  ['a misspelt name', { dirct: 'never' }, /createPeer: .*dirct/u],
  ['a name of another library', { port: 4001 }, /port/u],
  ['a capital', { Direct: 'never' }, /Direct/u],
  ['a misspelt choice', { direct: 'nevr' }, /direct: .*never/u],
  ['a choice as a boolean', { direct: false }, /direct/u],
  ['a switch as a word', { upnp: 'no' }, /upnp/u],
  ['one address instead of a list', { listen: loopback }, /listen/u],
  ['a number as a name', { name: 7 }, /name/u],
  ['a path that is empty', { downloads: '' }, /downloads/u],
  ['a log that is no function', { log: console }, /log/u],
  ['a store that is none', { store: {} }, /store: .*openMemoryStore/u],
  ['no store', { store: undefined }, /store/u],
] satisfies [string, Anything, RegExp][]) {
  test(`createPeer refuses ${what}`, async () => {
    const all: Anything = { store: openMemoryStore(), listen: [], ...options }
    await assert.rejects(createPeer(all as unknown as PeerOptions), { code: 'bad-request', message })
  })
}

test('without options createPeer and createRelayNode say so, and a listener that is none is refused', async (t) => {
  for (const options of [undefined, null, 'options']) {
    await assert.rejects(createPeer(options as unknown as PeerOptions), { code: 'bad-request', message: /createPeer/u })
    await assert.rejects(createRelayNode(options as unknown as RelayNodeOptions), { code: 'bad-request' })
  }
  const peer = await startPeer(t)
  for (const listener of [undefined, 'event', {}]) {
    assert.throws(() => peer.subscribe(listener as unknown as () => void), { code: 'bad-request' })
  }
})

test('two peers cannot use one store at once; one that did not start has left it', async (t) => {
  const store = openMemoryStore()
  await assert.rejects(createPeer({ store, listen: ['nowhere'] }), { code: 'bad-request' })
  const both = await Promise.allSettled([createPeer({ store, listen: [] }), createPeer({ store, listen: [] })])
  const started = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  undo(t).defer(async () => void (await Promise.all(started.map((peer) => peer.stop()))))
  const refused = both.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
  assert.deepEqual([started.length, refused], [1, ['store-locked']])
  assert.deepEqual(await started[0]?.friends(), [])
})

test('createPeer refuses a store that is closed', async () => {
  const store = openMemoryStore()
  store.close()
  await assert.rejects(createPeer({ store, listen: [] }), { code: 'cancelled', message: 'The store is closed' })
})

test('createPeer takes an option that is undefined for one that is absent', async (t) => {
  const options: Anything = { store: openMemoryStore(), listen: [], direct: undefined, name: undefined }
  const peer = await createPeer(options as unknown as PeerOptions)
  undo(t).defer(async () => void (await peer.stop()))
  assert.equal((await peer.self()).privacy.direct, 'auto')
})

for (const [what, options] of [
  ['a misspelt name', { anounce: [] }],
  ['a short seed', { seed: randomBytes(31) }],
  ['the store of a peer', { store: openMemoryStore() }],
  ['one address instead of a list', { listen: loopback }],
] satisfies [string, Anything][]) {
  test(`createRelayNode refuses ${what}`, async (t) => {
    const store = openMailboxes(':memory:')
    undo(t).defer(() => store.close())
    const all: Anything = { seed: randomBytes(32), listen: [loopback], store, ...options }
    await assert.rejects(createRelayNode(all as unknown as RelayNodeOptions), {
      code: 'bad-request',
      message: /createRelayNode/u,
    })
  })
}

test('the address of a node is checked when it is given, as an option and by a call', async (t) => {
  const good = `/ip4/127.0.0.1/tcp/9/p2p/${bob.peer}`
  for (const bad of [`${good}.`, good.slice(0, -1), good.replace('/p2p/', '/p2p/\n')]) {
    const options = { store: openMemoryStore(), listen: [], nodes: [bad] }
    await assert.rejects(createPeer(options), { code: 'bad-request' }, bad)
  }
  const peer = await startPeer(t, { nodes: [` ${good}\n`] })
  await assert.rejects(peer.addNode({ address: `${good}.` }), { code: 'bad-request', part: 'peer' })
  const { nodes } = await peer.addNode({ address: `${good.replace('/tcp/9/', '/tcp/10/')}\n` })
  assert.deepEqual([nodes.length, nodes[0]?.address], [1, good])
})

test('calls are checked as methods too: no parameters, unknown ones, a PeerId that is none, after stop()', async (t) => {
  const peer = await startPeer(t)
  const methods = peer as unknown as Record<string, (params?: unknown) => Promise<unknown>>
  const refused = (name: string, params: unknown, code: string): Promise<void> =>
    assert.rejects(async () => methods[name]?.(params), { code }, name)
  assert.match(JSON.stringify(await methods.invite?.()), /quorum:/u)
  await refused('invite', { onec: true }, 'bad-request')
  await refused('sendMessage', undefined, 'bad-request')
  for (const name of ['safetyNumber', 'connect', 'acceptFriend', 'blockPeer', 'messages']) {
    await refused(name, { peer: 'nobody' }, 'bad-request')
    await refused(name, { peer: bob.peer.slice(0, -1) }, 'bad-request')
  }
  await refused('sendMessage', { peer: 'nobody', text: 'x' }, 'bad-request')
  await peer.stop()
  await peer.stop()
  for (const name of ['self', 'friends', 'invite'] satisfies (keyof Peer)[]) await refused(name, undefined, 'cancelled')
})

test('a listener that throws or rejects ends nothing', async (t) => {
  const node = await startNode(t)
  const [alice, friend] = [
    await startPeer(t, { nodes: node.addresses() }),
    await startPeer(t, { nodes: node.addresses() }),
  ]
  alice.subscribe(() => Promise.reject(new Error('an async listener fails')) as unknown as void)
  alice.subscribe(() => {
    throw new Error('a listener fails')
  })
  await befriend(alice, friend)
  await friend.sendMessage({ peer: alice.id, text: 'still there?' })
  await until(() => alice.events.some(({ event }) => event === 'message-received'), 'the others are called')
})

test('a relative folder for downloads is that of the start', async (t) => {
  const [before, here, elsewhere] = [process.cwd(), folder(t), folder(t)]
  undo(t).defer(() => process.chdir(before))
  process.chdir(here)
  const node = await startNode(t)
  const receiver = await startPeer(t, { nodes: node.addresses(), downloads: './dropped' })
  const sender = await startPeer(t, { nodes: node.addresses() })
  await befriend(receiver, sender)
  process.chdir(elsewhere)
  const file = path.join(elsewhere, 'one.txt')
  fs.writeFileSync(file, 'one')
  const { id } = await sender.sendFiles({ peer: receiver.id, paths: [file] })
  await until(async () => (await receiver.transfers({})).length === 1, 'it is offered')
  await receiver.acceptTransfer({ transfer: id })
  await until(() => fs.existsSync(path.join(here, 'dropped', 'one.txt')), 'it is there')
})
