/** `/node`: the nodes that help friends find us; listing, adding, removing, and running one on this machine. */
import { QuorumError } from '#protocol'
import type { NodeState, Self } from '#protocol'
import { say } from './client.ts'
import type { Client } from './client.ts'
import { needed } from './typed-line.ts'
import { nodeLine } from './view.ts'

export async function nodeCommand(client: Client, rest: string): Promise<void> {
  const [, action = '', argument = ''] = /^(\S*)\s*(.*)$/u.exec(rest) ?? []
  switch (action) {
    case '':
      return listNodes(client, await client.peer.self())
    case 'add':
      return listNodes(client, await client.peer.addNode({ address: needed(argument, '/node add ADDRESS') }))
    case 'remove':
      return removeNode(client, needed(argument, '/node remove ADDRESS (or its number)'))
    case 'run':
      return runNode(client)
    case 'end':
      return endNode(client)
    default:
      throw new QuorumError(
        'bad-request',
        'Usage: /node, /node add ADDRESS, /node remove ADDRESS, /node run, /node end',
      )
  }
}

/** Tells the peer where the node here is: its addresses come and go with the networks of this machine. */
export async function useOwnNode(client: Client): Promise<void> {
  for (const address of client.node?.addresses() ?? []) {
    if (client.ownAddresses.has(address)) continue
    client.ownAddresses.add(address)
    await client.peer.addNode({ address })
  }
}

function listNodes(client: Client, self: Self): void {
  if (self.nodes.length === 0) {
    say(client, 'No node yet. /node run starts one on this machine; a friend’s invite brings one along.')
    return
  }
  const { look } = client.screen
  const lines = self.nodes.map((node, index) => {
    const here = isEmbedded(client, node)
    // Our own peer takes the loopback; what others could use is worth showing.
    return nodeLine(
      look,
      index + 1,
      here ? { ...node, address: client.node?.addresses().at(-1) ?? node.address } : node,
      here,
    )
  })
  client.screen.print(lines.join('\n'))
}

async function removeNode(client: Client, which: string): Promise<void> {
  const { nodes } = await client.peer.self()
  const numbered = /^\d{1,3}$/u.test(which) ? nodes[Number(which) - 1]?.address : which
  if (numbered === undefined) throw new QuorumError('not-found', `There is no node ${which}. /node lists them.`)
  listNodes(client, await client.peer.removeNode({ address: numbered }))
}

function runNode(client: Client): void {
  const { node } = client
  if (node === undefined) throw new QuorumError('bad-request', 'A peer that keeps nothing cannot run a node.')
  if (node.running) throw new QuorumError('bad-request', 'It runs already. /node shows it.')
  node.start()
}

async function endNode(client: Client): Promise<void> {
  const { node, peer } = client
  if (node === undefined || !node.running) throw new QuorumError('bad-request', 'No node runs here.')
  const own = (await peer.self()).nodes.filter((state) => isEmbedded(client, state))
  await node.stop()
  node.forget()
  for (const { address } of own) await peer.removeNode({ address })
  say(client, 'The node here has ended and will not start again by itself. /node run brings it back.')
}

function isEmbedded(client: Client, node: NodeState): boolean {
  return node.peer === client.node?.peer
}
