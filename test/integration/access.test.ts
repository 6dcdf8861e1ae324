/** A node whose operator decides who uses it: real node processes, whose lists are files that change while they run. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { netLimits } from '../../protocol/net/limits.ts'
import { bareHost, callCircuit, circuitStatus, connectTo, reserve } from '../support/circuit.ts'
import { folder, undo } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'
import { befriend, reservations, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { alice as aliceIdentity } from '../support/people.ts'
import { change } from '../support/numbers.ts'
import { anyPort, ready, runNode } from '../support/node-process.ts'

/** A node process with lists of that content. */
async function startListed(t: TestContext, lists: { block?: string; allow?: string }) {
  const data = folder(t)
  const files = { block: path.join(data, 'block'), allow: path.join(data, 'allow') }
  const args = Object.entries(lists).flatMap(([name, content]) => {
    const file = files[name as keyof typeof files]
    fs.writeFileSync(file, content)
    return [`--${name}`, file]
  })
  const node = runNode(t, ['--json', '--data', path.join(data, 'node'), ...anyPort, ...args])
  const { addresses, http } = await ready(node)
  return { node, nodes: addresses.slice(0, 1), files, http }
}

const relayed = (t: TestContext, nodes: readonly string[], name: string): Promise<TestPeer> =>
  startPeer(t, { nodes: [...nodes], name, direct: 'never' })

async function refused(peer: TestPeer, what = 'it is told'): Promise<void> {
  await until(async () => (await peer.self()).nodes[0]?.problem === 'not-admitted', what)
}

async function metric(http: string, name: string): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `)) ?? `${name} 0`
  return Number(line.slice(name.length))
}

test('a node with an allow list serves those in it, and tells everybody else that it does not accept them', async (t) => {
  const open = await startNode(t)
  const [alice, bob] = [await relayed(t, [], 'alice'), await relayed(t, [], 'bob')]
  const { nodes, http, node } = await startListed(t, { allow: `${alice.id}\n${bob.id}\n` })
  for (const peer of [alice, bob]) await peer.addNode({ address: nodes[0] ?? '' })
  await befriend(alice, bob)
  await tell(alice, bob, 'among ourselves')

  const carol = await relayed(t, nodes, 'carol')
  await refused(carol)
  const { state, reserved } = (await carol.self()).nodes[0] ?? assert.fail()
  assert.deepEqual([state, reserved], ['unreachable', false])
  await assert.rejects(carol.requestFriend({ to: 'ABCDE FGHJK' }), { code: 'not-admitted' })
  assert.ok((await metric(http, 'quorum_requests_total{kind="announce",outcome="not-admitted"}')) >= 1)
  // It goes on at her other node.
  await carol.addNode({ address: open.addresses()[0] ?? '' })
  await until(async () => (await reservations(carol)) === 1, 'the other node accepts her')
  assert.ok(!node.err().includes(carol.id))
})

test('who is not admitted is told about friends too, and gets neither a reservation nor a circuit', async (t) => {
  const alice = await relayed(t, [], 'alice')
  const { nodes, http } = await startListed(t, { allow: alice.id })
  await alice.addNode({ address: nodes[0] ?? '' })
  await until(async () => (await reservations(alice)) === 1, 'alice is reserved')

  const store = openMemoryStore()
  store.putFriend(befriended(alice.id, nodes))
  const carol = await startPeer(t, { store, nodes, direct: 'never' })
  await refused(carol)
  assert.equal((await carol.connection({ peer: alice.id })).adviceCode, 'not-admitted')

  const stranger = await bareHost()
  undo(t).defer(() => stranger.stop())
  const connection = await connectTo(stranger, nodes[0] ?? '')
  assert.equal(await reserve(connection), circuitStatus.denied)
  assert.equal((await callCircuit(connection, alice.id)).status, circuitStatus.denied)
  assert.equal((await callCircuit(connection, aliceIdentity.peer)).status, circuitStatus.denied)
  assert.equal(await metric(http, 'quorum_reservations'), 1)
})

test('SIGHUP reads the lists again: who is blocked now is put out with their circuits, and comes back after', async (t) => {
  const { node, nodes, files, http } = await startListed(t, { block: '' })
  const [alice, bob] = [await relayed(t, nodes, 'alice'), await relayed(t, nodes, 'bob')]
  await befriend(alice, bob)
  await until(async () => (await metric(http, 'quorum_circuits')) > 0, 'they are connected through the node')

  fs.writeFileSync(files.block, `${bob.id} # sends too much`)
  node.child.kill('SIGHUP')
  await refused(bob, 'bob is put out and told why')
  await until(async () => (await metric(http, 'quorum_circuits')) === 0, 'their circuit has ended')
  assert.equal(await metric(http, 'quorum_reservations'), 1)
  assert.equal(await metric(http, 'quorum_records'), 1)
  assert.equal((await alice.self()).nodes[0]?.state, 'connected')
  await until(async () => (await alice.connection({ peer: bob.id })).path === 'none', 'alice has lost him')

  fs.writeFileSync(files.block, '')
  node.child.kill('SIGHUP')
  await until(() => node.err().match(/were read again/g)?.length === 2, 'the list was read')
  await bob.addNode({ address: nodes[0] ?? '' })
  await tell(alice, bob, 'welcome back')
})

