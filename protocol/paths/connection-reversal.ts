/**
 * Reversal through the nodes: a friend whom nothing reaches is asked, in a sealed envelope, to dial us. It helps where
 * no circuit is to be had, and one of the two can be dialled and the other cannot. Only friends are asked, each ever
 * more rarely while it does not help, and nothing is held for those who are away.
 */
import { toError } from '../base/errors.ts'
import { pathLimits } from './limits.ts'
import { peerInLog } from '../base/log.ts'
import type { Log } from '../base/log.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import { Retry } from '../base/backoff.ts'

export interface ReversalsOptions {
  /** What a friend is told: where we may be dialled. */
  addresses(peer: string): readonly string[]
  /** Signed content of an envelope for that friend. */
  write(peer: string): Uint8Array
  /** Through the nodes, now or never: whether one of them has that friend. */
  push(peer: string, content: Uint8Array): Promise<boolean>
  log: Log
  /** Milliseconds, monotonic. */
  now?: () => number
  /** 0 to 1. */
  random?: () => number
}

export class Reversals {
  readonly #options: ReversalsOptions
  readonly #now: () => number
  readonly #all: TokenBucket
  readonly #asked = new Map<string, { retry: Retry; notBefore: number }>()

  constructor(options: ReversalsOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#all = new TokenBucket(pathLimits.dialMes, this.#now)
  }

  /** Nothing reaches `peer` just now. Never throws. */
  async ask(peer: string): Promise<void> {
    const { addresses, write, push, log, random = Math.random } = this.#options
    const asked = this.#asked.get(peer) ?? { retry: new Retry({ ...pathLimits.dialMeRetry, random }), notBefore: 0 }
    if (addresses(peer).length === 0 || this.#now() < asked.notBefore || !this.#all.take()) return
    asked.notBefore = this.#now() + asked.retry.next()
    this.#asked.set(peer, asked)
    try {
      if (await push(peer, write(peer))) log('debug', `${peerInLog(peer)} is asked to dial`)
    } catch (error) {
      log('debug', `${peerInLog(peer)} could not be asked to dial`, toError(error))
    }
  }

  /** We are elsewhere, or a node came back: what did not help before may help now. */
  reset(): void {
    this.#asked.clear()
  }

  forget(peer: string): void {
    this.#asked.delete(peer)
  }
}
