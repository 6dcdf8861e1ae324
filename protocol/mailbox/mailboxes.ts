/**
 * The mailboxes that a peer uses: its own at each of its nodes, of which a session stays open while the node is
 * connected, and those of friends, which it visits.
 */
import type { Connection } from '@libp2p/interface'
import { nodePeer } from '../address/node-addresses.ts'
import { later, Retry } from '../base/backoff.ts'
import { toError } from '../base/errors.ts'
import { peerInLog, type Log } from '../base/log.ts'
import type { Parcel } from '../wire/mailbox.ts'
import { wireLimits } from '../wire/limits.ts'
import { mailboxLimits } from './limits.ts'
import { MailboxSession } from './session.ts'

export interface MailboxesOptions {
  /** The open connection to an own node. */
  connection(node: string): Connection | undefined
  /** Runs `use` with a connection to the node at these addresses, which were told by `peer`. */
  reach<T>(addresses: readonly string[], peer: string, use: (connection: Connection) => Promise<T>): Promise<T>
  /** The hashes of the tickets that this peer has given. */
  ticketHashes(): Uint8Array[]
  /** Called for each parcel of a node, one after the other, and awaited: `Mailboxes.taken` deletes it there. */
  onParcel(parcel: Parcel): Promise<void>
  /** The node knows the tickets, and has begun to give what waits. */
  onOpen(node: string): void
  log: Log
}

export class Mailboxes {
  readonly #options: MailboxesOptions
  readonly #stopped = new AbortController()
  /** By PeerId of the own nodes: while the connection lives. */
  readonly #own = new Map<string, { session?: MailboxSession }>()
  /** A node has given what waited there, or keeps nothing for anybody. */
  collected = false
  /** The last visit to each node that is not an own one: a second stream there would end the first. */
  readonly #visits = new Map<string, Promise<void>>()

  constructor(options: MailboxesOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopped.abort()
    for (const { session } of this.#own.values()) session?.close()
  }

  /** An own node is connected. Keeps a session there as long as it is. */
  nodeReady(node: string): void {
    if (this.#own.has(node) || this.#stopped.signal.aborted) return
    const own = {}
    this.#own.set(node, own)
    void this.#keep(node, own).finally(() => this.#own.delete(node))
  }

  /** A ticket was given or withdrawn. */
  tellTickets(): void {
    for (const { session } of this.#own.values()) if (session != null) void this.#tell(session)
  }

  /** These are on disk here: every own node deletes them. */
  async taken(parcelIds: readonly Uint8Array[]): Promise<void> {
    const sessions = [...this.#own.values()].flatMap(({ session }) => session ?? [])
    for (let from = 0; from < parcelIds.length; from += wireLimits.parcelsTogether) {
      const some = parcelIds.slice(from, from + wireLimits.parcelsTogether)
      await Promise.all(
        sessions.map((session) =>
          // A parcel that stays there comes again, and is known then.
          session.taken(some).catch((error: unknown) => this.#failed(session.node, error)),
        ),
      )
    }
  }

  /**
   * Runs `task` with the mailbox at up to `count` of the `nodes` (the addresses of each) of `peer`: another one takes
   * the place of one that fails. Never rejects.
   */
  async at(
    nodes: readonly string[][],
    peer: string,
    count: number,
    task: (session: MailboxSession) => Promise<void>,
  ): Promise<void> {
    const isOpen = ([address = '']: string[]): boolean => this.#own.get(nodePeer(address))?.session != null
    const ordered = nodes.toSorted((a, b) => Number(isOpen(b)) - Number(isOpen(a))).values()
    await Promise.all(
      Array.from({ length: count }, async () => {
        for (const addresses of ordered) if (await this.#visit(addresses, peer, task)) return
      }),
    )
  }

  /** Returns whether the task was done. */
  async #visit(
    addresses: readonly string[],
    peer: string,
    task: (session: MailboxSession) => Promise<void>,
  ): Promise<boolean> {
    const node = nodePeer(addresses[0] ?? '')
    const own = this.#own.get(node)?.session
    const before = this.#visits.get(node)
    const visit = Promise.resolve(own == null ? before : undefined).then(async () => {
      this.#stopped.signal.throwIfAborted()
      if (own != null) return task(own)
      return this.#options.reach(addresses, peer, async (connection) => {
        const session = await MailboxSession.open(connection, async () => undefined)
        try {
          await task(session)
        } finally {
          session.close()
        }
      })
    })
    const ended = visit.catch((error: unknown) => this.#failed(node, error))
    if (own == null) {
      this.#visits.set(node, ended)
      void ended.then(() => this.#visits.get(node) === ended && this.#visits.delete(node))
    }
    return visit.then(
      () => true,
      () => false,
    )
  }

  async #keep(node: string, own: { session?: MailboxSession }): Promise<void> {
    const { signal } = this.#stopped
    const retry = new Retry(mailboxLimits.sessionRetry)
    for (;;) {
      const connection = this.#options.connection(node)
      if (connection == null || signal.aborted) return
      try {
        const session = await MailboxSession.open(connection, (parcel) => this.#options.onParcel(parcel))
        own.session = session
        if (await this.#tell(session)) {
          retry.reset()
          this.#options.onOpen(node)
          later(mailboxLimits.collecting, signal, () => (this.collected = true))
        }
        await session.closed
      } catch (error) {
        this.#failed(node, error)
        // A node without mailboxes: asked again with its next connection.
        if (error instanceof Error && error.name === 'UnsupportedProtocolError') {
          this.collected = true
          return
        }
      } finally {
        delete own.session
      }
      await retry.wait(signal)
    }
  }

  async #tell(session: MailboxSession): Promise<boolean> {
    try {
      await session.tickets(this.#options.ticketHashes())
      return true
    } catch (error) {
      this.#failed(session.node, error)
      return false
    }
  }

  #failed(node: string, error: unknown): void {
    this.#options.log('debug', `the mailboxes of node ${peerInLog(node)} fail`, toError(error))
  }
}
