/** The public addresses of a peer, from the answers of its nodes. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { Reachability } from '../../../protocol/directory/reachability.ts'

type Answer = { reachable: boolean; observedAddress: string } | Error

/** A peer that listens on port 4001, with nodes that give these answers. */
function peer(...answers: Answer[]) {
  const nodes = answers.map((answer, index) => ({ node: `node ${index}`, answer, asked: [] as number[] }))
  const world = {
    nodes,
    changes: 0,
    mapped: [] as number[],
    sessions: nodes.map((one) => ({
      node: one.node,
      reachable: async (port: number) => {
        one.asked.push(port)
        if (one.answer instanceof Error) throw one.answer
        return one.answer
      },
    })),
  }
  const reachability = new Reachability({
    sessions: () => world.sessions,
    listening: () => ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.168.1.2/tcp/4001', '/ip4/192.168.1.2/tcp/4002/ws'],
    mapped: () => world.mapped,
    onChange: () => void (world.changes += 1),
    log: () => {},
  })
  const asked = async (what: 'check' | 'reset' = 'check'): Promise<Reachability> => {
    reachability[what]()
    await setImmediate()
    return reachability
  }
  return { world, reachability, asked }
}

const yes: Answer = { reachable: true, observedAddress: '/ip4/1.2.3.4/tcp/50123' }
const no: Answer = { reachable: false, observedAddress: '/ip4/1.2.3.4/tcp/50123' }

test('an address that a node dialled back counts, with the listening port and not the port of that connection', async () => {
  const { world, asked } = peer(yes)
  const { state, addresses } = await asked().then((self) => ({ state: self.state, addresses: self.addresses() }))
  assert.deepEqual([state, addresses], ['public', ['/ip4/1.2.3.4/tcp/4001']])
  assert.deepEqual(world.nodes[0]?.asked, [4001], 'each port once, and no WebSocket')
  assert.equal(world.changes, 1)
  await asked()
  assert.deepEqual(world.nodes[0]?.asked, [4001], 'a session is asked once')
})

test('a mapped port of a router is checked too, at the address that the node observes', async () => {
  const { world, reachability, asked } = peer(yes)
  world.mapped = [40_123]
  const self = await asked()
  assert.deepEqual(self.addresses(), ['/ip4/1.2.3.4/tcp/40123', '/ip4/1.2.3.4/tcp/4001'])
  world.mapped = []
  reachability.recheck()
  assert.deepEqual(self.addresses().length, 2, 'until it is known better')
  await setImmediate()
  assert.deepEqual(self.addresses(), ['/ip4/1.2.3.4/tcp/4001'])
})

test('an address that no node reached does not count', async () => {
  const { world, asked } = peer(no, no)
  const self = await asked()
  assert.deepEqual([self.state, self.addresses(), world.changes], ['private', [], 0])
})

test('one node that can connect is enough', async () => {
  const self = await peer(no, yes).asked()
  assert.deepEqual([self.state, self.addresses()], ['public', ['/ip4/1.2.3.4/tcp/4001']])
})

test('a private address, a circuit, a name and a failure prove nothing', async () => {
  for (const observedAddress of [
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/10.0.0.1/tcp/1',
    '/ip6/::1/tcp/1',
    '/dns4/example.org/tcp/1',
    '/ip4/1.2.3.4/tcp/1/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5/p2p-circuit',
  ]) {
    const self = await peer({ reachable: true, observedAddress }).asked()
    assert.deepEqual([self.state, self.addresses()], ['unknown', []], observedAddress)
  }
  assert.equal((await peer(new Error('an older node')).asked()).state, 'unknown')
})

test('in another network everything is requested again, and earlier answers do not count', async () => {
  const { world, reachability, asked } = peer(yes)
  await asked()
  const late = Promise.withResolvers<Exclude<Answer, Error>>()
  const [session] = world.sessions
  assert.ok(session)
  session.reachable = () => late.promise
  await asked('reset')
  assert.deepEqual([reachability.state, reachability.addresses(), world.changes], ['unknown', [], 2])
  session.reachable = async () => no
  await asked('reset')
  late.resolve(yes)
  await setImmediate()
  assert.equal(reachability.state, 'private')
})
