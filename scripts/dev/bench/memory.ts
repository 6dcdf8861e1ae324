/**
 * Measures the memory of an idle peer, and the memory that each connected peer takes at its node. Peer and node run as
 * processes with the programs that people run.
 */
import { kibibytes, mebibytes } from './figures.ts'
import type { Measure } from './measure.ts'
import { Stage } from './processes.ts'

export async function measureMemory({ quick, progress }: Measure) {
  const connections = quick ? 5 : 200
  await using stage = new Stage()
  progress('memory: a node and a peer, idle')
  const { program: node, addresses } = await stage.node()
  const empty = await node.memory()
  const peer = await (await stage.peer(addresses)).memory()
  progress(`memory: ${connections} connections`)
  await stage.child().ask('startLight', { nodes: addresses, count: connections })
  const full = await node.memory()
  return {
    definitions: {
      idlePeer:
        '`quorum peer --json` on a new profile with a reservation at a node, after garbage collection, run from source',
      idleNode: '`quorum-node` without connections, after garbage collection, run from source',
      connection: 'the growth of the node divided by its connections; each has a directory session and a reservation',
    },
    idlePeerRssMiB: mebibytes(peer.rssBytes),
    idlePeerHeapMiB: mebibytes(peer.heapBytes),
    idleNodeRssMiB: mebibytes(empty.rssBytes),
    idleNodeHeapMiB: mebibytes(empty.heapBytes),
    connections,
    connectionRssKiB: kibibytes((full.rssBytes - empty.rssBytes) / connections),
    connectionHeapKiB: kibibytes((full.heapBytes - empty.heapBytes) / connections),
  }
}
