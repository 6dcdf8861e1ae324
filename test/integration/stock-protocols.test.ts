/** Which protocols of libp2p are open to others, and that each has a bound (docs/threats.md 79). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { netLimits } from '../../protocol/net/limits.ts'
import { startLink } from '../support/link.ts'
import { startOpenNode } from '../support/network.ts'

/** Its streams become connections; only own nodes may open them (circuit-transport.ts). */
const stop = '/libp2p/circuit/relay/0.2.0/stop'

test('every protocol that libp2p itself serves has a bound on what its handler takes, at a node and at a peer', async (t) => {
  const { network: node } = await startOpenNode(t)
  const { listener } = await startLink(t)
  const served = new Set([...node.getProtocols(), ...listener.network.getProtocols()])
  const stock = [...served].filter((protocol) => !protocol.startsWith('/quorum/') && protocol !== stop)
  assert.deepEqual(stock.toSorted(), Object.keys(netLimits.stockReads).toSorted())
})
