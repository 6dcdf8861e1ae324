/** What a person may paste as the address of a node, and which part is said to be wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { givenNodeAddress, type AddressPart } from '../../../protocol/address/given-address.ts'
import { nodePeer } from '../../../protocol/address/node-addresses.ts'
import { Settings } from '../../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'

const id = '12D3KooWQtvzoKmogkLjN5PMeFpLek3BrCT3YahaUihd5RCndShw'
const end = `/p2p/${id}`

test('addresses of nodes, also with white space around them', () => {
  for (const host of [
    '/ip4/192.0.2.1',
    '/ip6/2001:db8::1',
    '/dns4/node.example.org',
    '/dns/localhost',
    '/dns6/bücher.example.',
    '/dns4/हिन्दी.भारत',
    '/dns4/192.0.2.1',
    '/dns4/1.2.3.example',
    '/ip6/::ffff:192.0.2.1',
  ]) {
    for (const transport of [
      '/tcp/1',
      '/tcp/443/ws',
      '/tcp/443/wss',
      '/tcp/65535/tls/ws',
      '/tcp/1/tls/sni/a.example.org/ws',
    ]) {
      const address = `${host}${transport}${end}`
      assert.equal(givenNodeAddress(`\n  ${address}/ \t`), address)
      assert.equal(nodePeer(address), id)
    }
  }
})

for (const [part, addresses] of Object.entries({
  form: [
    '',
    'node.example.org:4001',
    'https://node.example.org',
    `ip4/192.0.2.1/tcp/1${end}`,
    `/ip4/192.0.2.1/tcp/1${end} /ip4/192.0.2.1/tcp/2${end}`,
    `/ip4/192.0.2.1/tcp/1/p2p/\n${id}`,
    `/ip4/192.0.2.1/tcp/1${end}\u200b`,
    `/dns4/node\u00a0example.org/tcp/1${end}`,
    `/unix/tmp/tcp/1${end}`,
    `/dns4/${'a'.repeat(600)}/tcp/1${end}`,
    `"/ip4/192.0.2.1/tcp/1${end}"`,
    `--node /ip4/192.0.2.1/tcp/1${end}`,
    '[2001:db8::1]:4001',
    `\\ip4\\192.0.2.1\\tcp\\1\\p2p\\${id}`,
    `/IP4/192.0.2.1/TCP/1/P2P/${id}`,
    `/ip6zone/eth0/ip6/fe80::1/tcp/1${end}`,
    `／ip4／192.0.2.1／tcp／1${end}`,
    id,
  ],
  host: [
    `/ip4/192.0.2/tcp/1${end}`,
    `/ip6/192.0.2.1/tcp/1${end}`,
    `/dns4//tcp/1${end}`,
    `/dns4/a..b/tcp/1${end}`,
    `/dns4/a:1/tcp/1${end}`,
    `/ip4/192.168.001.001/tcp/1${end}`,
    `/ip6/fe80::1%eth0/tcp/1${end}`,
    `/ip6/[2001:db8::1]/tcp/1${end}`,
    `/dns4/münchen。de/tcp/1${end}`,
    `/dns4/${'a'.repeat(64)}.org/tcp/1${end}`,
    // What a resolver takes for an IPv4 address.
    `/dns4/1.2.3/tcp/1${end}`,
    `/dns4/0/tcp/1${end}`,
    `/dns4/2130706433/tcp/1${end}`,
    `/dns4/0x7f.1/tcp/1${end}`,
    `/dns4/127.0.0.0x1./tcp/1${end}`,
    // Where a node listens, and addresses of many machines.
    `/ip4/0.0.0.0/tcp/1${end}`,
    `/ip6/::/tcp/1${end}`,
    `/ip4/255.255.255.255/tcp/1${end}`,
    `/ip6/ff02::1/tcp/1${end}`,
    `/ip6/::ffff:0.0.0.0/tcp/1${end}`,
    `/ip6/::ffff:224.0.0.1/tcp/1${end}`,
    `/ip6/::0.0.0.0/tcp/1${end}`,
  ],
  port: [
    `/ip4/192.0.2.1/tcp/0${end}`,
    `/ip4/192.0.2.1/tcp/65536${end}`,
    `/ip4/192.0.2.1/tcp/x${end}`,
    `/ip4/192.0.2.1/tcp/04001${end}`,
    `/ip4/192.0.2.1/tcp/4e3${end}`,
    `/ip4/192.0.2.1/tcp/+1${end}`,
    `/ip4/192.0.2.1/tcp/４００１${end}`,
    `/ip4/192.0.2.1/tcp/1${encodeURIComponent(end)}`,
    `/ip4/192.0.2.1/tcp`,
  ],
  transport: [
    `/ip4/192.0.2.1/udp/1/quic-v1${end}`,
    `/ip4/192.0.2.1/4001${end}`,
    `/ip4/192.0.2.1/tcp/1/tls${end}`,
    `/ip4/192.0.2.1/tcp/1/nonsense${end}`,
    `/ip4/192.0.2.1/tcp/1/ws/tls${end}`,
    `/ip4/192.0.2.1/tcp/1/wss/http-path/x${end}`,
    `/ip4/192.0.2.1//tcp/1${end}`,
    `/ip4/192.0.2.1/tcp/1${end},/ip4/192.0.2.2/tcp/1${end}`,
    `/ip4/192.0.2.1/tcp/1${end}/p2p-circuit${end}`,
  ],
  peer: [
    '/ip4/192.0.2.1/tcp/1',
    '/ip4/192.0.2.1/tcp/1/p2p/',
    `/ip4/192.0.2.1/tcp/1${end}.`,
    `/ip4/192.0.2.1/tcp/1${end}>`,
    `/ip4/192.0.2.1/tcp/1${end}?x=1`,
    `/ip4/192.0.2.1/tcp/1${end}${id}`,
    `/ip4/192.0.2.1/tcp/1/ipfs/${id}`,
    `/ip4/192.0.2.1/tcp/1/p2p/${id.toUpperCase()}`,
    `/ip4/192.0.2.1/tcp/1${end.slice(0, -3)}`,
    '/ip4/192.0.2.1/tcp/1/p2p/hello',
    `/ip4/192.0.2.1/tcp/1${end}/ws`,
    // A PeerId of another kind of key.
    '/ip4/192.0.2.1/tcp/1/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC',
  ],
} satisfies Record<AddressPart, string[]>)) {
  test(`what is no address of a node because of its ${part}`, () => {
    for (const address of addresses) {
      assert.throws(() => givenNodeAddress(address), { code: 'bad-request', part }, JSON.stringify(address))
    }
  })
}

test('an address whose PeerId is none, stored by an earlier version, is left out', () => {
  const store = openMemoryStore()
  const good = `/ip4/192.0.2.1/tcp/1${end}`
  store.setSetting('nodes', Buffer.from(`${good}.\n${good}`))
  assert.deepEqual(new Settings(store).nodes(), [good])
})
