/** The parts of addresses of every kind: one table, so that a new kind is a new row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import {
  circuitAddress,
  endpoint,
  hostPart,
  isAddress,
  isPlainTcp,
  isPublic,
  isRelayed,
  lastPeer,
  parseAddress,
  relayPeer,
  scopeOf,
  withPeer,
  type Address,
  type Scope,
} from '../../../protocol/address/address.ts'
import { limits } from '../../../protocol/base/limits.ts'

const peer = '12D3KooWQtvzoKmogkLjN5PMeFpLek3BrCT3YahaUihd5RCndShw'
const relay = '12D3KooWJDNa5wpTekvtgD3g74h3UoUxCkGsSp3BEAhWKHyNxyjF'

interface Row extends Address {
  scope: Scope
  /** Whether Quorum dials it. */
  dialled: boolean
}

const rows: Record<string, Row> = {
  '/ip4/8.8.8.8/tcp/4001': {
    family: 'ip4',
    host: '8.8.8.8',
    port: 4001,
    transport: 'tcp',
    scope: 'public',
    dialled: true,
  },
  [`/ip4/10.0.0.1/tcp/1/p2p/${peer}`]: {
    family: 'ip4',
    host: '10.0.0.1',
    port: 1,
    transport: 'tcp',
    peer,
    scope: 'network',
    dialled: true,
  },
  '/ip4/127.0.0.1/tcp/0': {
    family: 'ip4',
    host: '127.0.0.1',
    port: 0,
    transport: 'tcp',
    scope: 'machine',
    dialled: true,
  },
  '/ip4/169.254.7.7/tcp/1': {
    family: 'ip4',
    host: '169.254.7.7',
    port: 1,
    transport: 'tcp',
    scope: 'link',
    dialled: true,
  },
  '/ip6/2a00:1450::1/tcp/443/ws': {
    family: 'ip6',
    host: '2a00:1450::1',
    port: 443,
    transport: 'ws',
    scope: 'public',
    dialled: true,
  },
  '/ip6/::1/tcp/443': { family: 'ip6', host: '::1', port: 443, transport: 'tcp', scope: 'machine', dialled: true },
  '/ip6/fe80::1/tcp/443': { family: 'ip6', host: 'fe80::1', port: 443, transport: 'tcp', scope: 'link', dialled: true },
  '/ip6/fd00::1/tcp/443': {
    family: 'ip6',
    host: 'fd00::1',
    port: 443,
    transport: 'tcp',
    scope: 'network',
    dialled: true,
  },
  [`/dns4/node.example.org/tcp/443/tls/ws/p2p/${peer}`]: {
    family: 'dns',
    host: 'node.example.org',
    port: 443,
    transport: 'ws',
    peer,
    scope: 'public',
    dialled: true,
  },
  '/dns/printer.local/tcp/80': {
    family: 'dns',
    host: 'printer.local',
    port: 80,
    transport: 'tcp',
    scope: 'network',
    dialled: true,
  },
  '/dns6/localhost/tcp/80': {
    family: 'dns',
    host: 'localhost',
    port: 80,
    transport: 'tcp',
    scope: 'machine',
    dialled: true,
  },
  '/dns4/127.1/tcp/80': { family: 'dns', host: '127.1', port: 80, transport: 'tcp', scope: 'network', dialled: true },
  '/ip4/8.8.8.8/udp/4001/quic-v1': {
    family: 'ip4',
    host: '8.8.8.8',
    port: 4001,
    transport: 'other',
    scope: 'public',
    dialled: false,
  },
  [`/ip4/8.8.8.8/tcp/4001/p2p/${relay}/p2p-circuit/p2p/${peer}`]: {
    family: 'ip4',
    host: '8.8.8.8',
    port: 4001,
    transport: 'tcp',
    peer,
    relay: `/ip4/8.8.8.8/tcp/4001/p2p/${relay}`,
    scope: 'public',
    dialled: true,
  },
  [`/p2p/${relay}/p2p-circuit`]: {
    host: '',
    port: 0,
    transport: 'other',
    peer: relay,
    relay: `/p2p/${relay}`,
    scope: 'network',
    dialled: false,
  },
  '/unix/tmp%2Fsocket': { host: '', port: 0, transport: 'other', scope: 'network', dialled: false },
}

for (const [text, { scope, dialled, ...parts }] of Object.entries(rows)) {
  test(`${text}: its parts, its scope, and whether it is dialled`, () => {
    for (const address of [text, multiaddr(text)]) {
      assert.deepEqual(parseAddress(address), parts)
      assert.equal(scopeOf(address), scope)
      assert.equal(isRelayed(address), parts.relay !== undefined)
      assert.equal(isPublic(address), parts.relay !== undefined || scope === 'public')
      assert.equal(isPlainTcp(address), parts.transport === 'tcp' && parts.relay === undefined)
      assert.equal(lastPeer(address), parts.peer)
    }
    assert.equal(isAddress(text), dialled)
  })
}

test('text that is not a multiaddr has no parts, and is neither public nor dialled', () => {
  const long = `/dns4/${'a'.repeat(limits.address)}/tcp/1`
  for (const text of ['', '/', 'x', 'nonsense', '/ip4/300.1.1.1/tcp/1', '/ip4/1.1.1.1/tcp/x', long]) {
    assert.equal(parseAddress(text), undefined, text)
    assert.ok(!isAddress(text) && !isPublic(text) && !isPlainTcp(text), text)
    assert.equal(endpoint(text), undefined)
  }
})

test('of a circuit: the PeerIds at both ends, and no host that a socket could mistake for the friend’s', () => {
  const circuit = circuitAddress(`/ip4/8.8.8.8/tcp/4001/p2p/${relay}`, peer)
  assert.deepEqual([relayPeer(circuit), lastPeer(circuit)], [relay, peer])
  assert.equal(hostPart(circuit), undefined)
  assert.equal(endpoint(circuit), undefined)
  assert.equal(relayPeer('/ip4/8.8.8.8/tcp/4001'), undefined)
})

test('a PeerId is added to an address that has none', () => {
  const address = '/ip4/8.8.8.8/tcp/4001'
  assert.equal(withPeer(address, peer), `${address}/p2p/${peer}`)
  assert.equal(withPeer(`${address}/p2p/${relay}`, peer), `${address}/p2p/${relay}`)
  assert.equal(hostPart(`${address}/p2p/${peer}`), '/ip4/8.8.8.8')
})
