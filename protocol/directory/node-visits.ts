/** Connections to nodes for a single task: closed after it, unless there was one before. */
import type { Connection } from '@libp2p/interface'
import { nodePeer } from '../address/node-addresses.ts'
import { onAbort } from '../base/abort-listener.ts'
import type { Log } from '../base/log.ts'
import { closeOrAbort } from '../net/close.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { directoryLimits } from './limits.ts'
import { dialNode, nodeConnections, type DialTarget } from './node-dial.ts'
import { DirectorySession } from './session.ts'

/** Work over one session with a node. */
export type NodeTask<T> = (session: DirectorySession) => Promise<T>

export interface NodeVisitsOptions {
  network: PeerNetwork
  /** Returns when the envelope is on disk or deliberately dropped. */
  onEnvelope: (envelope: Uint8Array) => Promise<void>
  log: Log
}

export class NodeVisits {
  readonly #options: NodeVisitsOptions
  readonly #stopped: AbortSignal

  constructor(options: NodeVisitsOptions, stopped: AbortSignal) {
    this.#options = options
    this.#stopped = stopped
  }

  /** Errors: those of `dialNode` and of `task`. */
  session<T>(targets: readonly DialTarget[], task: NodeTask<T>): Promise<T> {
    return this.connected(targets, async (connection) => {
      const session = await DirectorySession.open(connection, this.#options.onEnvelope, this.#options.log)
      using _ = onAbort(this.#stopped, () => session.close())
      try {
        return await task(session)
      } finally {
        session.close()
      }
    })
  }

  /** Errors: those of `dialNode` and of `use`. */
  async connected<T>(targets: readonly DialTarget[], use: (connection: Connection) => Promise<T>): Promise<T> {
    const { network } = this.#options
    const wasConnected = nodeConnections(network, nodePeer(targets[0]?.address ?? '')).length > 0
    const connection = await dialNode(network, targets, this.#stopped)
    try {
      return await use(connection)
    } finally {
      if (!wasConnected) void closeOrAbort(connection, directoryLimits.nodeClose)
    }
  }
}
