/** What a failed hole punch shows about the routers, and which addresses a hole punch uses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoint, isPlainTcp } from '../../../protocol/address/address.ts'
import { routersBetween } from '../../../protocol/paths/hole-punch-round.ts'

const peer = '12D3KooWBKebEZduf11kN1DfXQDSgiiuYRrWkBT2uM8TaVBPBo9o'
const keeps = { localPort: 4001, seen: '/ip4/5.5.5.2/tcp/4001' }
const changes = { localPort: 4001, seen: '/ip4/5.5.5.3/tcp/50017' }
const unreported = { localPort: 0, seen: '/ip4/5.5.5.4/tcp/50017' }

test('a router that maps a connection to another port is reported as the cause', () => {
  assert.equal(routersBetween(changes, keeps), 'our-router')
  assert.equal(routersBetween(keeps, changes), 'their-router')
  assert.equal(routersBetween(changes, changes), 'both-routers')
})

test('when ports are preserved, or not reported, the cause is another', () => {
  assert.equal(routersBetween(keeps, keeps), 'blocked')
  assert.equal(routersBetween(keeps, unreported), 'blocked')
})

test('only a plain TCP address can be dialled from a chosen local port', () => {
  assert.ok(isPlainTcp(`/ip4/5.5.5.1/tcp/4001/p2p/${peer}`))
  assert.ok(isPlainTcp(`/dns4/node.example.org/tcp/4001/p2p/${peer}`))
  for (const other of [
    `/ip4/5.5.5.1/tcp/443/ws/p2p/${peer}`,
    `/dns4/node.example.org/tcp/443/tls/ws/p2p/${peer}`,
    `/ip4/5.5.5.1/tcp/4001/p2p/${peer}/p2p-circuit`,
  ]) {
    assert.ok(!isPlainTcp(other), other)
  }
})

test('an endpoint is an IP address and a TCP port, with or without a PeerId', () => {
  assert.equal(endpoint(`/ip4/5.5.5.1/tcp/4001/p2p/${peer}`), '/ip4/5.5.5.1/tcp/4001')
  assert.equal(endpoint('/ip6/2a00::1/tcp/4001'), '/ip6/2a00::1/tcp/4001')
  for (const other of ['/ip4/5.5.5.1/tcp/1/ws', '/dns4/a.example.org/tcp/1', '/ip4/5.5.5.1/udp/1', '/ip4/5.5.5.1']) {
    assert.equal(endpoint(other), undefined)
  }
})
