/**
 * The relay as a stranger may use it: its caps, what it frees and when, and that it never connects to the wrong peer.
 * The test speaks the protocol by hand, so that no rule of the peer's side hides a rule of the relay.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { MemoryDatastore } from 'datastore-core'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import type { NodeNetwork } from '../../protocol/net/libp2p.ts'
import { pull, push } from '../../protocol/net/streams.ts'
import { startAttacker } from '../support/attacker.ts'
import { answerCircuits, bareHost, callCircuit, circuitStatus, connectTo, reserve } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { startNode, startOpenNode, until } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'

interface Guest {
  host: Libp2p
  id: string
  connection: Connection
}

async function guest(t: TestContext, node: string): Promise<Guest> {
  const host = await bareHost()
  undo(t).defer(() => host.stop())
  return { host, id: host.peerId.toString(), connection: await connectTo(host, node) }
}

/** A reservation without a connection: 255 real connections would prove nothing more. */
async function occupy(network: NodeNetwork, address: Multiaddr): Promise<void> {
  const { reservationStore } = network.services.relay as unknown as {
    reservationStore: { reserve(peer: ReturnType<typeof peerIdFromString>, address: Multiaddr): { status: string } }
  }
  const { peer } = await identityFromSeed(randomBytes(32))
  assert.equal(reservationStore.reserve(peerIdFromString(peer), address).status, 'OK')
}

test('reservations are capped per address and freed with their connection (threats.md 20)', async (t) => {
  const { address, network } = await startOpenNode(t)
  const stats = () => network.services.relay.stats()
  const last = await guest(t, address)
  const tooMany = await guest(t, address)
  for (let made = 1; made < netLimits.reservationsPerAddress; made += 1) {
    await occupy(network, multiaddr('/ip4/127.0.0.1/tcp/9'))
  }
  assert.equal(await reserve(last.connection), circuitStatus.ok)
  assert.equal(await reserve(tooMany.connection), circuitStatus.refused)
  // A repeated request does not count twice; a request from another address finds room.
  assert.equal(await reserve(last.connection), circuitStatus.ok)
  await occupy(network, multiaddr('/ip4/192.0.2.1/tcp/9'))
  assert.deepEqual(
    [stats().reservations, stats().refused, network.services.relay.reserved(tooMany.id)],
    [netLimits.reservationsPerAddress + 1, 1, false],
  )

  await last.host.stop()
  await until(() => !network.services.relay.reserved(last.id), 'the reservation is freed')
  assert.equal(await reserve(tooMany.connection), circuitStatus.ok)
})

test('a peer may ask for its reservation some times a minute, and keeps the one it has (threats.md 20)', async (t) => {
  change(t, netLimits, { reservationsAsked: { tokens: 2, per: hour } })
  const { address, network } = await startOpenNode(t)
  const { id, connection } = await guest(t, address)
  const statuses: number[] = []
  for (let asked = 0; asked < 4; asked += 1) statuses.push(await reserve(connection))
  assert.deepEqual(statuses, [circuitStatus.ok, circuitStatus.ok, circuitStatus.refused, circuitStatus.refused])
  assert.ok(network.services.relay.reserved(id))
  assert.equal(await reserve((await guest(t, address)).connection), circuitStatus.ok)
})

test('circuits are capped per peer, whichever side calls, and 200 ended circuits leave nothing behind', async (t) => {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const [callee, first, second] = [await guest(t, address), await guest(t, address), await guest(t, address)]
  await answerCircuits(callee.host, echo)
  assert.equal((await callCircuit(first.connection, callee.id)).status, circuitStatus.noReservation)
  assert.equal(await reserve(callee.connection), circuitStatus.ok)

  const open: Stream[] = []
  const call = async (from: Guest): Promise<number> => {
    const { status, stream } = await callCircuit(from.connection, callee.id)
    if (status === circuitStatus.ok) open.push(stream)
    return status
  }
  for (let made = 0; made < netLimits.circuitsPerPeer; made += 1) {
    assert.equal(await call(made % 2 === 0 ? first : second), circuitStatus.ok)
  }
  assert.equal(await call(first), circuitStatus.denied)
  assert.equal(await call(second), circuitStatus.denied)
  assert.equal(node.stats().circuits, netLimits.circuitsPerPeer)
  // Half of them close, the other half abort.
  for (const [index, stream] of open.entries()) {
    if (index % 2 === 0) await stream.close()
    else stream.abort(new Error('enough'))
  }
  await until(() => node.stats().circuits === 0, 'the circuits ended')

  for (let made = 0; made < 200; made += 1) {
    const { status, stream } = await callCircuit(first.connection, callee.id)
    assert.equal(status, circuitStatus.ok)
    const sent = randomBytes(1000)
    await push(stream, sent)
    await stream.close()
    assert.deepEqual(await read(stream), sent)
  }
  await until(() => node.stats().circuits === 0, 'the circuits ended')
  const { connections, reservations, refused } = node.stats()
  assert.deepEqual({ connections, reservations, refused }, { connections: 3, reservations: 1, refused: 2 })

  // A peer that disconnects ends its circuits.
  assert.equal((await callCircuit(first.connection, callee.id)).status, circuitStatus.ok)
  assert.equal((await callCircuit(second.connection, callee.id)).status, circuitStatus.ok)
  assert.equal(node.stats().circuits, 2)
  callee.connection.abort(new Error('cable pulled'))
  await until(() => node.stats().circuits === 0 && node.stats().reservations === 0, 'nothing of it is left')
  for (const { host } of [first, second]) await host.stop()
  await until(() => node.stats().connections === 0, 'everybody left')
})

