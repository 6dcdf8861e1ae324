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
  return new Policy({
    store,
    privacy: () => ({ direct: mode, lan: true }),
    isNode: (peer) => peer === node,
    loopback: true,
  })
}

const relations: Record<FriendState, Relation> = {
  friend: 'friend',
  requested: 'pending',
  incoming: 'stranger',
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
  ['incoming', { auto: [true, false], verified: [false, false], never: [false, false], only: [true, false] }],
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
      assert.deepEqual([policy.mayConnect(peer, direct, []), policy.mayConnect(peer, circuit, [])], expected)
    })
  }
}

test('with direct paths for verified friends, only they may connect directly', (t) => {
  const policy = policyWith(t, 'verified', 'friend', true)
  assert.ok(policy.mayConnect(alice.peer, direct, []) && policy.mayConnect(alice.peer, circuit, []))
  assert.deepEqual(
    [alice.peer, bob.peer, undefined].map((peer) => policy.mayBeDirect(peer)),
    [true, false, false],
  )
  assert.ok(!policyWith(t, 'verified', 'blocked', true).mayBeDirect(alice.peer))
})

const open = (remotePeer: string, address: string) => ({
  remotePeer: peerIdFromString(remotePeer),
  remoteAddr: multiaddr(address),
})
const strangers = (number: number, address: (at: number) => string) =>
  Array.from({ length: number }, (_, at) => open(bob.peer, address(at)))

test('the number of strangers is limited; friends and nodes do not count', (t) => {
  const policy = policyWith(t, 'auto', 'friend')
  const elsewhere = (at: number): string => `/ip4/198.51.100.${at}/tcp/1`
  const all = strangers(netLimits.strangerConnections, elsewhere)
  assert.ok(policy.mayConnect(bob.peer, direct, all.slice(1)))
  assert.ok(
    policy.mayConnect(bob.peer, direct, [...all.slice(1), open(alice.peer, elsewhere(1)), open(node, elsewhere(2))]),
  )
  assert.ok(!policy.mayConnect(bob.peer, direct, all))
  assert.ok(policy.mayConnect(alice.peer, direct, all))
  assert.ok(policy.mayConnect(node, direct, all))
})

