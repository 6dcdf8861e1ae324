/** Which addresses told by other peers can mean a machine that this one may connect to. */
import assert from 'node:assert/strict'
import type { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { isOwnHost, isWithinReach } from '../../../protocol/address/within-reach.ts'
import { alice } from '../../support/people.ts'

type Interfaces = ReturnType<typeof networkInterfaces>

function at(...cidrs: string[]): () => Interfaces {
  const all = cidrs.map((cidr) => {
    const [address = ''] = cidr.split('/')
    const common = { address, cidr, netmask: '', mac: '', internal: /^(127\.|::1)/.test(address) }
    return address.includes(':')
      ? { ...common, family: 'IPv6' as const, scopeid: 0 }
      : { ...common, family: 'IPv4' as const }
  })
  return () => ({ wan: all })
}

const home = at('127.0.0.1/8', '192.168.1.7/24', '::1/128', 'fd00:1::7/64', 'fe80::1/64')

function reached(interfaces: () => Interfaces, loopback: boolean, hosts: readonly string[]): string[] {
  return hosts.filter((host) => isWithinReach(`${host}/tcp/4001/p2p/${alice.peer}`, loopback, interfaces))
}

test('public addresses and names are within reach, private ones in the networks of this machine', () => {
  const inside = [
    '/ip4/45.1.2.3',
    '/ip6/2a00:1450::1',
    '/dns4/node.example.org',
    '/ip4/192.168.1.200',
    '/ip6/fd00:1::9',
  ]
  const outside = ['/ip4/192.168.2.1', '/ip4/10.0.0.1', '/ip4/100.64.0.1', '/ip4/169.254.169.254', '/ip6/fd00:2::9']
  assert.deepEqual(reached(home, false, [...inside, ...outside]), inside)
  assert.deepEqual(
    reached(() => ({}), false, inside),
    inside.slice(0, 3),
  )
})

test('a network counts with 24 bits, or 64, and with fewer addresses where it is smaller', () => {
  const office = at('10.1.2.3/8', '172.16.0.1/30', 'fd00:1::7/48')
  const hosts = ['/ip4/10.1.2.99', '/ip4/10.1.3.1', '/ip4/172.16.0.2', '/ip4/172.16.0.9', '/ip6/fd00:1:0:1::1']
  assert.deepEqual(reached(office, false, hosts), ['/ip4/10.1.2.99', '/ip4/172.16.0.2'])
})

test('loopback, in any notation, is within reach only of a peer that listens there only', () => {
  const machine = [
    '/ip4/127.0.0.1',
    '/ip4/127.9.9.9',
    '/ip6/::1',
    '/ip6/::ffff:7f00:1',
    '/dns4/localhost',
    '/dns/a.localhost',
  ]
  assert.deepEqual(reached(home, false, machine), [])
  assert.deepEqual(reached(home, true, machine), machine)
})

test('addresses of no host, and those that carry another address, are never within reach', () => {
  const odd = [
    '/ip4/0.0.0.0',
    '/ip4/255.255.255.255',
    '/ip4/224.0.0.1',
    '/ip6/::',
    '/ip6/ff02::1',
    '/ip6/64:ff9b::a00:1',
    '/ip6/2002:a00:1::',
  ]
  assert.deepEqual(reached(home, true, [...odd, '/unix/tmp']), [])
  assert.ok(!isWithinReach('nonsense', true, home))
})

test('of a circuit, the relay counts', () => {
  const through = (host: string): boolean =>
    isWithinReach(`${host}/tcp/1/p2p/${alice.peer}/p2p-circuit/p2p/${alice.peer}`, false, home)
  assert.deepEqual(
    [through('/ip4/45.1.2.3'), through('/ip4/10.0.0.1'), through('/ip4/127.0.0.1')],
    [true, false, false],
  )
})

test('an interface of this machine is recognised, the loopback is none', () => {
  const own = (host: string): boolean => isOwnHost(`${host}/tcp/1`, home)
  assert.deepEqual(
    ['/ip4/192.168.1.7', '/ip6/fd00:1::7', '/ip4/192.168.1.8', '/ip4/127.0.0.1', '/dns4/example.org'].map(own),
    [true, true, false, false, false],
  )
})
