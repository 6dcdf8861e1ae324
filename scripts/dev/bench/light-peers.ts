/**
 * Many peers in one process, which only keep a session and a reservation at a node: relayed, without a listener, with a
 * store in memory. They run the code of the checkout that they are told, and each of their dials leaves from a
 * loopback address of its own, as the peers of different households do.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Peer } from '#protocol'
import { dialFromManyAddresses } from './client.ts'
import { serve, type CommandTable } from './serve.ts'
import type { Usage } from './stream-end.ts'

const peers: Peer[] = []
/** When each of those that are in got in, in milliseconds since the epoch. */
const inSince = new Map<Peer, number>()

const commands = {
  /**
   * Creates `count` peers that have no node yet. `root`: the checkout; `network`: 1 to 254, the second byte of the
   * addresses from which they dial.
   */
  async create({ root, count, network }: { root: string; count: number; network: number }): Promise<void> {
    dialFromManyAddresses(network)
    const entry = pathToFileURL(join(root, 'protocol/index.ts')).href
    const { createPeer, openMemoryStore } = (await import(entry)) as typeof import('#protocol')
    while (peers.length < count) {
      const peer = await createPeer({ store: openMemoryStore(), nodes: [], listen: [], direct: 'never' })
      peer.subscribe(({ event, data }) => {
        if (event !== 'node-state') return
        if (data.state !== 'connected' || !data.reserved) inSince.delete(peer)
        else if (!inSince.has(peer)) inSince.set(peer, Date.now())
      })
      peers.push(peer)
    }
  },

  /** All of them get the node at once. */
  async join({ node }: { node: string }): Promise<void> {
    await Promise.all(peers.map((peer) => peer.addNode({ address: node })))
  },

  /** How many have a reservation now. */
  async countIn(): Promise<number> {
    return inSince.size
  },

  async timesIn(): Promise<number[]> {
    return [...inSince.values()]
  },

  async usage(): Promise<Usage> {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1000, peakRssBytes: process.resourceUsage().maxRSS * 1024 }
  },
} satisfies CommandTable
export type LightPeers = typeof commands

serve(commands)
