/** Which peers may connect, by relation to this peer and by allowed paths. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { MultiaddrConnection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { isRelayed } from '../../../protocol/address/address.ts'
import { netLimits } from '../../../protocol/net/limits.ts'
import { Policy, type Relation } from '../../../protocol/net/policy.ts'
import type { DirectMode } from '../../../protocol/api/privacy.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import type { FriendState } from '../../../protocol/store/store.ts'
import { alice, bob, carol } from '../../support/people.ts'
import { befriended } from '../../support/friends.ts'

const node = carol.peer
const direct = multiaddr('/ip4/192.0.2.1/tcp/1')
const circuit = multiaddr(`/ip4/192.0.2.1/tcp/1/p2p/${node}/p2p-circuit`)

function policyWith(t: TestContext, mode: DirectMode, state?: FriendState, verified = false): Policy {
  const store = openMemoryStore()
  t.after(() => store.close())
  if (state != null) {
    store.putFriend({ ...befriended(alice.peer, []), state, verified })
  }
  return new Policy(
    store,
    () => mode,
    (peer) => peer === node,
  )
}

const relations: Record<FriendState, Relation> = {
  friend: 'friend',
  requested: 'pending',
  incoming: 'pending',
  blocked: 'blocked',
  removed: 'stranger',
}
for (const [state, relation] of Object.entries(relations)) {
  test(`${state} is ${relation} to us`, (t) => {
    const policy = policyWith(t, 'auto', state as FriendState)
    assert.equal(policy.relation(alice.peer), relation)
    assert.equal(policy.isFriend(alice.peer), state === 'friend')
  })
}

test('nodes and strangers are distinguished', (t) => {
  const policy = policyWith(t, 'auto')
  assert.deepEqual([policy.relation(node), policy.relation(bob.peer)], ['node', 'stranger'])
})

/** Whether they may connect directly, and through a relay. */
const table: [FriendState | 'node' | 'stranger', Record<DirectMode, [boolean, boolean]>][] = [
  ['friend', { auto: [true, true], verified: [false, true], never: [false, true], only: [true, false] }],
  ['requested', { auto: [true, true], verified: [false, true], never: [false, true], only: [true, false] }],
  ['incoming', { auto: [true, true], verified: [false, true], never: [false, true], only: [true, false] }],
  ['blocked', { auto: [false, false], verified: [false, false], never: [false, false], only: [false, false] }],
  ['removed', { auto: [true, false], verified: [false, false], never: [false, false], only: [true, false] }],
  ['stranger', { auto: [true, false], verified: [false, false], never: [false, false], only: [true, false] }],
  ['node', { auto: [true, true], verified: [true, true], never: [true, true], only: [true, true] }],
]
for (const [who, modes] of table) {
  for (const [mode, expected] of Object.entries(modes)) {
    test(`${who}, direct ${mode}: directly ${expected[0]}, relayed ${expected[1]}`, (t) => {
      const policy = policyWith(t, mode as DirectMode, who in relations ? (who as FriendState) : undefined)
      const peer = who === 'node' ? node : alice.peer
      assert.deepEqual([policy.mayConnect(peer, false, 0), policy.mayConnect(peer, true, 0)], expected)
    })
  }
}

test('with direct paths for verified friends, only they may connect directly', (t) => {
  const policy = policyWith(t, 'verified', 'friend', true)
  assert.deepEqual([policy.mayConnect(alice.peer, false, 0), policy.mayConnect(alice.peer, true, 0)], [true, true])
  assert.deepEqual(
    [alice.peer, bob.peer, undefined].map((peer) => policy.mayBeDirect(peer)),
    [true, false, false],
  )
  assert.ok(!policyWith(t, 'verified', 'blocked', true).mayBeDirect(alice.peer))
})

test('the number of strangers is limited; friends and nodes do not count', (t) => {
  const policy = policyWith(t, 'auto', 'friend')
  assert.ok(policy.mayConnect(bob.peer, false, netLimits.strangerConnections - 1))
  assert.ok(!policy.mayConnect(bob.peer, false, netLimits.strangerConnections))
  assert.ok(policy.mayConnect(alice.peer, false, netLimits.strangerConnections))
  assert.ok(policy.mayConnect(node, false, netLimits.strangerConnections))
})

test('the gater of libp2p has the same rules: direct and relayed, by address', (t) => {
  const gater = policyWith(t, 'never', 'friend').gater(() => [])
  const inbound = (remoteAddr: typeof direct): MultiaddrConnection =>
    multiaddrConnectionPair({ inbound: { remoteAddr } })[1]
  const friend = peerIdFromString(alice.peer)
  assert.equal(gater.denyInboundEncryptedConnection(friend, inbound(direct)), true)
  assert.equal(gater.denyInboundEncryptedConnection(friend, inbound(circuit)), false)
})

test('circuits come through our nodes only', (t) => {
  const gater = policyWith(t, 'auto', 'friend').gater(() => [])
  const friend = peerIdFromString(alice.peer)
  assert.equal(gater.denyInboundRelayedConnection(peerIdFromString(node), friend), false)
  assert.equal(gater.denyInboundRelayedConnection(peerIdFromString(bob.peer), friend), true)
  assert.equal(gater.denyInboundRelayedConnection(peerIdFromString(node), peerIdFromString(bob.peer)), true)
})

test('a blocked peer is not dialled', (t) => {
  assert.equal(
    policyWith(t, 'auto', 'blocked')
      .gater(() => [])
      .denyDialPeer(peerIdFromString(alice.peer)),
    true,
  )
  assert.equal(
    policyWith(t, 'auto', 'removed')
      .gater(() => [])
      .denyDialPeer(peerIdFromString(alice.peer)),
    false,
  )
})

test('a circuit is recognised by its address', () => {
  assert.deepEqual([isRelayed(direct.toString()), isRelayed(circuit.toString())], [false, true])
})
