/**
 * Connections with a limit: one that has carried so many bytes that its keys are due for rotation, and circuits through
 * a node that limits them. The conversation continues on the next connection, and `connection` reports the limit.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { openMailboxes } from '../../node/mailboxes.ts'
import { DirectoryServer } from '../../protocol/directory/server.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { anyDial, directDial } from '../../protocol/net/direct-dial.ts'
import type { Transfer } from '../../protocol/index.ts'
import type { NodeNetwork } from '../../protocol/net/libp2p.ts'
import { nodePlaces } from '../../protocol/net/node-places.ts'
import { pathLimits } from '../../protocol/paths/limits.ts'
import { folder, undo } from '../support/cleanup.ts'
import { befriend, loopback, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { digestOf, MiB, randomFile } from '../support/transfers.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`a ${direct === 'auto' ? 'direct' : 'relayed'} connection that carried much is replaced under a conversation`, async (t) => {
    const { connectionCheck, connectionBytes } = pathLimits
    t.after(() => Object.assign(pathLimits, { connectionCheck, connectionBytes }))
    Object.assign(pathLimits, { connectionCheck: 100 })
    const nodes = (await startNode(t)).addresses()
    const [alice, bob] = [await startPeer(t, { nodes, direct }), await startPeer(t, { nodes, direct })]
    await befriend(alice, bob)
    const at = async (): Promise<number> => (await alice.connection({ peer: bob.id })).since ?? 0
    const before = await at()
    const sent = Array.from({ length: 40 }, (_, n) => `${n} ${'x'.repeat(5000)}`)
    // No connection was over its byte limit before, and none is old enough to be replaced because of its age.
    Object.assign(pathLimits, { connectionBytes: 100_000 })
    for (const text of sent) await tell(alice, bob, text)
    Object.assign(pathLimits, { connectionBytes })
    await until(async () => (await at()) > before, 'another connection carries the conversation')
    await tell(bob, alice, 'over the new one')
    const received = (await bob.messages({ peer: alice.id, limit: 100 })).filter(({ direction }) => direction === 'in')
    assert.deepEqual(
      received.map(({ text }) => text),
      sent,
    )
    // No message waited: the new connection was open before the old one closed.
    const gone = alice.events.filter(
      ({ event, data }) => event === 'path-changed' && 'path' in data && data.path === 'none',
    )
    assert.deepEqual(gone, [])
  })
}

test('the limits of a circuit are reported, and the conversation survives them', async (t) => {
  const address = await limitedNode(t)
  const [alice, bob] = [
    await startPeer(t, { nodes: [address], direct: 'never' }),
    await startPeer(t, { nodes: [address], direct: 'never' }),
  ]
  await befriend(alice, bob)
  const { path: kind, limited, reason, advice, since } = await alice.connection({ peer: bob.id })
  assert.equal(kind, 'relayed')
  assert.ok((limited?.bytes ?? 0) > 0 && (limited?.bytes ?? 0) <= 2 ** 17, JSON.stringify(limited))
  assert.equal(limited?.seconds, 120)
  assert.match(reason, /ends this connection after \d+ KiB or 120 seconds/)
  assert.match(advice ?? '', /wait for a direct path/)
  // Three times the number of bytes that one circuit carries.
  const sent = Array.from({ length: 30 }, (_, n) => `${n} ${'x'.repeat(13_000)}`)
  for (const text of sent) await tell(alice, bob, text)
  assert.ok(((await alice.connection({ peer: bob.id })).since ?? 0) > (since ?? 0))
  const received = await bob.messages({ peer: alice.id, limit: 100 })
  assert.deepEqual(
    received.map(({ text }) => text),
    sent,
  )
})

test('our own node sets no limits', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const [alice, bob] = [await startPeer(t, { nodes, direct: 'never' }), await startPeer(t, { nodes, direct: 'never' })]
  await befriend(alice, bob)
  const info = await alice.connection({ peer: bob.id })
  assert.equal(info.path, 'relayed')
  assert.equal(info.limited, undefined)
  assert.doesNotMatch(info.reason, /ends this connection/)
})

test('threats.md 21: a relay’s limit in the middle of a file: it resumes over the next circuit', async (t) => {
  const nodes = [await limitedNode(t, 6 * MiB)]
  const [alice, bob] = [await startPeer(t, { nodes, direct: 'never' }), await startPeer(t, { nodes, direct: 'never' })]
  await befriend(alice, bob)
  const { source, to, id } = await offered(t, alice, bob, 20 * MiB)
  await bob.acceptTransfer({ transfer: id, directory: to })
  let now: Transfer | undefined
  await until(
    async () => {
      ;[now] = await bob.transfers({})
      return now?.state === 'done'
    },
    () => `it arrives; it is ${now?.state}`,
    () => now?.doneBytes,
  )
  assert.equal(digestOf(path.join(to, 'source.bin')), digestOf(source))
  const circuits = bob.events.filter(
    ({ event, data }) => event === 'path-changed' && 'path' in data && data.path === 'none',
  )
  assert.ok(circuits.length >= 2, 'one circuit carried it all: the limit was not reached')
})

test('a file waits for a better path where a circuit carries less than one chunk of it, and the reason has advice', async (t) => {
  const nodes = [await limitedNode(t)]
  const [alice, bob] = [await startPeer(t, { nodes, direct: 'never' }), await startPeer(t, { nodes, direct: 'never' })]
  await befriend(alice, bob)
  const { to, id } = await offered(t, alice, bob, 3 * MiB)
  const accepted = await bob.acceptTransfer({ transfer: id, directory: to })
  assert.equal(accepted.state, 'waiting')
  assert.match(accepted.advice ?? '', /wait for a direct path or another node/)
  await tell(alice, bob, 'The circuit is left to us')
  assert.deepEqual([(await bob.transfers({}))[0]?.state, (await bob.transfers({}))[0]?.doneBytes], ['waiting', 0])
})

/** A file that Alice offers to Bob. */
async function offered(t: TestContext, alice: TestPeer, bob: TestPeer, bytes: number) {
  const around = folder(t)
  const source = randomFile(path.join(around, 'source.bin'), bytes)
  const { id } = await alice.sendFiles({ peer: bob.id, paths: [source] })
  await until(() => bob.events.some(({ event }) => event === 'transfer-offered'), 'it is offered')
  return { source, id, to: path.join(around, 'to') }
}

/** A node with the relay of js-libp2p: it limits a circuit to two minutes and so many bytes, by default 128 KiB. */
async function limitedNode(t: TestContext, bytes = 128 * 1024): Promise<string> {
  const store = openMailboxes(':memory:')
  undo(t).defer(() => store.close())
  const { privateKey } = await identityFromSeed(randomBytes(32))
  const network = await createLibp2p({
    start: false,
    privateKey,
    addresses: { listen: [loopback] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 50 },
    services: {
      identify: identify(),
      ping: ping(),
      directDial: directDial(anyDial),
      places: nodePlaces(),
      relay: circuitRelayServer({ reservations: { defaultDataLimit: BigInt(bytes) } }),
    },
  })
  // The directory calls nothing of its relay here.
  const directory = new DirectoryServer(network as unknown as NodeNetwork, store, Date.now, () => {})
  await directory.start()
  await network.start()
  undo(t).defer(async () => {
    await directory.stop()
    await network.stop()
  })
  return network.getMultiaddrs()[0]?.toString() ?? assert.fail('the node does not listen')
}
