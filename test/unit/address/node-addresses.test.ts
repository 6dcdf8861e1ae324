/** Which addresses of a node are stored and which are announced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import {
  addressesToAnnounce,
  byNode,
  learntAddresses,
  nodePeer,
  sameHost,
  widestFirst,
  withAddress,
} from '../../../protocol/address/node-addresses.ts'
import { Settings } from '../../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'

const first = '12D3KooWQtvzoKmogkLjN5PMeFpLek3BrCT3YahaUihd5RCndShw'
const second = '12D3KooWJDNa5wpTekvtgD3g74h3UoUxCkGsSp3BEAhWKHyNxyjF'
const at = (ip: string, peer = first): string => `/ip4/${ip}/tcp/4001/p2p/${peer}`

test('an address without a PeerId, or through a relay, is not an address of a node', () => {
  assert.equal(nodePeer(at('192.0.2.1')), first)
  for (const address of ['', 'x', '/ip4/192.0.2.1/tcp/4001', `${at('192.0.2.1')}/p2p-circuit/p2p/${second}`]) {
    assert.throws(() => nodePeer(address), { code: 'bad-request' })
    assert.equal(byNode([address]).size, 0)
  }
})

test('of one node the newest addresses are stored; one received again counts as new', () => {
  let known: string[] = []
  for (const ip of ['127.0.0.1', '10.0.0.1', '10.0.0.2', '127.0.0.1', '10.0.0.3', '10.0.0.4']) {
    known = withAddress(known, at(ip))
  }
  assert.deepEqual(
    known,
    ['10.0.0.2', '127.0.0.1', '10.0.0.3', '10.0.0.4'].map((ip) => at(ip)),
  )
})

const connected = (known: readonly string[]) => ({ known, use: 0 })

test('addresses with the widest scope are announced first: one of every node before the second of any', () => {
  const [own, other] = [
    ['127.0.0.1', '192.168.1.2'].map((ip) => at(ip)),
    ['127.0.0.1', '1.1.1.1'].map((ip) => at(ip, second)),
  ]
  assert.deepEqual(addressesToAnnounce([connected(own), connected(other)]), [
    at('1.1.1.1', second),
    at('192.168.1.2'),
    at('127.0.0.1'),
    at('127.0.0.1', second),
  ])
  const many = Array.from({ length: limits.nodesTold }, () =>
    ['1.1.1.1', '2.2.2.2', '3.3.3.3', '127.0.0.1'].map((ip) => at(ip)),
  )
  const result = addressesToAnnounce([...many, [at('8.8.8.8')]].map(connected))
  assert.equal(result.length, limits.nodeAddressesTold)
  assert.ok(!result.includes(at('8.8.8.8')) && !result.includes(at('127.0.0.1')))
})

test('nodes that are connected are announced first, those that never answered last, and beyond the limit not at all', () => {
  const known = Array.from({ length: limits.nodesTold }, (_, index) => [at(`1.1.1.${index}`)])
  const dead = known.map((one) => ({ known: one, use: 2 }))
  const result = addressesToAnnounce([...dead, { known: [at('8.8.8.8')], use: 1 }, connected([at('192.168.1.2')])])
  assert.deepEqual(result.slice(0, 2), [at('192.168.1.2'), at('8.8.8.8')])
  assert.equal(result.length, limits.nodesTold)
})

test('among addresses of one scope, one of every transport comes before the second of any', () => {
  const [tcp4, tcp6, ws, near] = [
    at('192.0.2.1'),
    `/ip6/2001:db8::1/tcp/4001/p2p/${first}`,
    `/dns4/node.example.org/tcp/443/tls/ws/p2p/${first}`,
    at('127.0.0.1'),
  ]
  const result = widestFirst([near, at('8.8.8.8'), at('9.9.9.9'), ws])
  assert.deepEqual(result, [at('8.8.8.8'), ws, at('9.9.9.9'), near])
  assert.deepEqual(
    learntAddresses(first, [tcp4, tcp4, tcp6, ws], [tcp6], () => true),
    [tcp4, ws],
  )
})

test('of what a node says of itself, only addresses that end with its PeerId are learnt, and only a few', () => {
  const told = [at('1.1.1.1', second), `${at('1.1.1.1', second)}/p2p-circuit/p2p/${first}`, '/ip4/1.1.1.1/tcp/1', 'x']
  assert.deepEqual(
    learntAddresses(first, told, [], () => true),
    [],
  )
  const both = [at('10.0.0.1'), at('9.9.9.9')]
  const all = (known: string[]): string[] => learntAddresses(first, both, known, () => true)
  assert.deepEqual(all([at('8.8.8.8')]), [at('9.9.9.9')])
  assert.deepEqual(all([at('8.8.8.8'), at('10.0.0.2')]), both)
  const many = Array.from({ length: 9 }, (_, n) => at(`9.9.9.${n}`))
  assert.equal(learntAddresses(first, many, [], () => true).length, 4)
  assert.deepEqual(
    learntAddresses(first, many, [], (address) => address === many[5]),
    [many[5]],
  )
})

test('a host is the same under another port or transport, and not by another name', () => {
  const name = (host: string, rest = '/tcp/1'): string => `/dns4/${host}${rest}/p2p/${first}`
  assert.ok(sameHost(name('node.example.org'), name('Node.Example.org', '/tcp/443/tls/ws')))
  assert.ok(sameHost(name('node.example.org'), name('node.example.org').replace('dns4', 'dns')))
  assert.ok(!sameHost(name('node.example.org'), name('example.org')))
  assert.ok(!sameHost(at('1.1.1.1'), at('1.1.1.2')) && !sameHost(at('1.1.1.1'), name('1.1.1.1')) && !sameHost('', ''))
})

test('settings store every address of a node, and remove the node with all of them', () => {
  const settings = new Settings(openMemoryStore())
  for (const address of [at('127.0.0.1'), at('1.1.1.1', second), at('10.0.0.1')]) settings.rememberNode(address)
  assert.deepEqual(settings.nodes(), [at('127.0.0.1'), at('10.0.0.1'), at('1.1.1.1', second)])
  settings.forgetNode(first)
  assert.deepEqual(settings.nodes(), [at('1.1.1.1', second)])
})
