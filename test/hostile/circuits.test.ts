/**
 * Circuits whose two ends work together against the relay: one sends, the other takes nothing (docs/threats.md 82 and
 * 83). The rounds in which the relay looks at its circuits are made by the test.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { hour, KiB, MiB } from '../../protocol/base/units.ts'
import { Circuits, type CircuitLimits } from '../../protocol/net/circuits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { pull, push } from '../../protocol/net/streams.ts'
import { answerCircuits, bareHost, callCircuit, circuitStatus, connectTo, reserve } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { startOpenNode, until } from '../support/network.ts'

guardProcess()

/** No bound but those that a test states. */
const boundless: CircuitLimits = {
  round: hour,
  stalled: Infinity,
  waitingPerAddress: [Infinity, Infinity],
  waiting: Infinity,
}
/** Bytes for an end that takes nothing: more than its window, less than waits at the relay in addition. */
const light = 1000 * KiB
const heavy = 1400 * KiB

interface Pair {
  caller: Stream
  callee: Stream
  /** The caller's connection to the node. */
  connection: Connection
}

/** A node with these limits, and a way to make pairs with a circuit through it, whose callee takes nothing at first. */
async function scene(t: TestContext, limits: Partial<CircuitLimits>) {
  const circuits = new Circuits({ ...boundless, ...limits })
  const { address } = await startOpenNode(t, () => {}, { circuits })
  const guest = async (from: string): Promise<{ host: Libp2p; connection: Connection }> => {
    const host = await bareHost(undefined, from)
    undo(t).defer(() => host.stop())
    return { host, connection: await connectTo(host, address) }
  }
  const pair = async (from = '127.0.0.2'): Promise<Pair> => {
    const [one, other] = [await guest(from), await guest(from)]
    const answered = Promise.withResolvers<Stream>()
    await answerCircuits(other.host, (stream) => {
      stream.pause()
      answered.resolve(stream)
    })
    assert.equal(await reserve(other.connection), circuitStatus.ok)
    const { status, stream } = await callCircuit(one.connection, other.host.peerId.toString())
    assert.equal(status, circuitStatus.ok)
    return { caller: stream, callee: await answered.promise, connection: one.connection }
  }
  return { circuits, pair, guest }
}

/** Sends `bytes` to an end that reads nothing: they wait on their way. */
function fill({ caller }: Pair, bytes: number): void {
  const send = async (): Promise<void> => {
    for (let left = bytes; left > 0; left -= 50 * KiB) await push(caller, randomBytes(Math.min(left, 50 * KiB)))
  }
  // It ends with the stream.
  void send().catch(() => {})
}

const over = ({ caller, callee }: Pair): boolean => caller.status !== 'open' && callee.status !== 'open'

/** What the relay holds for a circuit whose receiver reads nothing no longer changes. */
async function stalled(circuits: Circuits): Promise<void> {
  let [last, unchanged] = [-1, 0]
  await until(() => {
    unchanged = circuits.usage.total === last ? unchanged + 1 : 0
    last = circuits.usage.total
    return last > 0 && unchanged === 20
  }, 'nothing moves any more')
}

test('hostile 82: who leaves while the other end takes nothing takes the circuit along', async (t) => {
  const { circuits, pair } = await scene(t, {})
  const all = [await pair(), await pair(), await pair()]
  for (const one of all) fill(one, heavy)
  await stalled(circuits)
  const [reset, lost, taken] = all
  reset?.caller.abort(new Error('enough'))
  await until(() => circuits.size === 2, 'a reset ends it')
  lost?.connection.abort(new Error('cable pulled'))
  await until(() => circuits.size === 1, 'the end of the connection ends it')
  taken?.callee.abort(new Error('enough'))
  await until(() => circuits.size === 0 && all.every(over), 'so does a reset by the receiver')
})