test('an address, an IPv6 household and an IPv6 customer have a part of the places of strangers', (t) => {
  const policy = policyWith(t, 'auto', 'friend')
  const [few, wide] = netLimits.strangersPerAddress
  const cases: [string, (at: number) => string, number][] = [
    ['/ip4/192.0.2.1/tcp/9', () => '/ip4/192.0.2.1/tcp/1', few],
    ['/ip6/2001:db8::1/tcp/9', (at) => `/ip6/2001:db8::${at}/tcp/1`, few],
    ['/ip6/2001:db8::1/tcp/9', (at) => `/ip6/2001:db8:0:${at + 1}::1/tcp/1`, wide],
  ]
  for (const [from, others, most] of cases) {
    assert.ok(policy.mayConnect(bob.peer, multiaddr(from), strangers(most - 1, others)), from)
    assert.ok(!policy.mayConnect(bob.peer, multiaddr(from), strangers(most, others)), from)
    assert.ok(policy.mayConnect(bob.peer, multiaddr('/ip4/192.0.2.2/tcp/9'), strangers(most, others)), from)
    assert.ok(policy.mayConnect(alice.peer, multiaddr(from), strangers(most, others)), 'a friend')
  }
  const requested = policyWith(t, 'auto', 'requested')
  const throughNode = strangers(few, () => circuit.toString())
  assert.ok(requested.mayConnect(alice.peer, circuit, throughNode), 'through a node they come from anywhere')
  assert.ok(policy.mayConnect(bob.peer, direct, throughNode))
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

// ---- dials that the words of another peer cause

const theirNode = `/ip4/45.1.2.3/tcp/4001/p2p/${bob.peer}`
const told = {
  address: `/ip4/45.1.2.4/tcp/4001/p2p/${alice.peer}`,
  near: `/ip4/127.0.0.1/tcp/4001/p2p/${alice.peer}`,
  node: theirNode,
  circuit: `${theirNode}/p2p-circuit/p2p/${alice.peer}`,
  ours: `/ip4/45.1.2.5/tcp/4001/p2p/${node}/p2p-circuit/p2p/${alice.peer}`,
}
const source = { peer: alice.peer }
const dialled = (policy: Policy): string[] =>
  Object.entries(told).flatMap(([name, address]) => (policy.refusesDial(address, source) === undefined ? name : []))

test('where an own node leads when it tells its addresses: to the internet, and with never or verified nowhere', (t) => {
  const at = (host: string, peer = node): string => `/${host}/tcp/4001/p2p/${peer}`
  const ours = { node }
  const code = (policy: Policy, address: string): string | undefined => policy.refusesDial(address, ours)?.code
  const auto = policyWith(t, 'auto')
  assert.equal(code(auto, at('ip4/45.1.2.3')), undefined)
  assert.equal(code(auto, at('ip4/45.1.2.3', bob.peer)), 'bad-request')
  assert.equal(code(auto, at('ip4/10.255.255.1')), 'bad-request')
  assert.equal(code(auto, at('ip4/0.0.0.0')), 'bad-request')
  assert.equal(code(auto, `${at('ip4/45.1.2.3', bob.peer)}/p2p-circuit/p2p/${node}`), 'bad-request')
  assert.equal(auto.refusesDial(at('ip4/45.1.2.3', bob.peer), { node: bob.peer })?.code, 'bad-request')
  for (const mode of ['never', 'verified'] as const) {
    assert.equal(code(policyWith(t, mode), at('ip4/45.1.2.3')), 'foreign-node')
  }
  for (let n = 0; n < netLimits.dialsPerSource.tokens; n += 1) auto.takeDial(at('ip4/45.1.2.3'), ours)
  assert.throws(() => auto.takeDial(at('ip4/45.1.2.3'), ours), { code: 'rate-limited' })
})

test('which addresses are dialled that a friend told', (t) => {
  const all = Object.keys(told)
  assert.deepEqual(dialled(policyWith(t, 'auto', 'friend')), all)
  assert.deepEqual(dialled(policyWith(t, 'only', 'friend')), ['address', 'near', 'node'])
  assert.deepEqual(dialled(policyWith(t, 'verified', 'friend')), ['ours'])
  assert.deepEqual(dialled(policyWith(t, 'verified', 'friend', true)), all)
  assert.deepEqual(dialled(policyWith(t, 'never', 'friend', true)), ['ours'])
  assert.equal(policyWith(t, 'never', 'friend').refusesDial(told.node, source)?.code, 'foreign-node')
})

test('a friend leads to no third party: not to our node, not to another peer behind its own', (t) => {
  const policy = policyWith(t, 'auto', 'friend')
  const code = (address: string): string | undefined => policy.refusesDial(address, source)?.code
  assert.deepEqual(
    [
      code(`/ip4/45.1.2.3/tcp/1/p2p/${node}`),
      code(`${theirNode}/p2p-circuit/p2p/${bob.peer}`),
      code('/ip4/45.1.2.3/tcp/1'),
    ],
    ['bad-request', 'bad-request', 'bad-request'],
  )
  assert.equal(policy.refusesDial(theirNode, 'own-node')?.code, 'bad-request')
  assert.equal(policy.refusesDial(`/ip4/127.0.0.1/tcp/1/p2p/${node}`, 'own-node'), undefined)
})

test('the dials that one peer causes are limited; circuits through our nodes and our nodes do not count', (t) => {
  const policy = policyWith(t, 'auto', 'friend')
  for (let n = 0; n < netLimits.dialsPerSource.tokens; n += 1) policy.takeDial(told.node, source)
  assert.throws(() => policy.takeDial(told.address, source), { code: 'rate-limited' })
  policy.takeDial(told.ours, source)
  policy.takeDial(`/ip4/45.1.2.5/tcp/1/p2p/${node}`, 'own-node')
  policy.takeDial(theirNode, { peer: bob.peer })
})

test('what libp2p dials by itself follows the same rules: a relay may tell any address', (t) => {
  const denied = (mode: DirectMode, address: string): boolean =>
    policyWith(t, mode)
      .gater(() => [])
      .denyDialMultiaddr(multiaddr(address))
  const own = `/ip4/10.9.9.9/tcp/1/p2p/${node}`
  assert.deepEqual([denied('auto', theirNode), denied('never', theirNode), denied('never', own)], [false, true, false])
  assert.ok(denied('auto', `/ip4/10.9.9.9/tcp/1/p2p/${bob.peer}`))
})

test('addresses of a node on this machine are told as the own addresses are, those of other nodes are told', (t) => {
  const interfaces = () => ({
    wan: [{ address: '45.1.2.3', cidr: '45.1.2.3/24', netmask: '', mac: '', internal: false, family: 'IPv4' as const }],
  })
  const toldBy = (direct: DirectMode, lan: boolean): boolean[] => {
    const store = openMemoryStore()
    t.after(() => store.close())
    const policy = new Policy({ store, privacy: () => ({ direct, lan }), isNode: () => true, interfaces })
    return ['45.1.2.3', '45.9.9.9', '192.168.1.1', '127.0.0.1'].map((host) => policy.mayTellNode(`/ip4/${host}/tcp/1`))
  }
  assert.deepEqual(toldBy('auto', true), [true, true, true, true])
  assert.deepEqual(toldBy('auto', false), [true, true, false, true])
  assert.deepEqual(toldBy('never', true), [false, true, true, true])
  assert.deepEqual(toldBy('verified', false), [false, true, false, true])
})

test('a member of a group who is no friend: circuits only, no own address, and no node that no friend uses', (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const ours = '/ip4/45.1.2.3/tcp/1/p2p/'
  const policy = new Policy({
    store,
    privacy: () => ({ direct: 'auto', lan: true }),
    isNode: (peer) => peer === node,
    isMember: (peer) => peer === bob.peer,
  })
  const member = { peer: bob.peer }
  assert.equal(policy.relation(bob.peer), 'member')
  assert.equal(policy.mayBeDirect(bob.peer), false)
  assert.equal(policy.mayConnect(bob.peer, circuit, []), true)
  assert.equal(policy.refusesDial(`${ours}${bob.peer}`, member)?.code, 'foreign-node')
  const theirs = `${ours}${alice.peer}`
  const through = `${theirs}/p2p-circuit/p2p/${bob.peer}`
  assert.equal(policy.refusesDial(`${ours}${node}/p2p-circuit/p2p/${bob.peer}`, member), undefined)
  for (const address of [theirs, through]) assert.equal(policy.refusesDial(address, member)?.code, 'foreign-node')
  const friend = '12D3KooWGQmdpbHXhPRbAXpxQ4Y8sRZ3fLb6dF2WqzgVcMAuTgVD'
  store.putFriend({ ...befriended(friend, [theirs]), state: 'friend' })
  for (const address of [theirs, through]) assert.equal(policy.refusesDial(address, member), undefined)
})
