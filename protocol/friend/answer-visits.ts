/**
 * Asks for the answers to own friend requests at the nodes of those who were asked. Who connects to own nodes only
 * leaves the answer there, and this peer, which has other nodes, would come by once a day (friendLimits.requestRetry).
 */
import { byNode } from '../address/node-addresses.ts'
import { toError } from '../base/errors.ts'
import { peerInLog } from '../base/log.ts'
import type { Log } from '../base/log.ts'
import type { HomeNodes } from '../directory/home-nodes.ts'
import { friendLimits } from './limits.ts'
import type { Store } from '../store/store.ts'

export interface AnswerVisitsOptions {
  store: Store
  nodes: HomeNodes
  now: () => number
  log: Log
}

export class AnswerVisits {
  readonly #options: AnswerVisitsOptions
  /** By peer, when its nodes were last asked. */
  readonly #last = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: AnswerVisitsOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined
      })
    }, friendLimits.answerVisits.first)
  }

  /** After the nodes have stopped, which ends a visit that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#running
  }

  async #run(): Promise<void> {
    const { store, log } = this.#options
    try {
      const asked = store.envelopes().filter(({ kind, deliveredAt }) => kind === 'request' && deliveredAt != null)
      const peers = new Set(asked.map(({ to }) => to))
      for (const peer of this.#last.keys()) if (!peers.has(peer)) this.#last.delete(peer)
      for (const peer of peers) if (this.#timer !== undefined && this.#isDue(peer)) await this.#visit(peer)
    } catch (error) {
      log('error', 'the queue of envelopes cannot be read', toError(error))
    }
  }

  /** Less and less often: an answer that took a day may take an hour longer. */
  #isDue(peer: string): boolean {
    const { store, now } = this.#options
    const { first, longest } = friendLimits.answerVisits
    const row = store.friend(peer)
    const age = now() - (row?.askedAt ?? row?.addedAt ?? 0)
    const wait = Math.min(Math.max(age / 10, first), longest)
    // In both directions: a clock that went back must not delay a visit for years.
    return Math.abs(now() - (this.#last.get(peer) ?? 0)) >= wait
  }

  async #visit(peer: string): Promise<void> {
    const { store, nodes, now, log } = this.#options
    this.#last.set(peer, now())
    for (const [node, addresses] of byNode(store.friend(peer)?.nodes ?? [])) {
      // An own node brings everything by itself.
      if (nodes.has(node)) continue
      try {
        // A node sends what it holds as soon as a session begins, and answers after that.
        await nodes.visit(addresses, peer, (session) => session.lookup({ peer }))
      } catch (error) {
        log('debug', `a node of ${peerInLog(peer)} cannot be asked for an answer`, toError(error))
      }
    }
  }
}
