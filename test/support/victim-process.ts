/**
 * The process that a test attacks: a node and a peer on loopback, driven over Node's IPC. An unhandled error ends it,
 * and the test sees that; the memory that it reports is measured after a garbage collection.
 */
import { randomBytes } from 'node:crypto'
import { openMailboxes } from '../../node/mailboxes.ts'
import { createPeer, createRelayNode, errorToData, openMemoryStore } from '../../protocol/index.ts'
import type { FriendRow } from '../../protocol/store/store.ts'
import { bothTransports } from './doors.ts'
import { collect } from './collect.ts'

/** From the test: a call of the peer, or one of the few actions for which the peer has no call. */
export type Order =
  | { id: number; order: 'call'; name: string; params: unknown }
  | { id: number; order: 'put-friend'; row: FriendRow }
  | { id: number; order: 'collect' }
  | { id: number; order: 'in-use' }
  | { id: number; order: 'node-stats' }

const mail = openMailboxes(':memory:')
const node = await createRelayNode({ seed: randomBytes(32), listen: bothTransports, store: mail })
const store = openMemoryStore()
const peer = await createPeer({ store, nodes: node.addresses(), name: 'victim', listen: bothTransports })
peer.subscribe((event) => void process.send?.(event))

process.on('message', (message) => {
  const order = message as Order
  void obey(order).then(
    (result) => process.send?.({ id: order.id, result: result ?? null }),
    (error: unknown) => process.send?.({ id: order.id, error: errorToData(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: { ...(await peer.self()), nodeAddresses: node.addresses() } })

async function obey(order: Order): Promise<unknown> {
  switch (order.order) {
    case 'call':
      return peer.call(order.name, order.params)
    case 'put-friend':
      return store.putFriend(order.row)
    case 'node-stats':
      return node.stats()
    case 'collect':
      return collect()
    case 'in-use': {
      await collect()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
  }
}
