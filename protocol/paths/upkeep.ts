/**
 * Ends connections that have had their time: those of strangers, those that a better one replaced, and those whose keys
 * have carried enough. It makes no connection itself; Paths does (`renew`).
 */
import type { Connection } from '@libp2p/interface'
import { later } from '../base/backoff.ts'
import { toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import { closeOrAbort } from '../net/close.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { pathLimits } from './limits.ts'

export interface PathUpkeepOptions {
  network: PeerNetwork
  log: Log
  /** Peers to which a connection is kept. */
  friends(): Iterable<string>
  /** Open connections, the best first. */
  connections(peer: string): Connection[]
  /** A friend or a node: its connections may last. */
  isContact(peer: string): boolean
  /** Circuits run over that connection. */
  carries(connection: Connection): boolean
  /** Makes another connection beside `old`. */
  renew(peer: string, old: Connection): Promise<Connection>
}

export class PathUpkeep {
  readonly #options: PathUpkeepOptions
  readonly #stopped = new AbortController()
  #rotation: NodeJS.Timeout | undefined

  constructor(options: PathUpkeepOptions) {
    this.#options = options
  }

  start(): void {
    this.#rotation = setInterval(() => this.#rotate(), pathLimits.connectionCheck)
  }

  stop(): void {
    clearInterval(this.#rotation)
    this.#stopped.abort()
  }

  /** Ends the connection after a stranger's time, unless it carries circuits: then it is the node of a friend. */
  dismissStranger(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    if (this.#options.isContact(peer)) return
    this.#later(pathLimits.strangerLifetime, () => {
      if (connection.status !== 'open' || this.#options.isContact(peer)) return
      if (this.#options.carries(connection)) this.dismissStranger(connection)
      else void closeOrAbort(connection)
    })
  }

  /** One path is enough: once the streams have moved to the best one, the side that dialled a worse one ends it. */
  retireWorse(peer: string): void {
    this.#later(pathLimits.replacedAfter, () => {
      for (const worse of this.#options.connections(peer).slice(1)) {
        if (worse.direction === 'outbound') void closeOrAbort(worse)
      }
    })
  }

  /** Replaces connections that are a day old or have carried much: new keys. The side that dialled does it. */
  #rotate(): void {
    const { friends, connections, renew, log } = this.#options
    for (const peer of friends()) {
      const [best] = connections(peer)
      if (best === undefined || best.direction !== 'outbound' || !this.#isDueForRotation(best)) continue
      renew(peer, best)
        // Earlier than retireWorse, which could end the new one instead: it may be a circuit beside a direct path.
        .then(() => this.#later(pathLimits.replacedAfter / 2, () => void closeOrAbort(best)))
        .catch((error: unknown) => log('debug', 'a connection could not be renewed', toError(error)))
    }
  }

  #isDueForRotation(connection: Connection): boolean {
    const { received, sent } = this.#options.network.services.traffic.of(connection)
    return Date.now() - connection.timeline.open > limits.connectionAge || received + sent > pathLimits.connectionBytes
  }

  #later(ms: number, work: () => void): void {
    later(ms, this.#stopped.signal, work)
  }
}
