/** Which addresses of a node are stored and which are announced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { addressesToAnnounce, byNode, nodePeer, withAddress } from '../../../protocol/address/node-addresses.ts'
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

test('addresses with the widest scope are announced first: one of every node before the second of any', () => {
  const [own, other] = [
    ['127.0.0.1', '192.168.1.2'].map((ip) => at(ip)),
    ['127.0.0.1', '1.1.1.1'].map((ip) => at(ip, second)),
  ]
  assert.deepEqual(addressesToAnnounce([own, other]), [
    at('1.1.1.1', second),
    at('192.168.1.2'),
    at('127.0.0.1'),
    at('127.0.0.1', second),
  ])
  const many = Array.from({ length: limits.nodesTold }, () =>
    ['1.1.1.1', '2.2.2.2', '3.3.3.3', '127.0.0.1'].map((ip) => at(ip)),
  )
  const result = addressesToAnnounce([...many, [at('8.8.8.8')]])
  assert.equal(result.length, limits.nodeAddressesTold)
  assert.ok(!result.includes(at('8.8.8.8')) && !result.includes(at('127.0.0.1')))
})

test('settings store every address of a node, and remove the node with all of them', () => {
  const settings = new Settings(openMemoryStore())
  for (const address of [at('127.0.0.1'), at('1.1.1.1', second), at('10.0.0.1')]) settings.rememberNode(address)
  assert.deepEqual(settings.nodes(), [at('127.0.0.1'), at('10.0.0.1'), at('1.1.1.1', second)])
  settings.forgetNode(first)
  assert.deepEqual(settings.nodes(), [at('1.1.1.1', second)])
})
