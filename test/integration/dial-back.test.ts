/** How a node checks a peer's address: what it dials, which claims it accepts, and that it dials no third party. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { DirectorySession } from '../../protocol/directory/session.ts'
import { directoryRates } from '../../protocol/directory/limits.ts'
import { dialBack } from '../../protocol/net/dial-back.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { startAttacker } from '../support/attacker.ts'
import { undo } from '../support/cleanup.ts'
import { firewall } from '../support/firewall.ts'
import { loopback, reservations, startOpenNode, startPeer, until } from '../support/network.ts'
import { portOf } from '../support/addresses.ts'
import { patience } from '../support/until.ts'

const timeout = patience

test('only the requesting peer, at the address it connects from, counts as reachable', async (t) => {
  const { address, network } = await startOpenNode(t)
  const { directDial } = network.services
  const [asks, other] = [await startAttacker(t, undefined, [loopback]), await startAttacker(t, undefined, [loopback])]
  const seen = Promise.withResolvers<Connection>()
  network.addEventListener('connection:open', ({ detail }) => seen.resolve(detail), { once: true })
  await connectTo(asks.host, address)
  const connection = await seen.promise
  const port = (host: typeof asks): number => portOf(host.host.getMultiaddrs()[0]?.toString())

  assert.equal(await dialBack(directDial, connection, port(asks), timeout), true)
  assert.equal(await dialBack(directDial, connection, port(other), timeout), false, 'somebody else answers there')
  assert.equal(await dialBack(directDial, connection, 1, timeout), false, 'nobody answers there')
  await until(() => network.getConnections().length === 1, 'what was dialled is closed')
  assert.equal(network.getConnections()[0]?.id, connection.id)

  const relayed = multiaddr(`${address}/p2p-circuit`)
  assert.equal(await dialBack(directDial, { ...connection, remoteAddr: relayed }, port(asks), timeout), false)
})

test('a node dials no address of its own networks, for any requester (threats.md 28)', async (t) => {
  const wall = firewall(t)
  const { address } = await startOpenNode(t)
  const host = await bareHost()
  undo(t).defer(() => host.stop())
  const trap = await startAttacker(t, undefined, [loopback])
  const port = portOf(trap.host.getMultiaddrs()[0]?.toString())
  const session = await DirectorySession.open(await connectTo(host, address), () => Promise.resolve())
  const { reachable, observedAddress } = await session.reachable(port)
  assert.equal(reachable, false)
  assert.match(observedAddress, /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+$/)
  assert.equal(wall.made(port), 0)
  await assert.rejects(session.reachable(70_000), { code: 'node-unreachable' }, 'no port: the stream ends')
})

test('a peer that asks too often gets an error, and its session continues', async (t) => {
  const { address } = await startOpenNode(t)
  const host = await bareHost()
  undo(t).defer(() => host.stop())
  const session = await DirectorySession.open(await connectTo(host, address), () => Promise.resolve())
  for (let asked = 0; asked < directoryRates.reachable.tokens; asked++) await session.reachable(4001)
  await assert.rejects(session.reachable(4001), { code: 'rate-limited' })
  assert.equal((await session.knowledge()).hasRecord, false)
})

test('a peer on a private network does not know whether it can be reached, and announces no other address', async (t) => {
  const { address } = await startOpenNode(t)
  const peer = await startPeer(t, { nodes: [address] })
  await until(async () => (await reservations(peer)) === 1, 'it has a node')
  assert.equal((await peer.self()).reachable, 'unknown')
})
