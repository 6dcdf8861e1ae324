/**
 * Which pairs of networks reach each other, and by which path: a peer behind each kind of network meets one behind each
 * other kind, as real processes in the NAT lab. Guaranteed results are asserted; the others are recorded in the table
 * of docs/connectivity.md.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stageOwner, undo } from '../support/cleanup.ts'
import { HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Lab, networks, type Network, type Place } from '../support/lab.ts'
import { meet, watch, Witness, type Guest, type Meeting } from '../support/lab-meeting.ts'
import { distance, saveTable, tableOf } from '../support/lab-table.ts'
import type { Namespace } from '../support/lab-namespace.ts'
import { needsLab } from '../support/lab-needs.ts'
import { Stage } from '../support/line-process.ts'

/** Seconds within which every pair must talk. Only printed, since it also depends on the load of the machine. */
const connected = 10
/** Seconds after acceptance to observe a pair that may stay on the relay, and one that must become direct. */
const mayStay = 10
const mustNotStay = 30
/** Pairs that meet in parallel. Observing them needs little processor time. */
const atOnce = 3
/** Every interface, as in the default. */
const everywhere = ['--listen', '/ip4/0.0.0.0/tcp/0', '--listen', '/ip6/::/tcp/0']
/** The network of a second peer behind the router of the first peer in `cone`. */
const sameLan = 'same LAN'

test('the matrix: every kind of network with every kind', needsLab, async (t) => {
  const lab = await Lab.create(undo(t))
  const stage = new Stage(stageOwner(t))
  const server = await lab.server()
  const listen = [`/ip4/${server.ip4}/tcp/4001`, `/ip6/${server.ip6}/tcp/4001`, `/ip4/${server.ip4}/tcp/443/ws`]
  const node = await new HeadlessNode(stage, 'node', { listen, through: server.space.enter }).start()
  // A node on a public address announces it without being configured to.
  for (const address of listen) assert.ok(node.addresses.some((one) => one.startsWith(`${address}/p2p/`)))

  const sit = async (network: string, space: Namespace, name: string): Promise<Guest> => {
    const setup = { nodes: node.addresses, ephemeral: true, args: everywhere, through: space.enter }
    const peer = new HeadlessPeer(stage, name, setup)
    const witness = new Witness(peer)
    await peer.start()
    return { network, peer, witness }
  }
  const { LAB_TABLE: file, LAB_NETWORKS: some } = process.env
  const kinds = (Object.keys(networks) as Network[]).filter((kind) => some?.split(',').includes(kind) ?? true)
  const inTurn = turns(atOnce)
  const places: Place[] = []
  for (const network of [...kinds, ...kinds]) places.push(await lab.place(network))
  const neighbour = await places[kinds.indexOf('cone')]?.neighbour()
  assert.ok(neighbour)
  const [near, ...guests] = await Promise.all([
    inTurn(() => sit(sameLan, neighbour, 'neighbour')),
    ...places.map(({ network, space }, index) => inTurn(() => sit(network, space, `${network}-${index}`))),
  ])
  // Two of each kind: the first meets the second of its own kind and of every later kind.
  const pairs = kinds.flatMap((_, one) =>
    kinds.slice(one).map((_, ahead): [Guest, Guest] => [at(guests, one), at(guests, kinds.length + one + ahead)]),
  )
  pairs.push([at(guests, kinds.indexOf('cone')), near])

  const meetings = await Promise.allSettled(
    pairs.map(async ([host, guest]) => {
      const { accepted } = await inTurn(() => meet(host, guest))
      return watch(host, guest, accepted, expected(host, guest) === 'direct' ? mustNotStay : mayStay)
    }),
  )
  for (const [index, [host, guest]] of pairs.entries()) {
    await t.test(`${host.network} × ${guest.network}`, () => {
      const result = meetings[index]
      if (result?.status !== 'fulfilled') throw result?.reason
      check(result.value, expected(host, guest))
    })
  }
  const table = meetings.flatMap((result): Meeting[] => (result.status === 'fulfilled' ? [result.value] : []))
  t.diagnostic(distance(lab.delay))
  const late = table.filter(({ firstMessage }) => firstMessage >= connected).map(({ pair }) => pair.join(' × '))
  t.diagnostic(`after ${connected} s or more had talked: ${late.join(', ') || 'no pair'}`)
  for (const line of tableOf(table).split('\n')) t.diagnostic(line)
  if (file != null && table.length === pairs.length) saveTable(file, table, lab.delay)
})

/** The path that a pair must get on any implementation; `either` if it depends on hole punching. */
function expected(host: Guest, guest: Guest): 'direct' | 'relayed' | 'either' {
  const pair = [host.network, guest.network]
  // They can dial only port 443, and no peer can dial them.
  if (pair.includes('443-only')) return 'relayed'
  if (pair.includes('open') || pair.includes(sameLan)) return 'direct'
  if (pair.every((network) => network === 'ipv6-open')) return 'direct'
  // The next port that such a router picks is unpredictable.
  return pair.includes('symmetric') ? 'relayed' : 'either'
}

function check(meeting: Meeting, path: ReturnType<typeof expected>): void {
  const told = JSON.stringify(meeting)
  assert.notEqual(meeting.path, 'none', told)
  if (path !== 'either') assert.equal(meeting.path, path, told)
  if (path === 'direct') assert.ok(meeting.direct != null, told)
  if (meeting.pair.includes('443-only')) assert.match(meeting.transport, /websocket/, told)
  assert.notEqual(meeting.reason, '', told)
}

function at<T>(all: readonly T[], index: number): T {
  return all[index] ?? assert.fail(`there is no number ${index}`)
}

/** Limits the number of tasks that run at a time; they start in order. */
function turns(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = places
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free -= 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next == null) free += 1
      else next()
    }
  }
}
