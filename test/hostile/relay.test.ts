/** Relays that fail, modify data, or restart while many peers wait (docs/threats.md 24 to 26). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection, Stream } from '@libp2p/interface'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { startAttacker } from '../support/attacker.ts'
import { stageOwner } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { HeadlessNode } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { befriend, reservations, startOpenNode, startPeer, tell, until } from '../support/network.ts'

guardProcess()

const crowd = 60
/** Milliseconds within which all peers must have reconnected. */
const back = 60_000

interface Hop {
  stream: { pb(codec: object): unknown; unwrap(): Stream }
}
/** The parts of the relay that a hostile one replaces. */
interface RelayInside {
  handleConnect(hop: Hop, options: object): Promise<void>
  stopHop(request: { connection: Connection }, options: object): Promise<Stream | undefined>
}

test('hostile 24: when a node restarts, all of its sixty peers reconnect', async (t) => {
  const node = await new HeadlessNode(new Stage(stageOwner(t))).start()
  const nodes = node.addresses
  const peers = await Promise.all(Array.from({ length: crowd }, () => startPeer(t, { nodes, direct: 'never' })))
  // The longest delay between two attempts is well below the promised time; the time measured here is only printed.
  assert.ok(2 * directoryLimits.nodeRetry.longest <= back)
  let there = 0
  const reserved = async (): Promise<number> => (there = await reservations(...peers))
  const all = (what: string): Promise<void> =>
    until(
      async () => (await reserved()) === crowd,
      () => `${what}: ${there} of ${crowd}`,
      () => there,
    )
  await all('all are there')
  await node.kill9()
  await until(async () => (await reserved()) === 0, 'all have noticed')
  await node.start()
  const begun = performance.now()
  await all('all are back')
  t.diagnostic(
    `${crowd} peers back after ${((performance.now() - begun) / 1000).toFixed(1)} s; ${back / 1000} s are promised`,
  )
})

test('hostile 25: a relay that modifies bytes ends the connection, but not the conversation', async (t) => {
  let spoil = 0
  const { address } = await startOpenNode(t, ({ services }) => {
    const relay = services.relay as unknown as RelayInside
    const { handleConnect } = relay
    relay.handleConnect = (hop, options) => {
      const unwrap = (): Stream => {
        const stream = hop.stream.unwrap()
        const send = stream.send.bind(stream)
        stream.send = (data) => {
          if (spoil === 0) return send(data)
          spoil -= 1
          const changed = data.slice()
          const at = Math.floor(changed.byteLength / 2)
          changed[at] = (changed[at] ?? 0) ^ 1
          return send(changed)
        }
        return stream
      }
      const stream = { pb: (codec: object) => hop.stream.pb(codec), unwrap }
      return handleConnect.call(relay, { ...hop, stream }, options)
    }
  })
  const options = { nodes: [address], direct: 'never' as const }
  const [alice, bob] = [await startPeer(t, options), await startPeer(t, options)]
  await befriend(alice, bob)
  const said: string[] = []
  for (let round = 0; round < 3; round += 1) {
    const circuit = async (): Promise<number> => (await alice.connection({ peer: bob.id })).since ?? 0
    const since = await circuit()
    // Two that dial at once have two circuits for a while, and the byte may be one of the other circuit.
    do {
      spoil = 1
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        await tell(from, to, `round ${round}`)
        said.push(`round ${round}`)
      }
      assert.equal(spoil, 0, 'a byte was changed')
    } while ((await circuit()) <= since)
  }
  for (const [self, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const texts = (await self.messages({ peer: other.id })).map(({ text }) => text)
    assert.deepEqual(texts, said)
    assert.deepEqual(
      self.events.filter(({ event }) => event === 'warning'),
      [],
    )
  }
})

test('hostile 26: a circuit to a peer other than the requested one is refused and reported', async (t) => {
  const mallory = await startAttacker(t)
  let lying = false
  const { address, network: node } = await startOpenNode(t, (network) => {
    const relay = network.services.relay as unknown as RelayInside
    const stopHop = relay.stopHop.bind(relay)
    relay.stopHop = (request, options) => {
      const other = network.getConnections().find(({ remotePeer }) => remotePeer.toString() === mallory.peer)
      return stopHop(lying && other != null ? { ...request, connection: other } : request, options)
    }
  })
  await mallory.dial(address)
  let called = 0
  mallory.host.addEventListener('connection:open', ({ detail }) => {
    if (detail.remoteAddr.toString().includes('/p2p-circuit')) called += 1
  })
  const options = { nodes: [address], direct: 'never' as const }
  const [alice, bob] = [await startPeer(t, options), await startPeer(t, options)]
  await befriend(alice, bob)
  await tell(alice, bob, 'honestly')
  lying = true
  for (const connection of node.getConnections()) {
    if (connection.remotePeer.toString() === alice.id) connection.abort(new Error('The circuit breaks'))
  }
  const tried = async () => (await alice.connection({ peer: bob.id })).tried
  const wrong = async (): Promise<boolean> =>
    (await tried()).some(({ kind, outcome }) => kind === 'relay' && outcome === 'wrong-peer')
  await until(wrong, 'Alice detects the other identity')
  const { id } = await alice.sendMessage({ peer: bob.id, text: 'for bob alone' })
  const { path, advice } = await alice.connection({ peer: bob.id })
  assert.equal(path, 'none')
  assert.match(advice ?? '', /somebody else/i)
  assert.equal((await alice.messages({ peer: bob.id })).find((message) => message.id === id)?.state, 'queued')
  assert.equal(called, 0, 'no peer talks to Mallory')
  lying = false
  const delivered = async (): Promise<boolean> =>
    (await alice.messages({ peer: bob.id })).some((message) => message.id === id && message.state === 'delivered')
  await until(delivered, 'bob has it, once the node is honest')
})
