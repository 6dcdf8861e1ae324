/** Who can make a peer listen through a node: only its own nodes, whatever anybody says on the stop protocol. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerNetwork } from '../../protocol/net/libp2p.ts'
import { startLink } from '../support/link.ts'
import { until } from '../support/network.ts'
import { patience } from '../support/until.ts'

const stopProtocol = '/libp2p/circuit/relay/0.2.0/stop'

/** Everything this network listens on, by transport. */
function listeners(network: PeerNetwork): number {
  const { components } = network as unknown as { components: { transportManager: { getListeners(): unknown[] } } }
  return components.transportManager.getListeners().length
}

test('"somebody calls you through me" of one who is not our node is refused, and nothing listens on it', async (t) => {
  const { dialler, listener } = await startLink(t)
  const before = [dialler, listener].map(({ network }) => listeners(network))
  for (let time = 0; time < 20; time += 1) {
    // Whoever dialled is no more a node than whoever was dialled.
    for (const { connection } of [dialler, listener]) {
      const stream = await connection.newStream(stopProtocol, { signal: AbortSignal.timeout(patience) })
      await until(() => stream.status === 'reset', 'it is refused')
    }
  }
  assert.deepEqual(
    [dialler, listener].map(({ network }) => listeners(network)),
    before,
  )
})
