/**
 * Many idle peers in one process: relayed only, without a listener, with a store in memory. They are friends in pairs
 * from the start, the first with the second and so on.
 */
import assert from 'node:assert/strict'
import { createSeed, identityFromSeed } from '../../protocol/identity/identity.ts'
import { createPeer, openMemoryStore } from '../../protocol/index.ts'
import type { Peer, Store } from '../../protocol/index.ts'
import { befriended } from './friends.ts'
import { serve, type Table } from './worker.ts'

const peers: { peer: Peer; id: string; friend: string }[] = []

const calls = {
  /** Starts `count` peers, an even number. */
  async start(node: string, count: number): Promise<void> {
    const prepared: { store: Store; id: string }[] = []
    for (let made = 0; made < count; made += 1) {
      const seed = createSeed()
      const store = openMemoryStore()
      store.setSetting('seed', seed)
      prepared.push({ store, id: (await identityFromSeed(seed)).peer })
    }
    for (const [index, { store, id }] of prepared.entries()) {
      const friend = prepared[index ^ 1]?.id ?? assert.fail('an even number')
      store.putFriend(befriended(friend, [node]))
      peers.push({ peer: await createPeer({ store, nodes: [node], listen: [], direct: 'never' }), id, friend })
    }
  },
  /** How many have a reservation, and how many their friend online. */
  async state(): Promise<{ reserved: number; online: number }> {
    const [selves, friends] = await Promise.all([
      Promise.all(peers.map(({ peer }) => peer.self())),
      Promise.all(peers.map(({ peer }) => peer.friends())),
    ])
    return {
      reserved: selves.filter(({ nodes }) => nodes[0]?.state === 'connected' && nodes[0].reserved).length,
      online: friends.filter(([friend]) => friend?.online).length,
    }
  },
  /** `count` of them, evenly spread, write to their friends; returns the number of messages delivered so far. */
  async write(text: string, count: number): Promise<void> {
    for (const { peer, friend } of chosen(count)) await peer.sendMessage({ peer: friend, text })
  },
  async delivered(text: string, count: number): Promise<number> {
    const histories = await Promise.all(chosen(count).map(({ peer, friend }) => peer.messages({ peer: friend })))
    return histories.filter((all) => all.some((one) => one.text === text && one.state === 'delivered')).length
  },
} satisfies Table
export type LightPeers = typeof calls

function chosen(count: number): typeof peers {
  return peers.filter((_, index) => index % Math.floor(peers.length / count) === 0).slice(0, count)
}

serve(calls)
