/**
 * The networks of two friends, connected over loopback, with nothing above: real TCP, Noise and yamux for tests of
 * protocols that run on a stream.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Identity } from '../../protocol/identity/identity.ts'
import { createPeerNetwork, type PeerNetwork } from '../../protocol/net/libp2p.ts'
import { chatProtocol, Policy } from '../../protocol/net/policy.ts'
import { openMemoryStore } from '../../protocol/store/memory.ts'
import type { Store } from '../../protocol/store/store.ts'
import { undo } from './cleanup.ts'
import { befriended } from './friends.ts'
import { loopback } from './network.ts'
import { alice, bob } from './people.ts'
import { patience } from './until.ts'

export interface Side {
  identity: Identity
  store: Store
  network: PeerNetwork
  /** The connection to the other. */
  connection: Connection
}

/** Alice dials Bob. Stopped with the test. */
export async function startLink(t: TestContext): Promise<{ dialler: Side; listener: Side }> {
  const listener = await half(t, bob, alice, [loopback])
  const dialler = await half(t, alice, bob, [])
  const [address] = listener.network.services.directDial.listening()
  assert.ok(address)
  const accepted = Promise.withResolvers<Connection>()
  listener.network.addEventListener('connection:open', ({ detail }) => accepted.resolve(detail), { once: true })
  const signal = AbortSignal.timeout(patience)
  const dialled = await dialler.network.dial(multiaddr(`${address.split('/p2p/')[0]}/p2p/${bob.peer}`), { signal })
  return { dialler: { ...dialler, connection: dialled }, listener: { ...listener, connection: await accepted.promise } }
}

/** A stream of the chat protocol, opened by the dialler: its end and the other's. */
export async function openStream(link: { dialler: Side; listener: Side }): Promise<[Stream, Stream]> {
  const arrived = Promise.withResolvers<Stream>()
  await link.listener.network.handle(chatProtocol, (stream) => arrived.resolve(stream), { force: true })
  const stream = await link.dialler.connection.newStream(chatProtocol, { signal: AbortSignal.timeout(patience) })
  return [stream, await arrived.promise]
}

async function half(
  t: TestContext,
  identity: Identity,
  other: Identity,
  listen: readonly string[],
): Promise<Omit<Side, 'connection'>> {
  const store = openMemoryStore()
  undo(t).defer(() => store.close())
  store.putFriend(befriended(other.peer, []))
  const policy = new Policy({
    store,
    privacy: () => ({ direct: 'auto', lan: true }),
    isNode: () => false,
    loopback: true,
  })
  const network = await createPeerNetwork({ privateKey: identity.privateKey, listen, policy })
  undo(t).defer(async () => {
    // An abort needs no orderly close, for which a paused stream would take long.
    for (const connection of network.getConnections()) connection.abort(new Error('The test is over'))
    await network.stop()
  })
  await network.start()
  return { identity, store, network }
}
