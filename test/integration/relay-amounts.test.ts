/** What a node relays has bounds that its operator chose: of a day in all, and of one peer in a second. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Libp2p, Stream } from '@libp2p/interface'
import { day, KiB } from '../../protocol/base/units.ts'
import { pull, push } from '../../protocol/net/streams.ts'
import { answerCircuits, bareHost, callCircuit, circuitStatus, connectTo, reserve } from '../support/circuit.ts'
import { folder, undo } from '../support/cleanup.ts'
import { befriend, reservations, startNode, startPeer, tell, until } from '../support/network.ts'
import { anyPort, ready, runNode } from '../support/node-process.ts'

/** Two guests of the node at `address`, of whom one calls the other. */
async function guests(t: TestContext, address: string) {
  const guest = async (): Promise<Libp2p> => {
    const host = await bareHost()
    undo(t).defer(() => host.stop())
    return host
  }
  const [caller, callee] = [await guest(), await guest()]
  const [from, to] = [await connectTo(caller, address), await connectTo(callee, address)]
  let arrived = Promise.withResolvers<Stream>()
  await answerCircuits(callee, (stream) => arrived.resolve(stream))
  assert.equal(await reserve(to), circuitStatus.ok)
  const call = async () => {
    arrived = Promise.withResolvers<Stream>()
    const { status, stream } = await callCircuit(from, callee.peerId.toString())
    return { status, stream, other: status === circuitStatus.ok ? await arrived.promise : stream }
  }
  return { call, reserve: () => reserve(from) }
}

async function received(stream: Stream, bytes: number): Promise<Buffer> {
  const read: Uint8Array[] = []
  let size = 0
  for await (const some of pull(stream)) {
    read.push(Uint8Array.from(some.subarray()))
    size += some.byteLength
    if (size >= bytes) break
  }
  return Buffer.concat(read)
}

/** Sends until the circuit ends. */
async function flood(stream: Stream): Promise<void> {
  while (stream.status === 'open') {
    await push(stream, randomBytes(32 * KiB)).catch(() => until(() => stream.status !== 'open', 'the circuit ended'))
  }
}

/** Reads until the circuit ends. */
async function drain(stream: Stream): Promise<void> {
  await received(stream, Infinity).catch(() => until(() => stream.status !== 'open', 'the circuit ended'))
}

test('when the amount of a day is used up, circuits end and none is made, also after a restart', async (t) => {
  const args = ['--json', '--data', folder(t), ...anyPort, '--relay-total', '1MB']
  let node = runNode(t, args)
  let { addresses, http } = await ready(node)
  const figures = async (): Promise<string> => (await fetch(`${http}/metrics`)).text()
  const { call, reserve: reserveAgain } = await guests(t, addresses[0] ?? '')
  const [first, idle] = [await call(), await call()]
  assert.deepEqual([first.status, idle.status], [circuitStatus.ok, circuitStatus.ok])
  assert.match(await figures(), /^quorum_relay_spent 0$/m)

  await Promise.all([flood(first.stream), drain(first.other)])
  await until(() => idle.stream.status !== 'open', 'a circuit that carries nothing ends, too')
  assert.equal((await call()).status, circuitStatus.tooMany)
  assert.equal(await reserveAgain(), circuitStatus.ok)
  assert.match(await figures(), /^quorum_relay_spent 1$/m)
  const [, today] = /^quorum_relayed_today_bytes (\d+)$/m.exec(await figures()) ?? []
  assert.ok(Number(today) >= 1e6 && Number(today) < 2e6, today)
  assert.match(await figures(), /^quorum_relayed_today_users\{by="peer",more="0"\} 2$/m)
  assert.match(await figures(), /^quorum_relayed_today_share\{by="address",top="1"\} 1$/m)
  assert.equal(node.err().match(/relays in a day is used up/g)?.length, 1)

  node.child.kill('SIGTERM')
  assert.equal(await node.ended, 0)
  node = runNode(t, args)
  ;({ addresses, http } = await ready(node))
  assert.match(await figures(), new RegExp(`^quorum_relayed_today_bytes ${today}$`, 'm'))
  const after = await guests(t, addresses[0] ?? '')
  assert.equal((await after.call()).status, circuitStatus.tooMany)
})

