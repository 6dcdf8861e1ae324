/** What is said to be destroyed is destroyed (docs/threats.md 68, 72): keys past their time, an erased profile. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { openMailboxes } from '../../node/mailboxes.ts'
import { openMemoryStore, openSqliteStore } from '../../protocol/index.ts'
import { identityLimits } from '../../protocol/identity/limits.ts'
import { folder, undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'
import { refused } from '../support/refused.ts'
import { randomFile } from '../support/transfers.ts'

guardProcess()

const life = identityLimits.sealingKeyRenewed + identityLimits.sealingKeyKept

test('hostile 68: a peer destroys the sealing keys that are past their time when it starts', async (t) => {
  const store = openMemoryStore()
  const now = Date.now()
  const [old, last] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  store.putSealingKey({ publicKey: old, secretKey: old, createdAt: now - life - 1000 })
  store.putSealingKey({ publicKey: last, secretKey: last, createdAt: now - life + 60_000 })
  await startPeer(t, { store, now: () => now })
  const kept = store.sealingKeys().map(({ publicKey }) => Buffer.from(publicKey))
  assert.ok(!kept.some((key) => key.equals(old)))
  assert.ok(kept.some((key) => key.equals(last)))
})

test('hostile 72: an erased profile leaves no file of its own, no part of a file, and nothing at a node', async (t) => {
  const atNode = openMailboxes(':memory:')
  undo(t).defer(() => atNode.close())
  const { forget } = atNode
  t.mock.method(atNode, 'forget', async (peer: string) => {
    await forget(peer)
    // A slow disk: what else the peer told the node meanwhile would undo it.
    await new Promise((resolve) => setTimeout(resolve, 300))
  })
  const node = await startNode(t, { store: atNode })
  const nodes = node.addresses()
  const [directory, downloads, elsewhere, sources] = [folder(t), folder(t), folder(t), folder(t)]
  const victim = await startPeer(t, { store: await openSqliteStore({ directory }), nodes, name: 'Ada' })
  const friend = await startPeer(t, { nodes })
  await befriend(victim, friend)
  await victim.setProfile({ handle: 'ada.l' })
  await victim.invite({})
  await until(() => atNode.stats().parked > 0, 'an invite is parked')
  assert.equal(atNode.handleOwner('ada.l', Date.now()), victim.id)
  const gone = '12D3KooWLJtG8fd2hkQzTn96MrLvThmnNQjTUFZwGEsLRz5EmSzc'
  await victim.addNode({ address: `/ip4/127.0.0.1/tcp/9/p2p/${gone}` })

  const offered = async (file: string): Promise<string> =>
    (await friend.sendFiles({ peer: victim.id, paths: [randomFile(path.join(sources, file), 64_000_000)] })).id
  const running = await offered('running.bin')
  const waiting = await offered('waiting.bin')
  const known = async (id: string): Promise<boolean> => (await victim.transfers({})).some((one) => one.id === id)
  await until(async () => (await known(running)) && (await known(waiting)), 'both are offered')
  await victim.acceptTransfer({ transfer: waiting, directory: elsewhere })
  await victim.pauseTransfer({ transfer: waiting })
  const left = path.join(elsewhere, `.quorum-${waiting}`, 'files')
  fs.mkdirSync(left, { recursive: true })
  fs.writeFileSync(path.join(left, 'secret.bin'), 'as an earlier run left it')
  const saved = path.join(downloads, 'received before.txt')
  fs.writeFileSync(saved, 'stays')
  await victim.acceptTransfer({ transfer: running, directory: downloads })
  await until(() => fs.readdirSync(downloads).length > 1, 'the transfer runs')

  const key = fs.openSync(path.join(directory, 'store.key'), 'r')
  assert.deepEqual(await victim.erase(), { nodes: [gone], folders: [] })
  assert.ok(
    fs.readFileSync(key).every((byte) => byte === 0),
    'the key is overwritten',
  )
  fs.closeSync(key)
  assert.deepEqual(fs.readdirSync(directory), [])
  assert.deepEqual(
    fs
      .readdirSync(elsewhere)
      .concat(fs.readdirSync(downloads))
      .filter((name) => /quorum/u.test(name)),
    [],
  )
  assert.equal(fs.readFileSync(saved, 'utf8'), 'stays')
  assert.equal(atNode.handleOwner('ada.l', Date.now()), undefined)
  assert.equal(atNode.stats().parked, 0)
  await until(() => node.stats().directorySessions === 1, 'only the friend is connected')
  assert.equal(node.stats().records, 1)
  assert.equal(await victim.stop(), null)
  await assert.rejects(victim.call('self', {}), refused('cancelled'))
})

test('hostile 72: what the disk keeps of a transfer is named', async (t) => {
  const [directory, downloads] = [folder(t), folder(t)]
  const node = await startNode(t)
  const victim = await startPeer(t, { store: await openSqliteStore({ directory }), nodes: node.addresses() })
  const friend = await startPeer(t, { nodes: node.addresses() })
  await befriend(victim, friend)
  const { id } = await friend.sendFiles({ peer: victim.id, paths: [randomFile(path.join(folder(t), 'a.bin'), 1000)] })
  await until(async () => (await victim.transfers({})).length > 0, 'it is offered')
  await friend.stop()
  const unplugged = path.join(downloads, 'stick')
  await victim.acceptTransfer({ transfer: id, directory: unplugged })
  fs.rmSync(unplugged, { recursive: true })
  assert.deepEqual((await victim.erase()).folders, [path.join(unplugged, `.quorum-${id}`)])
})
