/** A node behind a proxy on the same machine: whose address a WebSocket counts for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import os from 'node:os'
import { test, type TestContext } from 'node:test'
import { portOf } from '../support/addresses.ts'
import { startAttacker } from '../support/attacker.ts'
import { undo } from '../support/cleanup.ts'
import { loopback, startOpenNode } from '../support/network.ts'
import { until } from '../support/until.ts'

/** A proxy that adds this header to each request and passes everything on to `port` of `host`. Returns its port. */
async function startProxy(t: TestContext, port: number, header: string, host = '127.0.0.1'): Promise<number> {
  const server = net.createServer((client) => {
    const node = net.connect(port, host)
    undo(t).defer(() => void client.destroy())
    undo(t).defer(() => void node.destroy())
    client.on('error', () => node.destroy())
    node.on('error', () => client.destroy())
    client.once('data', (request: Buffer) => {
      node.write(request.toString('latin1').replace('\r\n', `\r\n${header}\r\n`), 'latin1')
      client.pipe(node)
      node.pipe(client)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => void server.close())
  return (server.address() as net.AddressInfo).port
}

/** The address by which a node knows a peer that comes through such a proxy. */
async function seenAs(t: TestContext, behindProxy: boolean, header: string): Promise<string> {
  const { network, peer } = await startOpenNode(t, undefined, { listen: [`${loopback}/ws`], behindProxy })
  const proxy = await startProxy(t, portOf(network.getMultiaddrs()[0]?.toString()), header)
  const guest = await startAttacker(t)
  await guest.dial(`/ip4/127.0.0.1/tcp/${proxy}/ws/p2p/${peer}`)
  await until(() => network.getConnections().length === 1, 'the guest is there')
  return network.getConnections()[0]?.remoteAddr.toString() ?? assert.fail()
}

test('behind a proxy a WebSocket counts for the address that the proxy added', async (t) => {
  assert.match(await seenAs(t, true, 'X-Forwarded-For: 192.0.2.7'), /^\/ip4\/192\.0\.2\.7\/tcp\/\d+\/ws/)
  const forged = await seenAs(t, true, 'X-Forwarded-For: 192.0.2.1, 2001:db8::7')
  assert.match(forged, /^\/ip6\/2001:db8::7\/tcp\/\d+\/ws/)
})

test('without a proxy, and without a valid address, it counts for where it comes from', async (t) => {
  assert.match(await seenAs(t, false, 'X-Forwarded-For: 192.0.2.7'), /^\/ip4\/127\.0\.0\.1\//)
  for (const none of ['example.org', '1', '0x7f000001', '192.0.2.7:80'])
    assert.match(await seenAs(t, true, `X-Forwarded-For: ${none}`), /^\/ip4\/127\.0\.0\.1\//, none)
})

test('hostile 92: a neighbour with a link-local address is served, and ends nothing', async (t) => {
  // As a socket shows it, too: with the interface, which no multiaddr has.
  assert.match(await seenAs(t, true, 'X-Forwarded-For: fe80::1%eth0'), /^\/ip6\/fe80::1\/tcp\/\d+\/ws/)
  const [link] = linkLocal()
  if (link == null) return t.diagnostic('this machine has no link-local address')
  const { network, peer } = await startOpenNode(t, undefined, { listen: ['/ip6/::/tcp/0/ws'] })
  const proxy = await startProxy(t, portOf(network.getMultiaddrs()[0]?.toString()), 'X-Nothing: 1', link)
  const guest = await startAttacker(t)
  await guest.dial(`/ip4/127.0.0.1/tcp/${proxy}/ws/p2p/${peer}`)
  await until(() => network.getConnections().length === 1, 'the guest is there')
  assert.match(network.getConnections()[0]?.remoteAddr.toString() ?? '', /^\/ip6\/fe80::[0-9a-f:]+\/tcp\/\d+\/ws/)
})

/** The own addresses that neighbours on the same cable have. */
function linkLocal(): string[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, all = []]) =>
    all.flatMap(({ address }) => (address.startsWith('fe80:') ? `${address}%${name}` : [])),
  )
}
