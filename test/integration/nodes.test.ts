/** A node with several addresses: one address that answers is enough, for its peers and for the peers they invite. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { inviteFromLink } from '../../protocol/identity/invite-link.ts'
import { Settings } from '../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { befriend, loopback, nextEvent, startNode, startPeer, until } from '../support/network.ts'

test('a peer uses the address that answers, keeps using it, and announces all', async (t) => {
  const node = await startNode(t, { listen: [loopback, loopback] })
  const [one = '', two = ''] = node.addresses()
  const dead = `/ip4/127.0.0.1/tcp/1/p2p/${node.peer}`
  const peer = await startPeer(t, { nodes: [dead, one] })
  await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'it is connected')
  const { nodes } = await peer.addNode({ address: two })
  assert.deepEqual(
    nodes.map(({ address, state }) => ({ address, state })),
    [{ address: one, state: 'connected' }],
  )
  const { link } = await peer.invite({})
  assert.deepEqual(inviteFromLink(link).nodes, [dead, one, two])

  // A second peer starts with only the invite.
  const other = await startPeer(t)
  await befriend(peer, other)
  assert.equal((await other.self()).nodes.length, 1)

  const removed = await peer.removeNode({ address: two })
  assert.deepEqual(removed.nodes, [])
})

test('a peer learns the other addresses of its node, stores them, and puts them into invites', async (t) => {
  const seed = randomBytes(32)
  const first = await startNode(t, { seed, listen: [loopback, `${loopback}/ws`] })
  const [given = '', web = ''] = first.addresses()
  const store = openMemoryStore()
  const peer = await startPeer(t, { nodes: [given], store })
  const nodesInInvite = async (): Promise<readonly string[]> => inviteFromLink((await peer.invite({})).link).nodes
  await until(async () => (await nodesInInvite()).length === 2, 'both are known')
  assert.deepEqual(await nodesInInvite(), [given, web])
  assert.deepEqual(new Settings(store).learntNode(first.peer), [web])

  // The port that was given is shut.
  await first.stop()
  await startNode(t, { seed, listen: [web.replace(/\/p2p\/.*/, '')] })
  await until(async () => (await peer.self()).nodes[0]?.address === web, 'it is reached at the other address')

  // The next run of the profile knows it from the start, and who joins by the invite as well.
  const copy = openMemoryStore()
  for (const key of ['nodes', 'nodes-learnt'] as const) copy.setSetting(key, store.setting(key))
  copy.setSetting('nodes', Buffer.from(given))
  for (const one of [await startPeer(t, { store: copy }), await startPeer(t)]) {
    if ((await one.self()).nodes.length === 0) await befriend(peer, one)
    await until(async () => (await one.self()).nodes[0]?.state === 'connected', 'connected')
  }
  await peer.removeNode({ address: web })
  assert.deepEqual(new Settings(store).learntNode(first.peer), [])
})

test('a node that is not reachable is found at an address that is added later', async (t) => {
  const node = await startNode(t)
  const dead = `/ip4/127.0.0.1/tcp/1/p2p/${node.peer}`
  const peer = await startPeer(t, { nodes: [dead] })
  await until(async () => (await peer.self()).nodes[0]?.state === 'unreachable', 'it is not reachable')
  assert.equal((await peer.self()).nodes[0]?.address, dead)
  const connected = nextEvent(peer, 'node-state', ({ state }) => state === 'connected')
  await peer.addNode({ address: node.addresses()[0] ?? '' })
  assert.equal((await connected).address, node.addresses()[0])
})

test('the unread count of a friend is the number of messages that were not read', async (t) => {
  const node = await startNode(t)
  const a = await startPeer(t, { nodes: node.addresses(), name: 'a' })
  const b = await startPeer(t, { nodes: node.addresses(), name: 'b' })
  await befriend(a, b)
  for (const text of ['1', '2', '3']) await a.sendMessage({ peer: b.id, text })
  await until(async () => (await b.friends())[0]?.unread === 3, 'three are unread')
  await b.markRead({ peer: a.id, upTo: 2 })
  assert.equal((await b.friends())[0]?.unread, 1)
  assert.equal((await a.friends())[0]?.unread, 0)
})

test('a peer that leaves, or whose connection is lost, is counted as gone and not as a fault of the node', async (t) => {
  const node = await startNode(t)
  const [polite, lost] = [
    await startPeer(t, { nodes: node.addresses() }),
    await startPeer(t, { nodes: node.addresses(), name: 'lost' }),
  ]
  await until(() => node.stats().directorySessions === 2, 'both are connected')
  await polite.stop()
  await lost.removeNode({ address: node.peer })
  await until(() => node.stats().directorySessions === 0, 'both are gone')
  const outcomes = Object.keys(node.stats().requests).filter((name) => name.startsWith('stream '))
  assert.deepEqual(outcomes, ['stream closed'])
})
