/** Friends on one local network without a node find each other by multicast DNS; strangers there are not dialled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { befriend, HeadlessPeer, talking } from '../support/headless.ts'
import { needsLab } from '../support/lab-needs.ts'
import { labWithNode } from '../support/lab-node.ts'
import type { Namespace } from '../support/lab-namespace.ts'
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
