/**
 * The links to other members: on each connection to somebody with whom a group is shared a stream stays open, unless a
 * path that is as good has one. What is new in a group goes once to each linked member who lacks it.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed } from '../address/address.ts'
import { pause, Retry } from '../base/backoff.ts'
import { toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { peerInLog, type Log } from '../base/log.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import { groupProtocol } from '../net/policy.ts'
import type { HeldGroup } from './held-group.ts'
import { groupLimits } from './limits.ts'
import { GroupLink, type LinkContext, type PeerRates } from './link.ts'

export interface GroupLinksOptions extends Omit<LinkContext, 'onShared'> {
  log: Log
  /** Open connections, the best first. */
  connections(peer: string): Connection[]
  /** A stream may be opened to that peer: some group is shared with it, and it is of a version that knows them. */
  wanted(peer: string): boolean
  /** Which groups are shared with that peer right now may have changed. */
  onPresence(peer: string): void
}

export class GroupLinks {
  readonly #options: GroupLinksOptions
  readonly #links = new Set<GroupLink>()
  readonly #opening = new Set<string>()
  readonly #frames = new KeyedBuckets(groupLimits.framesTaken, () => performance.now())
  readonly #bytes = new KeyedBuckets(groupLimits.bytesTaken, () => performance.now())
  readonly #hellos = new KeyedBuckets(groupLimits.hellos, () => performance.now())
  readonly #whys = new KeyedBuckets(groupLimits.whys, () => performance.now())
  readonly #stopped = new AbortController()

  constructor(options: GroupLinksOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopped.abort(new Error('The peer stops'))
    for (const { stream } of this.#links) stream.abort(toError(this.#stopped.signal.reason))
  }

  /** Handler of /quorum/group/1.0.0. The policy has checked already that the stream is a friend's or a member's. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    this.#stopped.signal.throwIfAborted()
    await this.#run(stream, connection)
  }

  /** Keeps a stream open for as long as the connection lives, or as a path that is as good has one. */
  async keep(connection: Connection): Promise<void> {
    if (this.#opening.has(connection.id)) return
    this.#opening.add(connection.id)
    const retry = new Retry(groupLimits.streamRetry)
    const { signal } = this.#stopped
    try {
      // The side that dialled opens it.
      if (connection.direction === 'inbound') await pause(groupLimits.openGrace, signal)
      while (this.#alive(connection)) {
        const served = this.#served(connection)
        if (served === undefined) await this.#open(connection, retry)
        else {
          await served
          retry.reset()
        }
        if (this.#alive(connection)) await retry.wait(signal)
      }
    } finally {
      this.#opening.delete(connection.id)
    }
  }

  /** Who is in has changed somewhere. */
  recheck(peers: Iterable<string>): void {
    for (const link of this.#links) link.recheck()
    for (const peer of peers) for (const connection of this.#options.connections(peer)) void this.keep(connection)
  }

  /** `own`: it was said here. */
  news(group: HeldGroup, own: boolean): void {
    for (const link of this.#best()) if (group.neighbours.has(link.peer)) link.news(group, own)
  }

  missing(group: HeldGroup): void {
    for (const link of this.#best()) link.missing(group)
  }

  typing(group: string, active: boolean): void {
    for (const link of this.#best()) link.typing(group, active)
  }

  /** That group is shared with that peer right now. */
  linked(peer: string, group: string): boolean {
    return [...this.#links].some((link) => link.peer === peer && link.shares(group))
  }

  /** Of each peer, the link over the best path. */
  #best(): Iterable<GroupLink> {
    const best = new Map<string, GroupLink>()
    for (const link of this.#links) {
      const other = best.get(link.peer)
      if (other === undefined || rank(link.connection) > rank(other.connection)) best.set(link.peer, link)
    }
    return best.values()
  }

  #served(connection: Connection): Promise<void> | undefined {
    const peer = connection.remotePeer.toString()
    return [...this.#links].find((link) => link.peer === peer && rank(link.connection) >= rank(connection))?.ended
  }

  async #open(connection: Connection, retry: Retry): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(limits.openStream), this.#stopped.signal])
    try {
      const stream = await connection.newStream(groupProtocol, { signal, runOnLimitedConnection: true })
      const openedAt = performance.now()
      try {
        await this.#run(stream, connection)
      } finally {
        if (performance.now() - openedAt > groupLimits.streamRetry.longest) retry.reset()
      }
    } catch (error) {
      const peer = peerInLog(connection.remotePeer.toString())
      this.#options.log('debug', `groups with ${peer} ended`, toError(error))
    }
  }

  async #run(stream: Stream, connection: Connection): Promise<void> {
    const { onPresence } = this.#options
    const link = new GroupLink(
      { ...this.#options, onShared: onPresence },
      stream,
      connection,
      this.#ratesOf(connection.remotePeer.toString()),
    )
    this.#links.add(link)
    try {
      await link.run()
    } finally {
      this.#links.delete(link)
      stream.abort(new Error('Nothing more is read from it'))
    }
  }

  #ratesOf(peer: string): PeerRates {
    return {
      frames: this.#frames.of(peer),
      bytes: this.#bytes.of(peer),
      hellos: this.#hellos.of(peer),
      whys: this.#whys.of(peer),
    }
  }

  #alive(connection: Connection): boolean {
    const { wanted } = this.#options
    return connection.status === 'open' && !this.#stopped.signal.aborted && wanted(connection.remotePeer.toString())
  }
}

/** A direct path is better than a relayed one. */
function rank({ remoteAddr }: Connection): number {
  return isRelayed(remoteAddr) ? 0 : 1
}
