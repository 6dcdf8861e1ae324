/** Which side begins a hole punch, and how often: two friends on a real circuit, with a clock that the test sets. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { identityFromSeed, type Identity } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { createPeerNetwork, type PeerNetwork } from '../../protocol/net/libp2p.ts'
import { lastPeer } from '../../protocol/address/address.ts'
import { dcutrProtocol, Policy } from '../../protocol/net/policy.ts'
import { HolePunches } from '../../protocol/paths/hole-punch.ts'
import { undo } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { startNode, until } from '../support/network.ts'
import { patience } from '../support/until.ts'

test('the callee begins, waits longer after each failure, and starts over when the network changes', async (t) => {
  const { caller, callee, outbound, inbound } = await circuit(t)
  let asked = 0
  await caller.policy.serve(
    caller.network,
    dcutrProtocol,
    async (stream) => {
      asked += 1
      await stream.close()
    },
    () => {},
  )
  let now = 0
  // No jitter: waits are whole.
  const options = { nodes: () => [], log: () => {}, now: () => now, random: () => 1 }
  const punches = new HolePunches({ ...options, network: callee.network })
  undo(t).defer(() => punches.stop())
  const attempts = async (expected: number): Promise<void> => {
    const before = asked
    await punches.attempt(inbound)
    await until(() => asked === before + expected, `${expected} more`)
  }

  assert.equal(punches.failure(caller.peer), undefined)
  await attempts(1)
  assert.equal(punches.failure(caller.peer), 'no-node')
  now += pathLimits.punchRetry.first - 1
  await attempts(0)
  now += 1
  await attempts(1)
  now += 2 * pathLimits.punchRetry.first - 1
  await attempts(0)
  punches.reset()
  assert.equal(punches.failure(caller.peer), undefined)
  await attempts(1)

  const others = new HolePunches({ ...options, network: caller.network })
  undo(t).defer(() => others.stop())
  await others.attempt(outbound)
  assert.equal(others.failure(callee.peer), undefined)
})

test('a friend without DCUtR receives one attempt, not three', async (t) => {
  const { caller, callee, inbound } = await circuit(t)
  const punches = new HolePunches({ network: callee.network, nodes: () => [], log: () => {} })
  undo(t).defer(() => punches.stop())
  await punches.attempt(inbound)
  assert.equal(punches.failure(caller.peer), 'refused')
})

interface End {
  peer: string
  network: PeerNetwork
  policy: Policy
}

/** Two friends and the circuit between them, as each side sees it. */
async function circuit(
  t: TestContext,
): Promise<{ caller: End; callee: End; outbound: Connection; inbound: Connection }> {
  const node = await startNode(t)
  const [one, other] = [await identityFromSeed(randomBytes(32)), await identityFromSeed(randomBytes(32))]
  const [address = assert.fail('the node does not listen')] = node.addresses()
  const [caller, callee] = [await end(t, one, other.peer, node.peer), await end(t, other, one.peer, node.peer)]
  await callee.network.dial(multiaddr(address))
  await callee.network.services.circuits.reserve(peerIdFromString(node.peer))
  const signal = AbortSignal.timeout(patience)
  const target = `${address}/p2p-circuit/p2p/${callee.peer}`
  const outbound = await caller.network.services.directDial.dial(
    target,
    { peer: lastPeer(target) ?? '' },
    signal,
    patience,
  )
  const arrived = (): Connection | undefined => callee.network.getConnections(peerIdFromString(caller.peer))[0]
  await until(() => arrived() != null, 'the circuit reaches the callee')
  const inbound = arrived() ?? assert.fail()
  return { caller, callee, outbound, inbound }
}

async function end(t: TestContext, self: Identity, friend: string, node: string): Promise<End> {
  const store = openMemoryStore()
  undo(t).defer(() => store.close())
  store.putFriend(befriended(friend, []))
  const policy = new Policy({
    store,
    privacy: () => ({ direct: 'auto', lan: true }),
    isNode: (peer) => peer === node,
    loopback: true,
  })
  const network = await createPeerNetwork({ privateKey: self.privateKey, listen: [], policy })
  await network.start()
  undo(t).defer(async () => {
    await network.stop()
  })
  return { peer: self.peer, network, policy }
}
