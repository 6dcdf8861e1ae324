/**
 * Connection reversal through the nodes: a friend to whom no path works is asked, in a sealed envelope, to dial us
 * (docs/protocol.md, dial-me). This helps where there is no circuit and only one of the two can be dialled. Only
 * friends are asked, each less and less often while it does not help, and no node holds the request for a friend who is
 * away.
 */
import { toError } from '../base/errors.ts'
import { pathLimits } from './limits.ts'
import { peerInLog } from '../base/log.ts'
import type { Log } from '../base/log.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import { PeerBackoff } from './peer-backoff.ts'

export interface ConnectionReversalsOptions {
  /** Where this peer can be dialled, as that friend is informed. */
  addresses(peer: string): readonly string[]
  /** Signed content of an envelope for that friend. */
  write(peer: string): Uint8Array
  /** Hands the envelope to the nodes that the friend may be connected to right now. */
  push(peer: string, content: Uint8Array): Promise<void>
  log: Log
  /** Milliseconds, monotonic. */
  now?: () => number
  /** 0 to 1. */
  random?: () => number
}

export class ConnectionReversals {
  readonly #options: ConnectionReversalsOptions
  readonly #all: TokenBucket
  readonly #backoff: PeerBackoff

  constructor(options: ConnectionReversalsOptions) {
    const { now = () => performance.now(), random = Math.random } = options
    this.#options = options
    this.#all = new TokenBucket(pathLimits.dialMes, now)
    this.#backoff = new PeerBackoff({ ...pathLimits.dialMeRetry, random }, now)
  }

  /** No path to `peer` works at the moment. Never throws. */
  async ask(peer: string): Promise<void> {
    const { addresses, write, push, log } = this.#options
    const wait = this.#backoff.of(peer)
    if (addresses(peer).length === 0 || !wait.over || !this.#all.take()) return
    wait.begin()
    try {
      await push(peer, write(peer))
      log('debug', `${peerInLog(peer)} is asked to dial`)
    } catch (error) {
      log('debug', `${peerInLog(peer)} could not be asked to dial`, toError(error))
    }
  }

  /** The network changed, or a node came back: what did not help before may help now. */
  reset(): void {
    this.#backoff.reset()
  }

  forget(peer: string): void {
    this.#backoff.forget(peer)
  }
}
