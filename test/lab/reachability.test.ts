/**
 * Whether a peer can be reached, as its nodes report it, behind each kind of network, as real processes in the NAT lab.
 * Nodes dial back public addresses only, which no other kind of test has.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stageOwner, undo } from '../support/cleanup.ts'
import { HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Lab, networks, type Network } from '../support/lab.ts'
import { needsLab } from '../support/lab-needs.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

test('a node reports to each peer whether it can be reached', needsLab, async (t) => {
  const lab = await Lab.create(undo(t))
  const stage = new Stage(stageOwner(t))
  const server = await lab.server()
  const listen = [`/ip4/${server.ip4}/tcp/4001`, `/ip6/${server.ip6}/tcp/4001`, `/ip4/${server.ip4}/tcp/443/ws`]
  const node = await new HeadlessNode(stage, 'node', { listen, through: server.space.enter }).start()
  const told: { [network: string]: string } = {}
  const places = []
  for (const network of Object.keys(networks) as Network[]) places.push(await lab.place(network))
  await Promise.all(
    places.map(async ({ network, space }) => {
      const args = ['--listen', '/ip4/0.0.0.0/tcp/0', '--listen', '/ip6/::/tcp/0']
      const setup = { nodes: node.addresses, ephemeral: true, args, through: space.enter }
      const peer = await new HeadlessPeer(stage, network, setup).start()
      const known = async (): Promise<boolean> => (await peer.call('self')).reachable !== 'unknown'
      await until(known, `${network} knows`)
      told[network] = (await peer.call('self')).reachable
    }),
  )
  t.diagnostic(JSON.stringify(told))
  // With two connections to the node, the one of its session decides.
  const { 'ipv6-open': _either, open, ...others } = told
  assert.equal(open, 'public')
  assert.deepEqual(new Set(Object.values(others)), new Set(['private']))
  assert.equal(Object.keys(told).length, places.length)
})