test('a mistake at SIGHUP is logged by list and line, and the former list stays', async (t) => {
  const alice = await relayed(t, [], 'alice')
  const { node, nodes, files } = await startListed(t, { allow: alice.id })
  await alice.addNode({ address: nodes[0] ?? '' })
  await until(async () => (await reservations(alice)) === 1, 'alice is reserved')
  fs.writeFileSync(files.allow, `# people\n${alice.id}x\n`)
  node.child.kill('SIGHUP')
  await until(() => /The list of --allow stays as it was; line 2: /.test(node.err()), 'it is logged')
  assert.ok(!node.err().includes(alice.id))
  await refused(await relayed(t, nodes, 'bob'))
  assert.equal((await alice.self()).nodes[0]?.state, 'connected')
})

test('a mistake at the start is bad usage, in one line with file and line', async (t) => {
  const file = path.join(folder(t), 'people')
  fs.writeFileSync(file, '192.0.2.1\n10.1.0.0/8\n')
  const node = runNode(t, ['--json', '--data', path.join(folder(t), 'data'), ...anyPort, '--block', file])
  assert.equal(await node.ended, 2)
  const said = `quorum-node: --block ${file}: line 2: "10.1.0.0/8" has bits beyond its prefix: the network is 10.0.0.0/8`
  assert.equal(node.err(), `${said}\n`)
})

test('without a list, SIGHUP to a node in the background ends nothing', async (t) => {
  const node = runNode(t, ['--json', '--data', folder(t), ...anyPort])
  const { http } = await ready(node)
  node.child.kill('SIGHUP')
  await until(() => node.err().includes('There is no list to read again'), 'it is logged')
  assert.equal((await fetch(`${http}/readyz`)).status, 200)
})

test('a network can be blocked; others of its address are not', async (t) => {
  const { nodes } = await startListed(t, { block: '127.0.0.2/31\n' })
  for (const [from, status] of [
    ['127.0.0.2', circuitStatus.denied],
    ['127.0.0.3', circuitStatus.denied],
    ['127.0.0.4', circuitStatus.ok],
  ] as const) {
    const host = await bareHost(undefined, from)
    undo(t).defer(() => host.stop())
    assert.equal(await reserve(await connectTo(host, nodes[0] ?? '')), status, from)
  }
})

test('who is not admitted has a seat for some seconds and takes no place from others (threats.md 14)', async (t) => {
  change(t, netLimits, { nodeConnections: 1, nodeSeatFor: 50 })
  const allowed = await relayed(t, [], 'alice')
  const node = await startNode(t, { admits: (peer) => peer === allowed.id })
  for (const from of ['127.0.0.2', '127.0.0.3']) {
    const host = await bareHost(undefined, from)
    undo(t).defer(() => host.stop())
    const connection = await connectTo(host, node.addresses()[0] ?? '')
    await until(() => connection.status !== 'open', 'the seat is over')
  }
  await allowed.addNode({ address: node.addresses()[0] ?? '' })
  await until(async () => (await reservations(allowed)) === 1, 'the only place was free')
})
