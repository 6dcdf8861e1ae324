/**
 * The nodes of a peer: keeps a connection, a directory session and a reservation with each configured node while the
 * peer runs, also after a restart of the node. It also visits other nodes (those of a friend) for a single task. The
 * protocol is described in docs/protocol.md, /quorum/directory.
 */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { relayPeer } from '../address/address.ts'
import { Presence, type PresenceOptions } from './presence.ts'
import { DirectorySession } from './session.ts'
import { errorToData, QuorumError, toError, type ErrorData } from '../base/errors.ts'
import type { NodeProblem, NodeState } from '../api/model.ts'
import { limits } from '../base/limits.ts'
import {
  addressOf,
  dialTargets,
  forgetRefusals,
  homeNode,
  isRefusal,
  knownAddresses,
  newlyLearnt,
  noneAnswers,
  notReached,
  reportedToPeople,
  toAnnounce,
  stateOf,
  type HomeNode,
} from './home-node.ts'
import { directoryLimits } from './limits.ts'
import { NetworkTime } from './network-time.ts'
import { dialNode, nodeConnections } from './node-dial.ts'
import { NodeVisits, type NodeTask } from './node-visits.ts'
import { peerInLog } from '../base/log.ts'
import { closeOrAbort } from '../net/close.ts'
import { dialFailure } from '../net/dial-failure.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { netLimits } from '../net/limits.ts'
import { addressesToAnnounce, nodePeer, withAddress } from '../address/node-addresses.ts'
import { later, pause } from '../base/backoff.ts'
import { ReplacedSessions } from './replaced-sessions.ts'
import { WakeUp } from '../base/wake-up.ts'
import type { SignedBytes } from '../wire/codec.ts'

export interface HomeNodesOptions extends PresenceOptions {
  network: PeerNetwork
  /** A new record on each call, with a larger sequence. */
  record(): SignedBytes
  handle(): string
  /** Milliseconds since the epoch. */
  now(): number
  /** Returns when the envelope is on disk or deliberately dropped. */
  onEnvelope: (envelope: Uint8Array) => Promise<void>
  /** A node said that it has these addresses, besides those given; all of them, as they are to be stored. */
  onLearnt(node: string, addresses: readonly string[]): void
  /** The state of a node changed. */
  onState(state: NodeState): void
  /** A session with a node has begun, or a reservation was made: work that waited for a node can be retried. */
  onReady(node: string): void
  onWarning(warning: ErrorData): void
}

export class HomeNodes {
  readonly #options: HomeNodesOptions
  readonly presence: Presence
  readonly time: NetworkTime
  readonly #nodes = new Map<string, HomeNode>()
  readonly #stopped = new AbortController()
  readonly #visits: NodeVisits
  #renewal: NodeJS.Timeout | undefined
  #reserving: NodeJS.Timeout | undefined
  readonly #awaitingSession = new WakeUp()
  readonly #replaced = new ReplacedSessions((warning) => this.#options.onWarning(warning))
  /** Own addresses at the last update: only a change has to be announced. */
  #announced = ''