test('asking for circuits in vain is limited, and its answer tells nobody who is there (threats.md 65)', async (t) => {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const [callee, away, caller] = [await guest(t, address), await guest(t, address), await guest(t, address)]
  assert.equal(await reserve(callee.connection), circuitStatus.ok)
  // The callee does not speak the protocol: it refuses every circuit.
  const { tokens } = netLimits.connectsPerPair
  for (const target of [callee, away]) {
    const answers: number[] = []
    for (let asked = 0; asked <= tokens; asked += 1) {
      const { status, stream } = await callCircuit(caller.connection, target.id)
      stream.abort(new Error('refused'))
      answers.push(status)
    }
    assert.deepEqual([...new Set(answers)], [circuitStatus.noReservation, circuitStatus.tooMany])
    assert.ok(answers.indexOf(circuitStatus.tooMany) >= tokens, answers.join(' '))
  }
})

test('a circuit carries every byte in both directions at once, and each half closes on its own', async (t) => {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const [callee, caller] = [await guest(t, address), await guest(t, address)]
  await answerCircuits(callee.host, echo)
  assert.equal(await reserve(callee.connection), circuitStatus.ok)
  const { stream } = await callCircuit(caller.connection, callee.id)
  const sent = randomBytes(20_000_000)
  const answered = read(stream)
  for (let at = 0; at < sent.byteLength; at += 60_000) await push(stream, sent.subarray(at, at + 60_000))
  await stream.close()
  assert.ok((await answered).equals(sent))
  assert.equal(node.stats().relayedBytes, 2 * sent.byteLength)
  await until(() => node.stats().circuits === 0, 'the circuit ended')
})

test('a circuit uses the newest connection of the callee', async (t) => {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const [callee, caller] = [await guest(t, address), await guest(t, address)]
  assert.equal(await reserve(callee.connection), circuitStatus.ok)
  // As after a change of network: the node has not detected yet that the old connection is dead.
  const again = await callee.host.dial(multiaddr(address), { force: true })
  assert.notEqual(again.id, callee.connection.id)
  assert.equal(await reserve(again), circuitStatus.ok)
  const over: string[] = []
  await answerCircuits(callee.host, (_stream, connection) => void over.push(connection.id))
  assert.equal((await callCircuit(caller.connection, callee.id)).status, circuitStatus.ok)
  assert.deepEqual(over, [again.id])
})

async function echo(stream: Stream): Promise<void> {
  for await (const bytes of pull(stream)) await push(stream, bytes)
  await stream.close()
}

async function read(stream: Stream): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const bytes of pull(stream)) all.push(Uint8Array.from(bytes.subarray()))
  return Buffer.concat(all)
}

test('when the caller disappears, the circuit ends for the callee', async (t) => {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const [callee, caller] = [await guest(t, address), await guest(t, address)]
  const ends: Stream[] = []
  await answerCircuits(callee.host, (stream) => void ends.push(stream))
  assert.equal(await reserve(callee.connection), circuitStatus.ok)
  for (let made = 0; made < 3; made += 1) {
    assert.equal((await callCircuit(caller.connection, callee.id)).status, circuitStatus.ok)
  }
  await until(() => ends.length === 3 && node.stats().circuits === 3, 'the circuits are there')
  caller.connection.abort(new Error('cable pulled'))
  await until(() => ends.every(({ status }) => status !== 'open'), 'they are over for the callee')
  await until(() => node.stats().circuits === 0, 'and for the node')
  assert.equal(callee.connection.status, 'open')
})

test('a node deletes what it stored about a peer that disconnected', async (t) => {
  // The peer store of libp2p is not accessible: the node is the first here that writes to a datastore.
  const { mock } = t.mock.method(MemoryDatastore.prototype, 'put')
  const memory = (): MemoryDatastore | undefined => mock.calls[0]?.this as MemoryDatastore | undefined
  const [address = ''] = (await startNode(t)).addresses()
  await until(() => memory() != null, 'the node remembers itself')
  const remembers = async (peer: string): Promise<boolean> =>
    (await Array.fromAsync(memory()?.queryKeys({}) ?? [])).some((key) =>
      key.toString().endsWith(peerIdFromString(peer).toCID().toString()),
    )
  const guests = [await startAttacker(t), await startAttacker(t), await startAttacker(t)]
  for (const { peer, dial } of guests) {
    await dial(address)
    await until(() => remembers(peer), 'the node knows its guest')
  }
  for (const { host } of guests) await host.stop()
  for (const { peer } of guests) await until(async () => !(await remembers(peer)), 'it has forgotten it')
})
