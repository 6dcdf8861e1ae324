/**
 * A node and a peer in one process, for a test that counts what stays in their memory: the peer accepts every request
 * and every file, and answers each message with the same text.
 */
import { randomBytes } from 'node:crypto'
import v8 from 'node:v8'
import { openMailboxes } from '../../node/mailboxes.ts'
import { createPeer, createRelayNode, openMemoryStore } from '../../protocol/index.ts'
import { serve, type Table } from './worker.ts'

const calls = {
  /** Received files go to `directory`. Returns the addresses of the node, and an invite of the peer. */
  async start(directory: string): Promise<{ nodes: string[]; link: string }> {
    const listen = ['/ip4/127.0.0.1/tcp/0']
    const node = await createRelayNode({ seed: randomBytes(32), listen, store: openMailboxes(':memory:') })
    const peer = await createPeer({ store: openMemoryStore(), listen, nodes: node.addresses() })
    peer.subscribe(({ event, data }) => {
      if (event === 'friend-request') void peer.acceptFriend({ peer: data.peer })
      else if (event === 'message-received' && data.transfer === undefined)
        void peer.sendMessage({ peer: data.peer, text: data.text })
      else if (event === 'transfer-offered' && data.direction === 'in')
        void peer.acceptTransfer({ transfer: data.id, directory })
    })
    const { link } = await peer.invite({})
    return { nodes: node.addresses(), link }
  },
  /** How many objects are in use, functions among them, after a garbage collection. */
  async objects(): Promise<number> {
    return v8.queryObjects(Object, { format: 'count' })
  },
} satisfies Table
export type Visited = typeof calls

serve(calls)
