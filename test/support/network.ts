/** A node and peers in the test's own process, on loopback, stopped with the test. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { openMailboxes } from '../../node/mailboxes.ts'
import { DirectoryServer } from '../../protocol/directory/server.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { createPeer, createRelayNode, openMemoryStore } from '../../protocol/index.ts'
import type { Friend, Peer, PeerEvent, PeerOptions, RelayNode, RelayNodeOptions } from '../../protocol/index.ts'
import { createNodeNetwork, type NodeNetwork, type NodeNetworkOptions } from '../../protocol/net/libp2p.ts'
import { undo } from './cleanup.ts'
import { patience, until } from './until.ts'

export { until } from './until.ts'

export const loopback = '/ip4/127.0.0.1/tcp/0'

/** A node with its own store in memory. */
export async function startNode(t: TestContext, options: Partial<RelayNodeOptions> = {}): Promise<RelayNode> {
  const store = openMailboxes(':memory:')
  undo(t).defer(() => store.close())
  const node = await createRelayNode({ seed: randomBytes(32), listen: [loopback], store, ...options })
  undo(t).defer(() => node.stop())
  return node
}

/**
 * The same node with access to its libp2p, assembled as in createRelayNode: for tests that inspect it or change its
 * answers. `prepare` runs before anything listens.
 */
export async function startOpenNode(
  t: TestContext,
  prepare: (network: NodeNetwork) => void = () => {},
  options: Partial<NodeNetworkOptions> = {},
): Promise<{ peer: string; address: string; network: NodeNetwork }> {
  const store = openMailboxes(':memory:')
  undo(t).defer(() => store.close())
  const { privateKey, peer } = await identityFromSeed(randomBytes(32))
  const network = await createNodeNetwork({ privateKey, listen: [loopback], ...options })
  prepare(network)
  const directory = new DirectoryServer(network, store, Date.now, () => {})
  await directory.start()
  await network.start()
  undo(t).defer(async () => {
    await directory.stop()
    await network.stop()
  })
  const address = network.getMultiaddrs()[0]?.toString() ?? assert.fail('the node does not listen')
  return { peer, address, network }
}

export interface TestPeer extends Peer {
  /** PeerId. */
  id: string
  /** All events so far. */
  events: PeerEvent[]
}

/** A peer with a store in memory that listens on loopback, unless `options` differ. */
export async function startPeer(t: TestContext, options: Partial<PeerOptions> = {}): Promise<TestPeer> {
  const peer = await createPeer({ store: openMemoryStore(), listen: [loopback], ...options })
  undo(t).defer(async () => void (await peer.stop()))
  const events: PeerEvent[] = []
  peer.subscribe((event) => events.push(event))
  return Object.assign(peer, { id: (await peer.self()).peer, events })
}

/** `b` asks by `a`'s invite, `a` accepts; resolves when both are online. They need a common node. */
export async function befriend(a: TestPeer, b: TestPeer): Promise<void> {
  const { link } = await a.invite({})
  await b.requestFriend({ to: link })
  await until(async () => (await friendOf(a, b))?.state === 'incoming', 'the request arrived')
  await a.acceptFriend({ peer: b.id })
  await online(a, b)
}

/** Both have a conversation open. */
export async function online(a: TestPeer, b: TestPeer): Promise<void> {
  const talking = async (): Promise<boolean> =>
    ((await friendOf(a, b))?.online && (await friendOf(b, a))?.online) === true
  await until(talking, 'both are online')
}

export async function friendOf(self: TestPeer, other: TestPeer): Promise<Friend | undefined> {
  return (await self.friends()).find(({ peer }) => peer === other.id)
}

/** Nodes on which they are reserved, counted over all of them. */
export async function reservations(...peers: readonly TestPeer[]): Promise<number> {
  const selves = await Promise.all(peers.map((peer) => peer.self()))
  return selves.flatMap(({ nodes }) => nodes.filter(({ state, reserved }) => state === 'connected' && reserved)).length
}

export async function pathBetween(a: TestPeer, b: TestPeer): Promise<string[]> {
  return [(await a.connection({ peer: b.id })).path, (await b.connection({ peer: a.id })).path]
}

/** Sends `text` from one to the other; resolves when it has arrived and the sender knows it. */
export async function tell(from: TestPeer, to: TestPeer, text: string): Promise<void> {
  const { id } = await from.sendMessage({ peer: to.id, text })
  const arrived = async (): Promise<boolean> =>
    (await from.messages({ peer: to.id })).some((message) => message.id === id && message.state === 'delivered')
  await until(arrived, 'the message is delivered')
  assert.equal((await to.messages({ peer: from.id })).filter((message) => message.id === id).length, 1)
}

type DataOf<E extends PeerEvent['event']> = Extract<PeerEvent, { event: E }>['data']

/** The data of the first matching event `name` from now on. */
export async function nextEvent<E extends PeerEvent['event']>(
  peer: Peer,
  name: E,
  fits: (data: DataOf<E>) => boolean = () => true,
): Promise<DataOf<E>> {
  const found = Promise.withResolvers<unknown>()
  const ignore = peer.subscribe(({ event, data }) => {
    if (event === name && fits(data as DataOf<E>)) found.resolve(data)
  })
  const timer = setTimeout(() => found.reject(new Error(`no ${name} for ${patience / 1000} s`)), patience)
  try {
    return (await found.promise) as DataOf<E>
  } finally {
    clearTimeout(timer)
    ignore()
  }
}
