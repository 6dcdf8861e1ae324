/**
 * Paths that die without an error: noticed by the next message, by the idle check, and at once when this machine's
 * network changed. The peer reconnects by itself, and no message is lost.
 */
import assert from 'node:assert/strict'
import os from 'node:os'
import { test, type TestContext } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { befriend, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'

/** From sending to being delivered over the next path, in milliseconds: notice in 3 + 5 s, then dial. */
const onSend = 15_000

/** Alice reaches the node through a proxy, and Bob only through the node. */
async function viaProxy(t: TestContext): Promise<{ alice: TestPeer; bob: TestPeer; proxy: Proxy }> {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const proxy = await startProxy(t, portOf(address))
  const alice = await startPeer(t, { nodes: [address.replace(/tcp\/\d+/, `tcp/${proxy.port}`)], direct: 'never' })
  const bob = await startPeer(t, { nodes: [address], direct: 'never' })
  await befriend(alice, bob)
  await tell(alice, bob, 'before')
  return { alice, bob, proxy }
}

function portOf(address: string): number {
  const tcp = multiaddr(address)
    .getComponents()
    .find(({ name }) => name === 'tcp')
  return Number(tcp?.value)
}

const since = async (peer: TestPeer, other: TestPeer): Promise<number> =>
  (await peer.connection({ peer: other.id })).since ?? 0

test('a path that went silent is noticed by the sender, and its message arrives', async (t) => {
  const { alice, bob, proxy } = await viaProxy(t)
  proxy.silence()
  const begun = performance.now()
  await tell(bob, alice, 'into the void', onSend)
  t.diagnostic(`delivered over a new path after ${Math.round(performance.now() - begun)} ms`)
  await tell(alice, bob, 'and back')
  for (const [self, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const texts = (await self.messages({ peer: other.id })).map(({ text }) => text)
    assert.deepEqual(texts, ['before', 'into the void', 'and back'])
  }
})

test('a change of addresses has every connection probed, long before the idle check', async (t) => {
  const { networkPoll } = pathLimits
  const { peerPing } = netLimits
  t.after(() => {
    Object.assign(pathLimits, { networkPoll })
    Object.assign(netLimits, { peerPing })
  })
  Object.assign(pathLimits, { networkPoll: 50 })
  Object.assign(netLimits, { peerPing: 3_600_000 })
  const { alice, bob, proxy } = await viaProxy(t)
  const before = await since(alice, bob)
  proxy.silence()
  const moved = { ...os.networkInterfaces(), other0: [newAddress] }
  t.mock.method(os, 'networkInterfaces', () => moved)
  const begun = performance.now()
  await until(async () => (await since(alice, bob)) > before, 'alice is back')
  t.diagnostic(`back after ${Math.round(performance.now() - begun)} ms`)
  await tell(bob, alice, 'after the move')
})

const newAddress: os.NetworkInterfaceInfo = {
  address: '10.99.0.7',
  netmask: '255.255.255.0',
  family: 'IPv4',
  mac: '02:00:00:00:00:01',
  internal: false,
  cidr: '10.99.0.7/24',
}

test('a path that went silent is noticed within 45 s when nobody sends anything', async (t) => {
  const saved = { peerPing: netLimits.peerPing, peerPingTimeout: netLimits.peerPingTimeout }
  t.after(() => Object.assign(netLimits, saved))
  // At most one interval passes before the ping that fails; a moment to find another path is left.
  assert.ok(netLimits.peerPing + netLimits.peerPingTimeout <= 40_000)
  Object.assign(netLimits, { peerPing: netLimits.peerPing / 10, peerPingTimeout: netLimits.peerPingTimeout / 10 })
  const { alice, bob, proxy } = await viaProxy(t)
  const before = await since(alice, bob)
  proxy.silence()
  const begun = performance.now()
  await until(async () => (await since(alice, bob)) > before, 'alice has a new path', 10_000)
  t.diagnostic(`back after ${Math.round(performance.now() - begun)} ms, with a tenth of the intervals`)
})