test('friends whose node has nothing left for the day are told that it refuses, and talk again the next day', async (t) => {
  let now = Date.now()
  const logged: string[] = []
  const node = await startNode(t, {
    now: () => now,
    relay: { perDay: 400_000 },
    log: (_, message) => void logged.push(message),
  })
  const nodes = node.addresses()
  const alice = await startPeer(t, { nodes, name: 'alice', direct: 'never' })
  const bob = await startPeer(t, { nodes, name: 'bob', direct: 'never' })
  await befriend(alice, bob)
  for (let count = 0; count < 10; count += 1) {
    await alice.sendMessage({ peer: bob.id, text: randomBytes(24 * KiB).toString('hex') })
  }
  await until(() => node.stats().relaySpent, 'the amount is used up')
  await until(() => node.stats().circuits === 0, 'their circuit has ended')
  const advised = async (): Promise<string | undefined> => (await alice.connection({ peer: bob.id })).adviceCode
  await until(async () => (await advised()) === 'node-refuses', 'alice is told')
  // It goes on introducing.
  const carol = await startPeer(t, { nodes, direct: 'never' })
  await until(async () => (await reservations(carol)) === 1, 'a newcomer is served')
  now += day
  await alice.connect({ peer: bob.id })
  await until(() => logged.some((line) => line.includes('relayed again')), 'the log says so')
  assert.equal(logged.filter((line) => line.includes('used up')).length >= 1, true)
})

test('with a rate for one peer everything arrives, no faster than that, over all circuits of the peer', async (t) => {
  const perPeer = 64_000
  const node = await startNode(t, { relay: { perPeer } })
  const { call } = await guests(t, node.addresses()[0] ?? '')
  const circuits = [await call(), await call()]
  const each = 120_000
  const begun = performance.now()
  await Promise.all(
    circuits.map(async ({ stream, other }) => {
      const sent = randomBytes(each)
      const arrives = received(other, each)
      for (let at = 0; at < each; at += 30_000) await push(stream, sent.subarray(at, at + 30_000))
      assert.deepEqual(await arrives, sent)
    }),
  )
  // The first second's bytes are there at once.
  const least = ((circuits.length * each) / perPeer - 1) * 1000
  const took = performance.now() - begun
  assert.ok(took >= least - 50, `${took} ms, at least ${least}`)
})

test('with a rate, a circuit whose receiver goes ends at once, and so does one whose sender is reset', async (t) => {
  const node = await startNode(t, { relay: { perPeer: 64_000 } })
  const { call } = await guests(t, node.addresses()[0] ?? '')
  for (const goes of ['other', 'stream'] as const) {
    const circuit = await call()
    const sending = flood(circuit.stream)
    await until(() => node.stats().circuits === 1 && node.stats().relayedBytes > 0, 'bytes wait for their turn')
    circuit[goes].abort(new Error('enough'))
    await sending
    await until(() => node.stats().circuits === 0, `${goes}: the circuit ends`)
  }
})

test('friends talk and send files over a node with a rate, without losing their path', async (t) => {
  const node = await startNode(t, { relay: { perPeer: 200_000 } })
  const nodes = node.addresses()
  const downloads = folder(t)
  const alice = await startPeer(t, { nodes, name: 'alice', direct: 'never' })
  const bob = await startPeer(t, { nodes, name: 'bob', direct: 'never', downloads })
  await befriend(alice, bob)
  const file = path.join(folder(t), 'file')
  fs.writeFileSync(file, randomBytes(700_000))
  const { id } = await alice.sendFiles({ peer: bob.id, paths: [file] })
  await until(async () => (await bob.transfers({})).length === 1, 'it is offered')
  await bob.acceptTransfer({ transfer: id })
  await tell(alice, bob, 'beside the file')
  await until(async () => (await bob.transfers({}))[0]?.state === 'done', 'it has arrived')
  assert.deepEqual(fs.readFileSync(path.join(downloads, 'file')), fs.readFileSync(file))
  const paths = bob.events.flatMap(({ event, data }) => (event === 'path-changed' ? [data.path] : []))
  assert.deepEqual(paths, ['relayed'])
})
