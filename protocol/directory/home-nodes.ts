/**
 * The nodes of a peer: keeps a connection, a directory session and a reservation with each configured node for as long
 * as the peer runs, whichever side restarts, and visits others (a friend's nodes) for one errand.
 */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { isRelayed, relayPeer, withPeer } from '../address/address.ts'
import { DirectorySession } from './session.ts'
import { errorToData, QuorumError, toError, type ErrorCode, type ErrorData } from '../base/errors.ts'
import type { NodeState } from '../api/model.ts'
import { shortId } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { directoryLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { addressesToAnnounce, nodePeer, withAddress } from '../address/node-addresses.ts'
import { pause, Retry } from '../base/backoff.ts'
import type { SignedBytes } from '../wire/codec.ts'

export interface NodesOptions {
  network: PeerNetwork
  /** A fresh record each time: sequences grow. */
  record(): SignedBytes
  handle(): string
  /** Returns when the envelope is on disk or deliberately dropped. */
  onMail: (envelope: Uint8Array) => void
  /** The state of a node changed. */
  onState(state: NodeState): void
  /** A session with a node has begun, or a reservation was made: what waited can be tried. */
  onReady(node: string): void
  onWarning(warning: ErrorData): void
  log: Log
}

const toldToPeople: ReadonlySet<ErrorCode> = new Set(['handle-taken', 'disk-full', 'not-writable'])

/** A session without a reservation for this long, in milliseconds, asks for one itself. */
const reserveAfter = 2000

/** Between the starts of dials to the addresses of one node, in milliseconds. */
const stagger = 100
/** A session that lasted this long, in milliseconds, was good. */
const stableAfter = 3000

interface Link {
  /** The one in use or, while there is none, last used or first configured. */
  address: string
  /** All that are known, as they were added; the newest last. */
  addresses: string[]
  peer: string
  state: NodeState['state']
  reserved: boolean
  rttMs?: number
  session?: DirectorySession
  retry: Retry
  stopped: AbortController
  done: Promise<void>
}

export class Nodes {
  readonly #options: NodesOptions
  readonly #links = new Map<string, Link>()
  readonly #stopped = new AbortController()
  #renewal: NodeJS.Timeout | undefined
  #reserving: NodeJS.Timeout | undefined
  #awaitingSession: (() => void)[] = []
  /** Own addresses at the last update: only a change is worth telling. */
  #told = ''

  constructor(options: NodesOptions) {
    this.#options = options
  }

  start(): void {
    const { network } = this.#options
    network.addEventListener('self:peer:update', this.#onSelfUpdate)
    this.#renewal = setInterval(() => void this.announce(), directoryLimits.recordRenewed)
    this.#reserving = setInterval(() => this.#reserve(), directoryLimits.reservationRetry)
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The peer stops'))
    clearInterval(this.#renewal)
    clearInterval(this.#reserving)
    this.#options.network.removeEventListener('self:peer:update', this.#onSelfUpdate)
    for (const link of this.#links.values()) this.#end(link)
    await Promise.all([...this.#links.values()].map((link) => link.done))
  }

  /** Is this PeerId one of the configured nodes? */
  has(peer: string): boolean {
    return this.#links.has(peer)
  }

  states(): NodeState[] {
    return [...this.#links.values()].map(stateOf)
  }

  /** What friends are told, at most limits.nodeAddressesTold; public addresses first. */
  addresses(): string[] {
    return addressesToAnnounce([...this.#links.values()].map((link) => link.addresses))
  }

  /** Sessions that answer right now. */
  sessions(): DirectorySession[] {
    return [...this.#links.values()].flatMap((link) => link.session ?? [])
  }

  /**
   * As `sessions`, but waits for the first one, up to limits.request, while a node is still being tried for the first
   * time. Errors: `node-unreachable`.
   */
  async someSessions(): Promise<DirectorySession[]> {
    await this.#firstSession()
    const sessions = this.sessions()
    if (sessions.length === 0) throw new QuorumError('node-unreachable', 'No node can be reached right now')
    return sessions
  }

  /**
   * Keeps a connection to the node from now on; one that is known has one address more.
   * Errors: `bad-request` for an address without a PeerId.
   */
  add(address: string): void {
    const peer = nodePeer(address)
    const known = this.#links.get(peer)
    if (known != null) {
      known.addresses = withAddress(known.addresses, address)
      known.retry.now()
      return
    }
    const link: Link = {
      address,
      addresses: [address],
      peer,
      state: 'connecting',
      reserved: false,
      retry: new Retry(directoryLimits.nodeRetry),
      stopped: new AbortController(),
      done: Promise.resolve(),
    }
    this.#links.set(peer, link)
    link.done = this.#keep(link)
  }

  /** By any of its addresses or its PeerId, which is returned. Errors: `not-found`. */
  remove(address: string): string {
    const link = this.#find(address)
    this.#end(link)
    this.#links.delete(link.peer)
    for (const connection of this.#connections(link.peer)) void close(connection)
    return link.peer
  }

  /** The session with a configured node, by address or PeerId. Errors: `not-found`, `node-unreachable`. */
  session(node: string): DirectorySession {
    const { session } = this.#find(node)
    if (session == null) throw new QuorumError('node-unreachable', 'That node cannot be reached right now')
    return session
  }

  /**
   * Runs `errand` with the node that has these addresses: over the running session if it is one of ours, else over a
   * connection of its own that ends with the errand.
   */
  async visit<T>(addresses: readonly string[], errand: (session: DirectorySession) => Promise<T>): Promise<T> {
    const peer = nodePeer(addresses[0] ?? '')
    const link = this.#links.get(peer)
    if (link?.session != null) return errand(link.session)
    if (link != null) throw new QuorumError('node-unreachable', 'That node cannot be reached right now')
    const already = this.#connections(peer).length > 0
    const connection = await this.#dial(addresses, this.#stopped.signal)
    const session = await DirectorySession.open(connection, this.#options.onMail, this.#options.log)
    const end = (): void => session.close()
    this.#stopped.signal.addEventListener('abort', end)
    try {
      return await errand(session)
    } finally {
      this.#stopped.signal.removeEventListener('abort', end)
      session.close()
      if (!already) void close(connection)
    }
  }

  /** Try every node that is away now: the network changed. */
  retryNow(): void {
    for (const link of this.#links.values()) link.retry.now()
  }

  /** Tells every node the current record; called by itself when addresses change and time passes. */
  async announce(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => this.#announce(link)))
  }

  /** Tells the nodes a new handle, waiting for one that is being connected to. Errors: `handle-taken`. */
  async claimHandle(): Promise<void> {
    await this.#firstSession()
    await Promise.all([...this.#links.values()].map((link) => this.#tell(link)))
  }

  async #keep(link: Link): Promise<void> {
    const { signal } = link.stopped
    while (!signal.aborted) {
      try {
        await this.#hold(link, signal)
      } catch (error) {
        // Expected while a node is away: the state says so, and trying goes on.
        this.#options.log('debug', `node ${shortId(link.peer)} is not reachable`, toError(error))
      }
      if (signal.aborted) return
      this.#change(link, { state: 'unreachable', reserved: false })
      await link.retry.wait(signal)
    }
  }

  /** One connection to the node, from dialling to its end. */
  async #hold(link: Link, signal: AbortSignal): Promise<void> {
    const { address, addresses } = link
    const connection = await this.#dial([address, ...addresses.filter((other) => other !== address)], signal)
    link.address = addressOf(connection, link)
    const session = await DirectorySession.open(connection, this.#options.onMail, this.#options.log)
    const begun = performance.now()
    const over = new AbortController()
    try {
      link.session = session
      await this.#announce(link)
      signal.throwIfAborted()
      this.#change(link, { state: 'connected', reserved: this.#isReserved(link) })
      this.#wake()
      this.#options.onReady(link.peer)
      // libp2p asks for a reservation when it has identified the node, once; where that got lost, we do.
      void pause(reserveAfter, signal, over.signal).then(() => this.#reserve())
      await Promise.race([session.closed, pause(limits.connectionAge, signal, over.signal)])
    } finally {
      over.abort()
      // One that fails at once, each time, must not be hammered.
      if (performance.now() - begun > stableAfter) link.retry.reset()
      delete link.session
      session.close()
      await close(connection)
    }
  }

  /** Asks again where a reservation was refused: the node was full then. */
  #reserve(): void {
    // libp2p says nothing when its addresses are the same as before a node's restart.
    this.#noteReservations()
    const { network, log } = this.#options
    for (const link of this.#links.values()) {
      if (link.session == null || link.reserved) continue
      network.services.circuits
        .reserve(peerIdFromString(link.peer))
        .catch((error: unknown) => log('debug', `node ${shortId(link.peer)} refuses a reservation`, toError(error)))
    }
  }

  /** Tells one node the current record. Errors: `handle-taken`, and whatever keeps the record from getting there. */
  async #tell(link: Link): Promise<void> {
    const { session } = link
    if (session != null) link.rttMs = await session.announce(this.#options.record(), this.#options.handle())
  }

  async #announce(link: Link): Promise<void> {
    try {
      await this.#tell(link)
    } catch (error) {
      const data = errorToData(error)
      // The record is there without the handle; or the disk is full here, and it will be told later.
      if (toldToPeople.has(data.code)) this.#options.onWarning(data)
      // Without a record nobody finds us there: start that session over.
      else link.session?.close()
    }
  }

  /** To one node; the first address that answers ends the attempts at the others. */
  async #dial(addresses: readonly string[], signal: AbortSignal): Promise<Connection> {
    const open = this.#connections(nodePeer(addresses[0] ?? '')).find((connection) => connection.status === 'open')
    if (open != null) return open
    const answered = new AbortController()
    const over = AbortSignal.any([signal, answered.signal])
    const attempts = addresses.map(async (address, index) => {
      await pause(index * stagger, over)
      over.throwIfAborted()
      const connection = await this.#options.network.services.directDial.dial(address, over, limits.dialAddress)
      if (answered.signal.aborted) {
        void close(connection)
        over.throwIfAborted()
      }
      answered.abort(new Error('Another address was faster'))
      return connection
    })
    try {
      return await Promise.any(attempts)
    } catch (error) {
      throw error instanceof AggregateError ? toError(error.errors[0]) : error
    }
  }

  #connections(peer: string): Connection[] {
    return this.#options.network
      .getConnections()
      .filter(({ remotePeer, remoteAddr }) => remotePeer.toString() === peer && !isRelayed(remoteAddr))
  }

  #noteReservations(): void {
    for (const link of this.#links.values()) {
      const reserved = this.#isReserved(link)
      if (link.session == null || reserved === link.reserved) continue
      this.#change(link, { state: 'connected', reserved })
      if (reserved) this.#options.onReady(link.peer)
    }
  }

  readonly #onSelfUpdate = (): void => {
    this.#noteReservations()
    // A node that restarted at once leaves the same addresses as before: reserved anew, but nothing to tell.
    const addresses = this.#options.network.getMultiaddrs().join()
    if (addresses === this.#told) return
    this.#told = addresses
    void this.announce()
  }

  #isReserved(link: Link): boolean {
    return this.#options.network.getMultiaddrs().some((address) => relayPeer(address) === link.peer)
  }

  async #firstSession(): Promise<void> {
    if (this.sessions().length > 0 || !this.#connecting) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limits.request)
      this.#awaitingSession.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  get #connecting(): boolean {
    return [...this.#links.values()].some(({ state }) => state === 'connecting')
  }

  #wake(): void {
    for (const wake of this.#awaitingSession.splice(0)) wake()
  }

  #change(link: Link, to: Pick<NodeState, 'state' | 'reserved'>): void {
    if (link.state === to.state && link.reserved === to.reserved) return
    Object.assign(link, to)
    this.#options.onState(stateOf(link))
    if (!this.#connecting) this.#wake()
  }

  #find(node: string): Link {
    const link = [...this.#links.values()].find(({ addresses, peer }) => node === peer || addresses.includes(node))
    if (link == null) throw new QuorumError('not-found', 'That node is not in the list')
    return link
  }

  #end(link: Link): void {
    link.stopped.abort()
    link.session?.close()
  }
}

/** The known address that a connection was made to. */
function addressOf(connection: Connection, { address, addresses, peer }: Link): string {
  const remote = connection.remoteAddr.toString()
  return addresses.find((known) => known === remote || known === withPeer(remote, peer)) ?? address
}

function stateOf({ address, peer, state, reserved, rttMs }: Link): NodeState {
  return { address, peer, state, reserved, ...(rttMs == null ? {} : { rttMs: Math.round(rttMs * 10) / 10 }) }
}

async function close(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(1000) })
  } catch (error) {
    connection.abort(toError(error))
  }
}
