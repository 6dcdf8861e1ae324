/**
 * Paths that fail without an error are detected by the next message, by the idle check, and at once when this machine's
 * network changed. The peer reconnects by itself, and no message is lost.
 */
import assert from 'node:assert/strict'
import os from 'node:os'
import { test, type TestContext } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { befriend, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { startProxy, type Proxy } from '../support/proxy.ts'
import { portOf } from '../support/addresses.ts'
import { change, hour } from '../support/numbers.ts'

/** Promised time from sending to delivery over the next path, in milliseconds: the detection and one dial. */
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

const since = async (peer: TestPeer, other: TestPeer): Promise<number> =>
  (await peer.connection({ peer: other.id })).since ?? 0

test('a path that became silent is detected by the sender, and its message arrives', async (t) => {
  const { alice, bob, proxy } = await viaProxy(t)
  // The time is a sum of timers; the actual duration on a busy machine is only printed.
  assert.ok(chatLimits.receipt + netLimits.probe + limits.dialAddress <= onSend)
  proxy.silence()
  const begun = performance.now()
  await tell(bob, alice, 'into the void')
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

test('after a change of addresses every connection is probed, long before the idle check', async (t) => {
  change(t, pathLimits, { networkPoll: 50 })
  change(t, netLimits, { peerPing: hour })
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

test('a path that became silent is detected without any message', async (t) => {
  // Detected within 45 s: at most one interval passes before the ping that fails, and time remains for another dial.
  assert.ok(netLimits.peerPing + netLimits.peerPingTimeout <= 40_000)
  change(t, netLimits, { peerPing: netLimits.peerPing / 10, peerPingTimeout: netLimits.peerPingTimeout / 10 })
  const { alice, bob, proxy } = await viaProxy(t)
  const before = await since(alice, bob)
  proxy.silence()
  const begun = performance.now()
  await until(async () => (await since(alice, bob)) > before, 'alice has a new path')
  t.diagnostic(`back after ${Math.round(performance.now() - begun)} ms, with a tenth of the intervals`)
})
