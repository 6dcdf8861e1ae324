/** A client that only asks a node's directory, over sessions that belong to no peer. */
import { randomBytes } from 'node:crypto'
import { DirectorySession } from '../../../protocol/directory/session.ts'
import { identityFromSeed } from '../../../protocol/identity/identity.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { lastPeer } from '../../../protocol/address/address.ts'
import { createPeerNetwork } from '../../../protocol/net/libp2p.ts'
import { Policy } from '../../../protocol/net/policy.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { serve, type CommandTable } from './serve.ts'

const sessions: DirectorySession[] = []
let asked = 0

const commands = {
  /** Opens `count` sessions, one for each identity. */
  async open({ node, count }: { node: string; count: number }): Promise<void> {
    const nodePeer = lastPeer(node)
    while (sessions.length < count) {
      const { privateKey } = await identityFromSeed(randomBytes(32))
      const policy = new Policy({
        store: openMemoryStore(),
        privacy: () => ({ direct: 'never', lan: false }),
        isNode: (other) => other === nodePeer,
        loopback: true,
      })
      const network = await createPeerNetwork({ privateKey, policy, listen: [] })
      await network.start()
      const { directDial } = network.services
      const connection = await directDial.dial(node, 'own-node', AbortSignal.timeout(limits.dial), limits.dial)
      sessions.push(await DirectorySession.open(connection, () => Promise.resolve()))
    }
  },

  /** Milliseconds of one lookup; the sessions take turns, because each may ask only so often. */
  async lookup({ peer }: { peer: string }): Promise<number> {
    const session = sessions[asked % sessions.length]
    if (session === undefined) throw new Error('There is no session')
    asked += 1
    const started = performance.now()
    await session.lookup({ peer })
    return performance.now() - started
  },
} satisfies CommandTable
export type Asker = typeof commands

serve(commands)