  constructor(options: HomeNodesOptions) {
    this.#options = options
    this.presence = new Presence(options)
    this.#visits = new NodeVisits(options, this.#stopped.signal)
    this.time = new NetworkTime(options)
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
    for (const node of this.#nodes.values()) this.#end(node)
    await Promise.all([...this.#nodes.values()].map((node) => node.done))
  }

  /** Whether this PeerId is one of the configured nodes. */
  has(peer: string): boolean {
    return this.#nodes.has(peer)
  }

  states(): NodeState[] {
    return [...this.#nodes.values()].map(stateOf)
  }

  /** The addresses that others receive, at most limits.nodeAddressesTold: first of nodes that are connected. */
  addresses(): string[] {
    return addressesToAnnounce([...this.#nodes.values()].map(toAnnounce))
  }

  sessions(): DirectorySession[] {
    return [...this.#nodes.values()].flatMap((node) => node.session ?? [])
  }

  /** As `sessions`; waits up to limits.request while the first attempts still run. Errors: `node-unreachable`. */
  async someSessions(): Promise<DirectorySession[]> {
    await this.#firstSession()
    const sessions = this.sessions()
    if (sessions.length === 0) throw noneAnswers(this.states())
    return sessions
  }

  /**
   * Keeps a connection to the node from now on. For a node that is already in the list it adds one more address.
   * `learnt`: what the node said of its own addresses in an earlier run.
   * Errors: `bad-request` for an address without a PeerId.
   */
  add(address: string, learnt: readonly string[] = []): void {
    const peer = nodePeer(address)
    const present = this.#nodes.get(peer)
    if (present != null) {
      present.addresses = withAddress(present.addresses, address)
      present.retry.now()
      present.refusedRetry.now()
      return
    }
    const node = homeNode(address, peer)
    node.learnt = [...learnt]
    this.#nodes.set(peer, node)
    node.done = this.#keep(node)
  }

  /** `address`: one of the node's addresses, or its PeerId. Returns the PeerId. Errors: `not-found`. */
  remove(address: string): string {
    const node = this.#find(address)
    this.#end(node)
    this.#nodes.delete(node.peer)
    this.time.forget(node.peer)
    for (const connection of nodeConnections(this.#options.network, node.peer))
      void closeOrAbort(connection, directoryLimits.nodeClose)
    return node.peer
  }

  /** The session with a configured node, by address or PeerId. Errors: `not-found`, `node-unreachable`. */
  session(node: string): DirectorySession {
    const { session } = this.#find(node)
    if (session == null) throw new QuorumError('node-unreachable', 'That node cannot be reached right now')
    return session
  }

  /**
   * Runs `task` with the node that has these addresses: over the open session if the node is configured, otherwise over
   * a separate connection that is closed after the task. `peer`: for whose sake; it told the addresses of a node that
   * is not configured. Errors: `foreign-node` where the privacy choices allow no connection to that node.
   */
  async visit<T>(addresses: readonly string[], peer: string, task: NodeTask<T>): Promise<T> {
    const node = this.#nodes.get(nodePeer(addresses[0] ?? ''))
    if (node?.session != null) return task(node.session)
    if (node != null) throw new QuorumError('node-unreachable', 'That node cannot be reached right now')
    return this.#visits.session(
      addresses.map((address) => ({ address, source: { peer } })),
      task,
    )
  }

  /** As `visit`, with the connection itself. A configured node is dialled at the addresses of the own list only. */
  async reach<T>(addresses: readonly string[], peer: string, use: (connection: Connection) => Promise<T>): Promise<T> {
    const node = this.#nodes.get(nodePeer(addresses[0] ?? ''))
    const told = addresses.map((address) => ({ address, source: { peer } }))
    return this.#visits.connected(node == null ? told : dialTargets(node), use)
  }

  /**
   * Removes a configured node after a last `task` with it, over the open session or a connection for it. Meanwhile it
   * is neither told anything else nor dialled. Errors: those of connection and task; the node is removed anyway.
   */
  async leave<T>(peer: string, task: NodeTask<T>): Promise<T> {
    const node = this.#find(peer)
    const { session } = node
    delete node.session
    try {
      if (session != null) return await task(session)
      this.remove(peer)
      return await this.#visits.session(dialTargets(node), task)
    } finally {
      if (this.has(peer)) this.remove(peer)
    }
  }

  /** Dials every unreachable node now, because the network changed. */
  retryNow(): void {
    for (const node of this.#nodes.values()) node.retry.now()
  }

  /** Sends the current record to every node. Also runs after each change of addresses, and at regular intervals. */
  async announce(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => this.#announce(node)))
  }

  /** Sends a new handle to the nodes; waits while a first connection is in progress. Errors: `handle-taken`. */
  async claimHandle(): Promise<void> {
    await this.#firstSession()
    await Promise.all([...this.#nodes.values()].map((node) => this.#sendRecord(node)))
  }

  async #keep(node: HomeNode): Promise<void> {
    const { signal } = node.stopped
    while (!signal.aborted) {
      let longest: number | undefined
      let problem: NodeProblem | undefined
      forgetRefusals(node)
      try {
        await this.#hold(node, signal)
      } catch (error) {
        problem = dialFailure(error)
        // More come than a full node can tell so. An earlier version cuts when it is full, or many share an address.
        if (problem === 'closed') longest = directoryLimits.nodeRefused
        // Expected while a node is offline: its state is reported, and the loop continues.
        this.#options.log('debug', `node ${peerInLog(node.peer)} is not reachable`, toError(error))
      }
      if (signal.aborted) return
      const retry = node.refused === undefined && node.twice === undefined ? node.retry : node.refusedRetry
      const wait = retry.next(longest)
      this.#change(node, notReached(node, problem, this.#options.now() + wait))
      await retry.rest(wait, signal)
    }
  }

  /** One connection to the node, from dialling to close. */
  async #hold(node: HomeNode, signal: AbortSignal): Promise<void> {
    const connection = await dialNode(this.#options.network, dialTargets(node), signal)
    node.address = addressOf(connection, node)
    const { onEnvelope, onPresent, log } = this.#options
    const session = await DirectorySession.open(connection, onEnvelope, log, onPresent)
    const begun = performance.now()
    const over = new AbortController()
    try {
      node.session = session
      const told = await this.#announce(node)
      signal.throwIfAborted()
      // Once in a session: a node that tells another list each time must not make this peer announce without end.
      this.#learn(node, told)
      if (node.refused !== undefined) return
      node.refusedRetry.reset()
      this.#change(node, { state: 'connected', reserved: this.#isReserved(node) })
      this.#awaitingSession.wake()
      this.#options.onReady(node.peer)
      // libp2p requests a reservation once, after identify. This requests it again if the first request was lost.
      void pause(directoryLimits.reserveAfter, signal, over.signal).then(() => {
        this.#reserve()
        this.#expectFriends(node)
      })
      if (node.reserved) this.#expectFriends(node)
      await Promise.race([session.closed, pause(limits.connectionAge, signal, over.signal)])
      if (session.reset && connection.status === 'open' && this.#replaced.ended()) node.twice = true
    } finally {
      over.abort()
      // A node whose sessions repeatedly fail at once must be dialled at growing intervals.
      if (performance.now() - begun > netLimits.stableAfter) node.retry.reset()
      delete node.session
      session.close()
      await closeOrAbort(connection, directoryLimits.nodeClose)
    }
  }

  /** Requests the missing reservations again: the node may have been full before. */
  #reserve(): void {
    // libp2p emits no update when its addresses are the same as before a node's restart.
    this.#noteReservations()
    const { network, log } = this.#options
    for (const node of this.#nodes.values()) {
      if (node.session == null || node.reserved) continue
      network.services.circuits
        .reserve(peerIdFromString(node.peer))
        .catch((error: unknown) => log('debug', `node ${peerInLog(node.peer)} refuses a reservation`, toError(error)))
    }
  }

  #expectFriends({ session, stopped }: HomeNode): void {
    if (session != null) void this.presence.tell(session, stopped.signal)
  }

  /** Sends the current record to one node. Errors: `handle-taken`, and every error that prevents its delivery. */
  async #sendRecord(node: HomeNode): Promise<string[]> {
    const { session } = node
    if (session == null) return []
    const { rttMs, nodeAddresses, time } = await session.announce(this.#options.record(), this.#options.handle())
    node.rttMs = rttMs
    this.time.observe(node.peer, time, rttMs)
    return nodeAddresses
  }

  /** Returns the addresses that the node says it has. */
  async #announce(node: HomeNode): Promise<string[]> {
    try {
      return await this.#sendRecord(node)
    } catch (error) {
      const data = errorToData(error)
      // The node has the record without the handle, or the own disk is full and the record is sent later.
      if (reportedToPeople.has(data.code)) this.#options.onWarning(data)
      else if (data.code === 'rate-limited') this.#announceLater(node)
      // Without a record friends cannot find this peer at the node, so the session is reopened.
      else {
        if (isRefusal(data.code)) node.refused = data.code
        node.session?.close()
      }
      return []
    }
  }

  /** Takes over what a node says of its own addresses, if it says anything: an older one does not. */
  #learn(node: HomeNode, told: readonly string[]): void {
    const learnt = newlyLearnt(node, told, this.#options.network.services.directDial)
    if (learnt == null) return
    node.learnt = learnt
    this.#options.onLearnt(node.peer, learnt)
  }

  #announceLater(node: HomeNode): void {
    if (node.announceDue === true) return
    node.announceDue = true
    later(directoryLimits.announceRetry, node.stopped.signal, () => {
      delete node.announceDue
      void this.#announce(node)
    })
  }

  #noteReservations(): void {
    for (const node of this.#nodes.values()) {
      const reserved = this.#isReserved(node)
      if (node.session == null || reserved === node.reserved) continue
      this.#change(node, { state: 'connected', reserved })
      if (!reserved) continue
      this.#options.onReady(node.peer)
      this.#expectFriends(node)
    }
  }

  readonly #onSelfUpdate = (): void => {
    this.#noteReservations()
    // After a quick restart of a node the addresses are unchanged: the reservation is new, the record is not.
    const addresses = this.#options.network.getMultiaddrs().join()
    if (addresses === this.#announced) return
    this.#announced = addresses
    void this.announce()
  }

  #isReserved(node: HomeNode): boolean {
    return this.#options.network.getMultiaddrs().some((address) => relayPeer(address) === node.peer)
  }

  async #firstSession(): Promise<void> {
    if (this.sessions().length > 0 || !this.#connecting) return
    await this.#awaitingSession.wait(limits.request)
  }

  get #connecting(): boolean {
    return [...this.#nodes.values()].some(({ state }) => state === 'connecting')
  }

  #change(node: HomeNode, to: Pick<NodeState, 'state' | 'reserved' | 'fullUntil' | 'problem'>): void {
    const same = (['state', 'reserved', 'fullUntil', 'problem'] as const).every((name) => node[name] === to[name])
    if (same) return
    delete node.fullUntil
    delete node.problem
    Object.assign(node, to)
    this.#options.onState(stateOf(node))
    if (!this.#connecting) this.#awaitingSession.wake()
  }

  #find(wanted: string): HomeNode {
    const node = [...this.#nodes.values()].find((one) => wanted === one.peer || knownAddresses(one).includes(wanted))
    if (node == null) throw new QuorumError('not-found', 'That node is not in the list')
    return node
  }

  #end(node: HomeNode): void {
    node.stopped.abort()
    node.session?.close()
  }
}
