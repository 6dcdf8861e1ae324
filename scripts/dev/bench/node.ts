/** What idling costs: the memory of a peer, and what one connected peer costs its node. Each a process as people run it. */
import { kibibytes, mebibytes } from './figures.ts'
import type { Measure } from './measure.ts'
import { Stage } from './processes.ts'

export async function measureNode({ quick, progress }: Measure) {
  const connections = quick ? 5 : 200
  await using stage = new Stage()
  progress('node: a node and a peer, idle')
  const { program: node, addresses } = await stage.node()
  const empty = await node.memory()
  const peer = await (await stage.peer(addresses)).memory()
  progress(`node: ${connections} connections`)
  await stage.child().ask('startLight', { nodes: addresses, count: connections })
  const full = await node.memory()
  return {
    definitions: {
      idlePeer: '`quorum peer --json` on a new profile with its place at a node, after a collection, run from source',
      idleNode: '`quorum-node` without connections, after a collection, run from source',
      connection: 'what the node grew by, divided by its connections; each has a directory session and a reservation',
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
