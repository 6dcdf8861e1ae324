/** Which peer can make another listen through a node: only its own nodes, whatever is sent on the stop protocol. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerNetwork } from '../../protocol/net/libp2p.ts'
import { startLink } from '../support/link.ts'
import { until } from '../support/network.ts'
import { patience } from '../support/until.ts'

const stopProtocol = '/libp2p/circuit/relay/0.2.0/stop'

/** All listen addresses of this network, by transport. */
function listeners(network: PeerNetwork): number {
  const { components } = network as unknown as { components: { transportManager: { getListeners(): unknown[] } } }
  return components.transportManager.getListeners().length
}

test('a CONNECT on the stop protocol from a peer that is not our node is refused, and adds no listener', async (t) => {
  const { dialler, listener } = await startLink(t)
  const before = [dialler, listener].map(({ network }) => listeners(network))
  for (let time = 0; time < 20; time += 1) {
    // Neither the dialler nor the listener is a node.
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
