/** A listen address that cannot be used: the peer runs without it and reports a warning. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { undo } from '../support/cleanup.ts'
import { loopback, startPeer, until } from '../support/network.ts'

test('a peer whose port is occupied reports that it cannot be reached there', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => void server.close())
  const taken = `/ip4/127.0.0.1/tcp/${(server.address() as net.AddressInfo).port}`
  const foreign = '/ip4/192.0.2.1/tcp/0'
  const peer = await startPeer(t, { listen: [loopback, taken, '/ip4/192.0.2.1/tcp/4001'] })
  const warned = (): string[] => peer.events.flatMap(({ event, data }) => (event === 'warning' ? data.message : []))
  await until(() => warned().length === 2, 'it is told')
  assert.ok(warned()[0]?.includes(taken), warned()[0])
  assert.equal((await peer.self()).listen.length, 1)
  const nowhere = await startPeer(t, { listen: [foreign] })
  await until(() => nowhere.events.some(({ event }) => event === 'warning'), 'so is who can be heard nowhere')
})

test('a peer that can use its listen address reports no warning', async (t) => {
  const peer = await startPeer(t, { listen: [loopback, '/ip4/0.0.0.0/tcp/0'], upnp: false })
  const quiet = await startPeer(t, { listen: ['/ip4/192.0.2.1/tcp/4001'], direct: 'never' })
  await until(async () => (await peer.self()).listen.length > 0, 'it listens')
  assert.deepEqual(
    [...peer.events, ...quiet.events].filter(({ event }) => event === 'warning'),
    [],
  )
})