test('who has said everything and closed may go: it is delivered, however late it is read', async (t) => {
  const { circuits, pair } = await scene(t, {})
  const { caller, callee } = await pair()
  // More than a window: the end of it waits at the relay.
  const sent = randomBytes(light)
  await callee.close()
  await push(caller, sent)
  await caller.close()
  await until(() => caller.status === 'closed', 'the caller has no stream any more')
  await stalled(circuits)
  const read: Uint8Array[] = []
  callee.resume()
  for await (const bytes of pull(callee)) read.push(Uint8Array.from(bytes.subarray()))
  assert.ok(Buffer.concat(read).equals(sent))
  await until(() => circuits.size === 0, 'the circuit ended')
})

test('hostile 82: a circuit through which nothing gets ends; a silent one and a slow one go on', async (t) => {
  const rounds = 4
  const { circuits, pair } = await scene(t, { stalled: rounds * hour })
  const [silent, slow, stuck] = [await pair(), await pair(), await pair()]
  fill(slow, Infinity)
  fill(stuck, heavy)
  await stalled(circuits)
  slow.callee.resume()
  const reader = pull(slow.callee)
  for (let round = 0; round < 2 * rounds; round += 1) {
    // More than waits at the reader: some of it comes through the relay.
    for (let taken = 0; taken < 3 * MiB; taken += (await reader.next()).value?.byteLength ?? assert.fail('it ended'));
    assert.equal(circuits.size, round > rounds ? 2 : 3)
    circuits.look()
  }
  await until(() => over(stuck), 'the stuck one ends')
  assert.equal(circuits.size, 2)
  await push(silent.caller, Buffer.from('still here'))
  silent.callee.resume()
  const { value } = await pull(silent.callee).next()
  assert.equal(Buffer.from(value?.subarray() ?? []).toString(), 'still here')
})

test('hostile 82: what waits in the circuits of an address is bounded, and the heaviest give way', async (t) => {
  const { circuits, pair } = await scene(t, { waitingPerAddress: [2 * MiB, Infinity] })
  const [silent, small] = [await pair(), await pair()]
  const large = [await pair(), await pair(), await pair(), await pair()]
  const elsewhere = await pair('127.0.0.3')
  fill(small, light)
  for (const one of [...large, elsewhere]) fill(one, heavy)
  await stalled(circuits)
  circuits.look()
  await until(() => large.some(over), 'some of them end')
  await until(() => circuits.size === 7 - large.filter(over).length, 'for both sides')
  assert.ok(large.filter(over).length >= 2, `${large.filter(over).length} of the large ones ended`)
  assert.deepEqual([silent, small, elsewhere].map(over), [false, false, false])
})

test('hostile 82: what waits in all circuits is bounded, and addresses with little waiting keep theirs', async (t) => {
  const { circuits, pair } = await scene(t, { waiting: 2 * MiB })
  const few = await pair('127.0.0.3')
  const many = [await pair(), await pair(), await pair(), await pair(), await pair()]
  fill(few, heavy)
  for (const one of many) fill(one, light)
  await stalled(circuits)
  circuits.look()
  await until(() => many.some(over), 'some of the many end')
  assert.equal(over(few), false)
  assert.ok(circuits.size < 6)
})

test('hostile 83: all encodings of a PeerId share the rates of circuits asked for in vain', async (t) => {
  const { guest } = await scene(t, {})
  const { connection } = await guest('127.0.0.2')
  const { host: target } = await guest('127.0.0.3')
  const key = peerIdFromString(target.peerId.toString()).toMultihash().digest
  const answers: number[] = []
  for (let asked = 0; asked <= netLimits.connectsPerPair.tokens; asked += 1) {
    // An unknown field behind the key.
    const encoded = Buffer.concat([key, Buffer.from([0x1a, 1, asked])])
    const { status, stream } = await callCircuit(connection, Buffer.from([0, encoded.byteLength, ...encoded]))
    stream.abort(new Error('refused'))
    answers.push(status)
  }
  assert.deepEqual([...new Set(answers)], [circuitStatus.noReservation, circuitStatus.tooMany])
})
