/** Which protocols of libp2p are open to others, and that each has a bound (docs/threats.md 79). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { netLimits } from '../../protocol/net/limits.ts'
import { startLink } from '../support/link.ts'
import { startOpenNode } from '../support/network.ts'

test('every protocol that libp2p itself serves has a bound on what its handler takes, at a node and at a peer', async (t) => {
  const { network: node } = await startOpenNode(t)
  const { listener } = await startLink(t)
  const served = new Set([...node.getProtocols(), ...listener.network.getProtocols()])
  const stock = [...served].filter((protocol) => !protocol.startsWith('/quorum/'))
  const bounded = new Set([...Object.keys(netLimits.stockReads), ...Object.keys(netLimits.stockRequests)])
  assert.deepEqual(stock.toSorted(), [...bounded].toSorted())
})
