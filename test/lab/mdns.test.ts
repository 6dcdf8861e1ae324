/**
 * What multicast DNS is for on a local network without a node: friends find each other, and a code finds its invite.
 * Strangers there are not dialled, and nobody says anything who was not told to.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { befriend, HeadlessPeer, talking } from '../support/headless.ts'
import { undo, stageOwner } from '../support/cleanup.ts'
import { Lab } from '../support/lab.ts'
import { needsLab } from '../support/lab-needs.ts'
import { labWithNode } from '../support/lab-node.ts'
import type { Namespace } from '../support/lab-namespace.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

const anyPort = ['--listen', '/ip4/0.0.0.0/tcp/0']

/** Counts incoming and outgoing packets of a host: connection attempts and multicast DNS. */
function counted(space: Namespace): (what: 'calls' | 'called' | 'sent' | 'received') => number {
  const counter = (what: string, hook: string, packets: string): string => `
    counter ${what} { packets 0 bytes 0; }
    chain ${what} {
      type filter hook ${hook} priority filter;
      ${packets} counter name ${what}
    }`
  const [call, mdns] = ['tcp flags syn / syn,ack', 'udp dport 5353']
  space.nft(`table inet counted {
    ${counter('calls', 'output', call)}
    ${counter('called', 'input', call)}
    ${counter('sent', 'output', mdns)}
    ${counter('received', 'input', mdns)}
  }`)
  return (what) => {
    const listing = space.run(['nft', 'list', 'counter', 'inet', 'counted', what])
    return Number(/packets (\d+)/.exec(listing)?.[1] ?? assert.fail(listing))
  }
}

test('friends find each other by mDNS without a node; strangers are not dialled', needsLab, async (t) => {
  const { lab, stage, node } = await labWithNode(t)
  const home = await lab.place('cone')
  const start = (name: string, space: Namespace): Promise<HeadlessPeer> =>
    new HeadlessPeer(stage, name, { nodes: node.addresses, args: anyPort, through: space.enter }).start()
  const [alice, bob] = [await start('alice', home.space), await start('bob', await home.neighbour())]
  await befriend(alice, bob)
  for (const one of [alice, bob]) await one.stop()
  await node.stop()

  // On ports that neither has stored, and without a node.
  const [strangersPlace, quietPlace] = [await home.neighbour(), await home.neighbour()]
  const [stranger, quiet] = [counted(strangersPlace), counted(quietPlace)]
  const settings = { ephemeral: true, args: [...anyPort, '--mdns'], through: strangersPlace.enter }
  await new HeadlessPeer(stage, 'stranger', settings).start()
  await new HeadlessPeer(stage, 'quiet', { ephemeral: true, args: anyPort, through: quietPlace.enter }).start()
  for (const one of [alice, bob]) {
    one.setup = { ...one.setup, nodes: [], args: [...anyPort, '--mdns'] }
    await one.start()
  }
  const begun = performance.now()
  await talking(alice, bob)
  t.diagnostic(`found after ${Math.round(performance.now() - begun)} ms`)
  assert.equal((await alice.call('connection', { peer: bob.id })).path, 'direct')
  await alice.send(bob, 'are you there')
  await bob.event('message-received', ({ text }) => text === 'are you there')

  // By now it has received a query and has discovered the other peers.
  await until(() => stranger('sent') > 1 && stranger('received') > 2, 'the stranger takes part')
  assert.deepEqual([stranger('calls'), stranger('called')], [0, 0], 'no peer dials strangers')
  assert.deepEqual([quiet('sent'), quiet('calls'), quiet('called')], [0, 0, 0], 'off means silent')
})

test('a code makes friends of two people without any node, in their network only', needsLab, async (t) => {
  const lab = await Lab.create(undo(t))
  const stage = new Stage(stageOwner(t))
  const [home, nextDoor] = [await lab.place('cone'), await lab.place('cone')]
  const spaces = [home.space, await home.neighbour(), await home.neighbour(), nextDoor.space] as const
  const [author, guest, silent, elsewhere] = spaces.map(counted)
  const start = (name: string, space: Namespace, ...args: string[]): Promise<HeadlessPeer> =>
    new HeadlessPeer(stage, name, { args: [...anyPort, ...args], through: space.enter }).start()
  const alice = await start('alice', spaces[0])
  const bob = await start('bob', spaces[1])
  const shy = await start('shy', spaces[2], '--no-lan')
  const far = await start('far', spaces[3])
  const { code } = await alice.call('invite', {})
  const hidden = await shy.call('invite', {})
  assert.equal(author?.('sent'), 0, 'nothing is announced')

  assert.equal(await bob.refusal('requestFriend', { to: hidden.code }), 'not-found')
  assert.equal(await far.refusal('requestFriend', { to: code }), 'not-found')
  assert.equal(await shy.refusal('requestFriend', { to: code }), 'node-unreachable')
  assert.deepEqual([silent?.('sent'), silent?.('calls'), silent?.('called')], [0, 0, 0], '--no-lan means silent')
  const begun = performance.now()
  assert.equal((await bob.call('requestFriend', { to: code })).peer, alice.id)
  t.diagnostic(`found after ${Math.round(performance.now() - begun)} ms`)
  await alice.event('friend-request', ({ peer }) => peer === bob.id)
  await alice.call('acceptFriend', { peer: bob.id })
  await talking(alice, bob)
  assert.equal((await alice.call('connection', { peer: bob.id })).path, 'direct')
  await alice.send(bob, 'so near')
  await bob.event('message-received', ({ text }) => text === 'so near')
  assert.ok((guest?.('sent') ?? 0) > 0 && (author?.('sent') ?? 0) > 0)
  assert.equal(silent?.('received'), 0, 'it is not in the multicast group')
  assert.equal(elsewhere?.('received'), elsewhere?.('sent'), 'next door hears only itself')
})
