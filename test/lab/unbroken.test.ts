/**
 * A conversation of ten messages a second each way, between real processes in the NAT lab, while its paths appear and
 * disappear: no message is lost, duplicated or reordered, and the conversation always continues. The time until then is
 * printed beside the promised time, but not asserted, since it depends on the load of the machine.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { stageOwner, undo } from '../support/cleanup.ts'
import { Dialogue } from '../support/dialogue.ts'
import { befriend, HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Lab, type Network, type Place } from '../support/lab.ts'
import { needsLab } from '../support/lab-needs.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

/** Promised seconds until it continues: with messages in flight, and after an idle period. */
const goesOn = 10
const noticedIdle = 45
/** Milliseconds. A sender treats a path that drops everything for that long as dead. */
const pulledFor = 4000
const lossyFor = 10_000
/** One that stays relayed, and one that is direct. */
const pairs: [Network, Network][] = [
  ['symmetric', 'symmetric'],
  ['open', 'cone'],
]

interface World {
  lab: Lab
  stage: Stage
  /** A second node. */
  node(): Promise<HeadlessNode>
  /** A node that is not disturbed. */
  lasting: HeadlessNode
}

interface Home {
  peer: HeadlessPeer
  place: Place
}

test('paths appear and disappear during a busy conversation', { ...needsLab, concurrency: true }, async (t) => {
  const world = await startWorld(t)
  await Promise.all([
    t.test('from direct to relayed, to another node, to direct', (sub) => comeAndGo(sub, world)),
    ...pairs.flatMap((pair) => [
      t.test(`${pair.join(' × ')}: cables and addresses`, (sub) => cables(sub, world, pair)),
      t.test(`${pair.join(' × ')}: a cable drops everything while the conversation is idle`, (sub) =>
        idle(sub, world, pair),
      ),
    ]),
  ])
})

async function comeAndGo(t: TestContext, world: World): Promise<void> {
  const nodes = [await world.node(), await world.node()]
  const { ann, ben } = await friends(world, nodes, 'cone', 'cone-remapped')
  await path(ann, ben, 'direct')
  const talk = new Dialogue(ann.peer, ben.peer)
  await talk.flows()

  let begun = performance.now()
  ann.place.cable.cut(ben.place.outside)
  await path(ann, ben, 'relayed')
  await talk.flows()
  took(t, 'the direct path fell silent', talk.longest(begun))

  const { via } = await ann.peer.call('connection', { peer: ben.peer.id })
  const carrying = nodes.find(({ addresses }) => addresses[0]?.endsWith(via ?? '-')) ?? assert.fail()
  begun = performance.now()
  await carrying.kill9()
  await talk.flows()
  took(t, 'the node that carried it was killed', talk.longest(begun))
  const now = await ann.peer.call('connection', { peer: ben.peer.id })
  assert.deepEqual([now.path, now.via === via], ['relayed', false])

  begun = performance.now()
  ann.place.cable.mend()
  await carrying.start()
  await path(ann, ben, 'direct')
  await talk.flows()
  took(t, 'a direct path was there again', talk.longest(begun))
  t.diagnostic(`${await talk.end()} messages`)
}

async function cables(t: TestContext, world: World, pair: [Network, Network]): Promise<void> {
  const { ann, ben } = await friends(world, [world.lasting], ...pair)
  await path(ann, ben, pathOf(pair))
  const talk = new Dialogue(ann.peer, ben.peer)
  await talk.flows()

  let begun = performance.now()
  ann.place.cable.pull()
  await pause(pulledFor)
  ann.place.cable.plug()
  let possible = performance.now()
  await talk.flows()
  took(t, 'the cable was pulled and plugged in again', talk.longest(begun, possible))

  begun = performance.now()
  ann.place.cable.cut()
  await pause(lossyFor)
  ann.place.cable.mend()
  possible = performance.now()
  await talk.flows()
  took(t, 'the cable lost everything for a while', talk.longest(begun, possible))

  begun = performance.now()
  ann.place.move()
  await talk.flows()
  took(t, 'the machine got another address', talk.longest(begun))
  t.diagnostic(`${await talk.end()} messages`)
}

async function idle(t: TestContext, world: World, pair: [Network, Network]): Promise<void> {
  const { ann, ben } = await friends(world, [world.lasting], ...pair)
  await path(ann, ben, pathOf(pair))
  const begun = performance.now()
  ann.place.cable.cut()
  await Promise.all([ann.peer.sees(ben.peer, false), ben.peer.sees(ann.peer, false)])
  took(t, 'both noticed', (performance.now() - begun) / 1000, noticedIdle)
  const [ours] = [ann.peer.send(ben.peer, 'still here?'), ben.peer.send(ann.peer, 'and you?')]
  assert.equal((await ours)?.state, 'queued')
  ann.place.cable.mend()
  const possible = performance.now()
  await Promise.all([
    ann.peer.has(ben.peer, 'still here?', 'delivered'),
    ben.peer.has(ann.peer, 'and you?', 'delivered'),
  ])
  took(t, 'it went on', (performance.now() - possible) / 1000)
}

function pathOf(pair: [Network, Network]): 'direct' | 'relayed' {
  return pair.includes('symmetric') ? 'relayed' : 'direct'
}

function took(t: TestContext, what: string, seconds: number, promised = goesOn): void {
  assert.ok(Number.isFinite(seconds), `${what}: nothing arrived`)
  t.diagnostic(`${what}: ${seconds.toFixed(1)} s; ${promised} s are promised`)
}

/** Returns when both report it. */
async function path(ann: Home, ben: Home, wanted: 'direct' | 'relayed'): Promise<void> {
  let last: unknown
  await until(
    async () => {
      const [one, other] = await Promise.all([
        ann.peer.call('connection', { peer: ben.peer.id }),
        ben.peer.call('connection', { peer: ann.peer.id }),
      ])
      last = [one, other]
      return one.path === wanted && other.path === wanted
    },
    () => `a ${wanted} path; the last was ${JSON.stringify(last)}`,
  )
}

/** Two friends, each behind a network, and nodes that both use. */
async function friends(
  { lab, stage }: World,
  nodes: readonly HeadlessNode[],
  ...networks: [Network, Network]
): Promise<{ ann: Home; ben: Home }> {
  const addresses = nodes.flatMap((node) => node.addresses)
  const [ann, ben] = await Promise.all(
    networks.map(async (network, at) => {
      const place = await lab.place(network)
      const name = `${at === 0 ? 'ann' : 'ben'} ${place.outside} ${place.space.pid}`
      const setup = { nodes: addresses, args: ['--listen', '/ip4/0.0.0.0/tcp/0'], through: place.space.enter }
      return { place, peer: await new HeadlessPeer(stage, name, setup).start() }
    }),
  )
  assert.ok(ann && ben)
  await befriend(ann.peer, ben.peer)
  return { ann, ben }
}

async function startWorld(t: TestContext): Promise<World> {
  const lab = await Lab.create(undo(t))
  const stage = new Stage(stageOwner(t))
  let count = 0
  const node = async (): Promise<HeadlessNode> => {
    count += 1
    const { space, ip4 } = await lab.server()
    return new HeadlessNode(stage, `node-${count}`, { listen: [`/ip4/${ip4}/tcp/4001`], through: space.enter }).start()
  }
  return { lab, stage, node, lasting: await node() }
}
