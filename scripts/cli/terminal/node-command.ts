/** `/node`: lists, adds and removes the nodes by which friends find this peer, and runs one on this machine. */
import { QuorumError } from '#protocol'
import type { NodeState, Self } from '#protocol'
import { say } from './client.ts'
import type { Client } from './client.ts'
import { needed, splitWord } from './typed-line.ts'
import { nodeLine } from './view.ts'

export async function nodeCommand(client: Client, rest: string): Promise<void> {
  const [action, argument] = splitWord(rest)
  switch (action.toLowerCase()) {
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

/** Gives the peer the addresses of the embedded node. They change with the networks of this machine. */
export async function useOwnNode(client: Client): Promise<void> {
  for (const address of client.node?.addresses() ?? []) {
    if (client.ownAddresses.has(address)) continue
    client.ownAddresses.add(address)
    await client.peer.addNode({ address })
  }
}

function listNodes(client: Client, self: Self): void {
  if (self.nodes.length === 0) {
    say(client, 'No node yet. /node run starts one on this machine, and the invite of a friend adds one.')
    return
  }
  const { look } = client.screen
  const lines = self.nodes.map((node, index) => {
    const here = isEmbedded(client, node)
    // This peer uses the loopback address. The list shows the address that others could use.
    return nodeLine(
      look,
      index + 1,
      here ? { ...node, address: client.node?.addresses().at(-1) ?? node.address } : node,
      here,
      client.now(),
    )
  })
  client.screen.print(lines.join('\n'))
}

async function removeNode(client: Client, which: string): Promise<void> {
  const { nodes } = await client.peer.self()
  const [, number] = /^#?(\d{1,3})\.?$/u.exec(which) ?? []
  const numbered = number === undefined ? which : nodes[Number(number) - 1]?.address
  if (numbered === undefined) throw new QuorumError('not-found', `There is no node ${which}. /node lists them.`)
  listNodes(client, await client.peer.removeNode({ address: numbered }))
}

function runNode(client: Client): void {
  const { node } = client
  if (node === undefined) throw new QuorumError('bad-request', 'An ephemeral peer cannot run a node.')
  if (node.running) throw new QuorumError('bad-request', 'The node already runs. /node shows it.')
  node.start()
}

async function endNode(client: Client): Promise<void> {
  const { node, peer } = client
  if (node === undefined || !node.running) throw new QuorumError('bad-request', 'No node runs on this machine.')
  const own = (await peer.self()).nodes.filter((state) => isEmbedded(client, state))
  await node.stop()
  node.forget()
  for (const { address } of own) await peer.removeNode({ address })
  say(client, 'The node has ended and will not start by itself. /node run starts it again.')
}

function isEmbedded(client: Client, node: NodeState): boolean {
  return node.peer === client.node?.peer
}
