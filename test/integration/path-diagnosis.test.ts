/** What `connection()` reports about dials that failed, each in its own way. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { undo } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'

test('each dial to an absent friend fails in a different way, and the advice matches the failure', async (t) => {
  const [address = ''] = (await startNode(t)).addresses()
  const silent = net.createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const held: net.Socket[] = []
  silent.on('connection', (socket) => held.push(socket.on('error', () => socket.destroy())))
  undo(t).defer(() => {
    silent.close()
    for (const socket of held) socket.destroy()
  })
  const mallory = await startPeer(t)
  const [theirs = ''] = (await mallory.self()).listen
  const friend = (await identityFromSeed(randomBytes(32))).peer
  const store = openMemoryStore()
  const announced = [
    `/ip4/127.0.0.1/tcp/${(silent.address() as net.AddressInfo).port}`,
    '/ip4/127.0.0.1/tcp/9',
    theirs.split('/p2p/')[0] ?? '',
  ]
  store.putFriend(befriended(friend, [address], announced))
  const bob = await startPeer(t, { nodes: [address], store })
  const complete = async (): Promise<boolean> => {
    const { tried } = await bob.connection({ peer: friend })
    return tried.length === 4
  }
  await until(complete, 'all was tried')
  const { path, tried, advice = '' } = await bob.connection({ peer: friend })
  assert.equal(path, 'none')
  assert.deepEqual(
    new Set(tried.map(({ kind, outcome }) => `${kind} ${outcome}`)),
    new Set(['lan silent', 'lan refused', 'lan wrong-peer', 'relay away']),
  )
  assert.equal(tried.at(-1)?.kind, 'relay')
  assert.match(advice, /offline/)
  assert.ok(!JSON.stringify({ tried, advice }).includes('127.0.0.1'))
})

test('a direct connection has no advice; a relayed connection has the reason why it is relayed', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const [alice, bob, shy] = [
    await startPeer(t, { nodes }),
    await startPeer(t, { nodes }),
    await startPeer(t, { nodes, direct: 'never' }),
  ]
  await befriend(alice, bob)
  await until(async () => (await alice.connection({ peer: bob.id })).path === 'direct', 'they are direct')
  assert.equal((await alice.connection({ peer: bob.id })).advice, undefined)
  await befriend(alice, shy)
  assert.match((await shy.connection({ peer: alice.id })).advice ?? '', /switched off/)
  assert.match((await alice.connection({ peer: shy.id })).advice ?? '', /no address/)
})
