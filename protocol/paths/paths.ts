/**
 * How two friends reach each other. Direct addresses are dialled in parallel with a short stagger, circuits through the
 * friend's nodes and the own nodes a moment later, so that a dead address delays nothing. The first connection carries
 * the conversation, and a direct path that opens later replaces a circuit. The attempts are repeated for every friend
 * while the peer runs. Their order is described in docs/protocol.md.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isPublic, isRelayed, lastPeer } from '../address/address.ts'
import { areForeign } from '../address/node-addresses.ts'
import type { ConnectionInfo, PathKind } from '../api/model.ts'
import type { Privacy } from '../api/privacy.ts'
import { later, pause, Retry } from '../base/backoff.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import { connectionInfo, isDirect, pathKind } from './connection-info.ts'
import { circuitTargets, directTargets, type DialTargetsOptions } from './dial-targets.ts'
import { HolePunches } from './hole-punch.ts'
import { pathLimits } from './limits.ts'
import { carriesCircuits, connectionsSharing, openConnections } from './open-connections.ts'
import { closeOrAbort } from '../net/close.ts'
import { raceDials } from '../net/dial-race.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { netLimits } from '../net/limits.ts'
import { PathDiagnosis } from './path-diagnosis.ts'
import { TryQueue } from './try-queue.ts'
import { PathUpkeep } from './upkeep.ts'

export interface PathsOptions extends DialTargetsOptions {
  network: PeerNetwork
  /** The current choices about direct paths, and about announcing and dialling LAN addresses. */
  privacy(): Pick<Privacy, 'direct' | 'lan'>
  /** This peer may dial `peer` and reveal its own address to it. Without `peer`: to any peer. */
  mayBeDirect(peer?: string): boolean
  /** The current rules allow the connection to stay open. `carries`: circuits run over it. */
  mayStayOpen(connection: Connection, carries: boolean): boolean
  log: Log
  /** Own public addresses that a node dialled back successfully. */
  confirmed(): readonly string[]
  /** No announced address answered: looks up the current addresses of the friend at the nodes. */
  discover(peer: string): Promise<void>
  /** No path reaches the friend: asks it to dial this peer. Never throws. */
  askToDial(peer: string): Promise<void>
  /** A connection to any peer opened. */
  onOpen(connection: Connection): void
  /** The best path to a peer may have changed. */
  onChange(peer: string): void
}

interface Wanted {
  retry: Retry
  stopped: AbortController
  /** Attempts that do not wait for their turn, because something showed that the friend is there. */
  hopeful: number
  /** Why the last attempt failed, for people. */
  failure?: string
}

export class Paths {
  readonly #options: PathsOptions
  readonly #wanted = new Map<string, Wanted>()
  readonly #attempts = new Map<string, Promise<Connection>>()
  /** Peers that are connected by a circuit, and for which a search for a direct path runs. */
  readonly #improving = new Set<string>()
  readonly #tries = new TryQueue(pathLimits.tries)
  readonly #stopped = new AbortController()
  /** Aborted when the rules change, because the dials in progress follow the old rules. */
  #rules = new AbortController()
  readonly #diagnosis = new PathDiagnosis()
  readonly #holePunches: HolePunches
  readonly #upkeep: PathUpkeep

  constructor(options: PathsOptions) {
    const { network, log, ownNodes, isContact } = options
    this.#options = options
    this.#holePunches = new HolePunches({ network, nodes: ownNodes, log })
    this.#upkeep = new PathUpkeep({
      network,
      log,
      friends: () => this.#wanted.keys(),
      connections: (peer) => this.connections(peer),
      isContact,
      carries: (connection) => carriesCircuits(network, connection),
      renew: (peer, old) => this.#dialAll(peer, old),
    })
  }

  start(): void {
    const { network } = this.#options
    network.addEventListener('connection:open', this.#onOpen)
    network.addEventListener('connection:close', this.#onClose)
    this.#upkeep.start()
  }

  /** Aborts every attempt; resolves when the hole punches have cleaned up. */
  async stop(): Promise<void> {
    const { network } = this.#options
    network.removeEventListener('connection:open', this.#onOpen)
    network.removeEventListener('connection:close', this.#onClose)
    this.#upkeep.stop()
    this.#stopped.abort(new Error('The peer stops'))
    for (const wanted of this.#wanted.values()) wanted.stopped.abort()
    this.#tries.stop()
    this.#wanted.clear()
    await this.#holePunches.stop()
  }

  /** Keeps a connection to `peer` until `unwant`. */
  want(peer: string): void {
    if (this.#wanted.has(peer) || this.#stopped.signal.aborted) return
    const wanted: Wanted = { retry: new Retry(limits.friendRetry), stopped: new AbortController(), hopeful: 0 }
    this.#wanted.set(peer, wanted)
    void this.#keep(peer, wanted)
  }

  /** `peer` is no longer a friend: closes every connection to it. */
  unwant(peer: string): void {
    this.#wanted.get(peer)?.stopped.abort()
    this.#wanted.delete(peer)
    this.#tries.skip(peer)
    this.#diagnosis.forget(peer)
    this.#holePunches.forget(peer)
    for (const connection of this.connections(peer)) void closeOrAbort(connection)
  }

  /** The network changed: dials every offline friend, and permits hole punches again. */
  retryNow(): void {
    this.#holePunches.reset()
    for (const { retry } of this.#wanted.values()) retry.now()
  }

  /** A node reconnected: as `retryNow`, but the waits are not short again, because a session may end as it began. */
  nodeReady(): void {
    this.#holePunches.reset()
    for (const { retry } of this.#wanted.values()) retry.wake()
  }

  /** The peer asks to be dialled, and has announced its addresses. */
  dialNow(peer: string): void {
    if (this.kind(peer) === 'relayed') void this.#improve(peer)
    else if (this.kind(peer) === 'none') this.#hope(peer)
  }

  /** The result of `mayBeDirect` for this peer has changed. */
  ruleChanged(peer: string): void {
    for (const connection of this.#forbidden()) void closeOrAbort(connection)
    if (this.#options.mayBeDirect(peer)) this.dialNow(peer)
  }

  /** Aborts the hole punches in progress, because the rules about direct paths have changed. */
  endHolePunches(): Promise<void> {
    return this.#holePunches.rulesChanged()
  }

  /**
   * The rules have changed: aborts the dials in progress and closes every connection that is no longer allowed (if
   * `lan` is false, also those in the local network). Resolves when those connections are closed. Friends are dialled
   * again under the new rules.
   */
  async rulesChanged(lan: boolean): Promise<void> {
    this.#rules.abort(new Error('Other paths are allowed now'))
    this.#rules = new AbortController()
    const near = this.#options.network.getConnections().filter((connection) => {
      // A node stays connected also in the local network, because a person added it.
      const isNear = isDirect(connection) && !isPublic(connection.remoteAddr)
      return !lan && isNear && this.#wanted.has(connection.remotePeer.toString())
    })
    await Promise.all([...this.#forbidden(), ...near].map((connection) => closeOrAbort(connection)))
    for (const [peer, { retry }] of this.#wanted) {
      if (this.kind(peer) === 'relayed') this.dialNow(peer)
      else retry.now()
    }
  }

  /** Open connections that the current rules do not allow. */
  #forbidden(): Connection[] {
    const { network, mayStayOpen } = this.#options
    const mayCarry = (circuit: Connection): boolean => mayStayOpen(circuit, false)
    return network
      .getConnections()
      .filter((connection) => !mayStayOpen(connection, carriesCircuits(network, connection, mayCarry)))
  }

  /** The handler of /libp2p/dcutr. Errors: those of HolePunches.receive. */
  receiveHolePunch(stream: Stream, relayed: Connection): Promise<void> {
    return this.#holePunches.receive(stream, relayed)
  }

  /** Open connections, the best first (openConnections). */
  connections(peer: string): Connection[] {
    return openConnections(this.#options.network, peer)
  }

  /** Connections that one cause may have broken (connectionsSharing). */
  sharing(connection: Connection): Connection[] {
    return connectionsSharing(this.#options.network, connection)
  }

  kind(peer: string): PathKind {
    return pathKind(this.connections(peer)[0])
  }

  info(peer: string): ConnectionInfo {
    const { privacy, mayBeDirect, isContact, ownNodes, nodeRefusal, announced } = this.#options
    const wanted = this.#wanted.get(peer)
    return connectionInfo({
      best: this.connections(peer)[0],
      isFriend: wanted !== undefined,
      failure: wanted?.failure,
      direct: privacy().direct,
      mayBeDirect: mayBeDirect(peer),
      hasAddress: () => directTargets(this.#options, peer).length > 0,
      nodes: { connected: ownNodes().length, refusal: nodeRefusal() },
      foreign: !mayBeDirect(peer) && areForeign(announced(peer).nodes, isContact),
      tried: [...this.#diagnosis.tried(peer), ...[this.#holePunches.lastAttempt(peer) ?? []].flat()],
      punchFailure: this.#holePunches.failure(peer),
    })
  }

  /**
   * An open connection to a friend; dials if there is none. Errors: `peer-offline` when no path works,
   * `relay-refused` when only a circuit is possible and the node refuses it.
   */
  async connect(peer: string): Promise<Connection> {
    const open = this.connections(peer)[0]
    if (open != null) return open
    const running = this.#attempts.get(peer) ?? this.#attempt(peer)
    this.#attempts.set(peer, running)
    try {
      return await running
    } finally {
      if (this.#attempts.get(peer) === running) this.#attempts.delete(peer)
    }
  }

  /** A direct connection to a peer that is not a friend yet, for one envelope. Undefined if it may dial none. */
  async connectDirectly(peer: string, addresses: readonly string[]): Promise<Connection | undefined> {
    const targets = directTargets(this.#options, peer, addresses)
    return targets.length === 0 ? undefined : this.#race(targets)
  }

  /** Own addresses to announce to the friend `to`, or to any peer; private ones only if LAN paths are allowed. */
  ownAddresses(to?: string): string[] {
    if (!this.#options.mayBeDirect(to)) return []
    const listening = this.#options.network.services.directDial
      .listening()
      .filter((address) => !isRelayed(address) && (this.#options.privacy().lan || isPublic(address)))
    return [...new Set([...this.#options.confirmed(), ...listening])].slice(0, limits.addressesTold)
  }

  /** Whether an attempt would dial or look up anything: before the first node is connected, often not. */
  #mayCost(peer: string): boolean {
    const { ownNodes } = this.#options
    return (
      ownNodes().length + directTargets(this.#options, peer).length + circuitTargets(this.#options, peer).length > 0
    )
  }

  /** Something shows that the friend is there: dials it at once. */
  #hope(peer: string): void {
    const wanted = this.#wanted.get(peer)
    if (wanted === undefined) return
    wanted.hopeful = pathLimits.hopefulTries
    wanted.retry.now()
    this.#tries.skip(peer)
  }

  async #keep(peer: string, wanted: Wanted): Promise<void> {
    const { signal } = wanted.stopped
    while (!signal.aborted) {
      if (this.kind(peer) !== 'none') {
        delete wanted.failure
        // The close of the connection ends this wait early.
        await wanted.retry.wait(signal)
        if (!signal.aborted && this.kind(peer) === 'relayed') await this.#improve(peer)
        continue
      }
      if (wanted.hopeful > 0) wanted.hopeful -= 1
      else if (this.#mayCost(peer)) await this.#tries.take(peer)
      if (signal.aborted) return
      try {
        await this.connect(peer)
      } catch (error) {
        wanted.failure = toError(error).message
        if (!signal.aborted) void this.#options.askToDial(peer)
        await wanted.retry.wait(signal)
      }
    }
  }

  /**
   * While relayed: dials direct addresses again, then tries a hole punch. Both sides of a circuit do this; only the
   * callee begins the hole punch (HolePunches.attempt). The circuit is closed after the conversation has moved.
   */
  async #improve(peer: string): Promise<void> {
    if (this.#improving.has(peer) || !this.#options.mayBeDirect(peer)) return
    this.#improving.add(peer)
    try {
      const targets = directTargets(this.#options, peer)
      // The error of each dial is logged; the circuit stays in use.
      const dials = targets.length === 0 ? undefined : this.#race(targets).catch(() => undefined)
      await Promise.race([dials, pause(pathLimits.punchAfter, this.#stopped.signal)])
      const best = this.connections(peer)[0]
      // The rules may have changed during the dials.
      const may = this.#options.mayBeDirect(peer)
      if (may && best != null && !isDirect(best)) await this.#holePunches.attempt(best)
      await dials
    } finally {
      this.#improving.delete(peer)
    }
  }

  /** Runs after a circuit opened, or when circuits are the only remaining path. */
  #improveSoon(peer: string): void {
    if (!this.#wanted.has(peer)) return
    later(pathLimits.directAfter * (1 + Math.random()), this.#stopped.signal, () => {
      if (this.#wanted.has(peer) && this.kind(peer) === 'relayed') void this.#improve(peer)
    })
  }

  async #attempt(peer: string): Promise<Connection> {
    try {
      return await this.#dialAll(peer)
    } catch (first) {
      if (this.#options.ownNodes().length === 0) throw first
      // The stored addresses may be out of date: look them up, and dial once more if the nodes have newer ones.
      const before = JSON.stringify(this.#options.announced(peer))
      await this.#options.discover(peer)
      if (JSON.stringify(this.#options.announced(peer)) === before) throw first
      return this.#dialAll(peer)
    }
  }

  /** Dials direct addresses, then circuits. `except`: the connection to replace. */
  async #dialAll(peer: string, except?: Connection): Promise<Connection> {
    const targets = directTargets(this.#options, peer)
    const circuits = circuitTargets(this.#options, peer)
    if (targets.length + circuits.length === 0) {
      throw new QuorumError('peer-offline', 'no address of the friend is known, and none of its nodes can be reached')
    }
    // If two peers dial each other, one circuit is enough: the smaller PeerId dials first.
    const grace = this.#options.network.peerId.toString() < peer ? 0 : pathLimits.circuitGrace
    return this.#race(targets, circuits, (targets.length === 0 ? 0 : pathLimits.circuitsAfter) + grace, except)
  }

  /** The first connection that opens. `except` does not count as an open connection. */
  async #race(
    addresses: readonly string[],
    circuits: readonly string[] = [],
    circuitsAfter = 0,
    except?: Connection,
  ): Promise<Connection> {
    const { log, network } = this.#options
    const signal = AbortSignal.any([this.#stopped.signal, this.#rules.signal])
    const dial = async (address: string, over: AbortSignal): Promise<Connection> => {
      const relayed = isRelayed(address)
      // The friend may have dialled at the same time: one circuit is enough.
      const open = relayed ? this.connections(lastPeer(address) ?? '') : []
      const present = open.find((connection) => connection !== except)
      if (present !== undefined) return present
      const source = { peer: lastPeer(address) ?? '' }
      const timeout = relayed ? limits.dial : limits.dialAddress
      const dialled = network.services.directDial.dial(address, source, over, timeout)
      return this.#diagnosis.watch(address, over, dialled)
    }
    try {
      // PathUpkeep.retireWorse closes a second direct connection later, after its streams have moved.
      return await raceDials({ addresses, circuits, circuitsAfter, signal, dial })
    } catch (error) {
      const causes = error instanceof AggregateError ? error.errors.map(toError) : [toError(error)]
      for (const cause of causes) log('debug', 'a path failed', cause)
      const refused = causes.some((cause) => /RESOURCE_LIMIT|PERMISSION_DENIED/.test(cause.message))
      throw refused
        ? new QuorumError('relay-refused', 'the node refuses to carry the conversation', { cause: error })
        : new QuorumError('peer-offline', 'they are offline, or no path to them works', { cause: error })
    }
  }

  readonly #onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    const peer = connection.remotePeer.toString()
    // The rules may have changed after the dial ended. A connection dialled to a stranger may soon carry circuits.
    const dialled = connection.direction === 'outbound'
    if (!this.#options.mayStayOpen(connection, dialled)) return void closeOrAbort(connection)
    this.#options.onOpen(connection)
    this.#options.onChange(peer)
    this.#upkeep.dismissStranger(connection)
    if (!isDirect(connection)) this.#improveSoon(peer)
    // directory/home-nodes.ts owns connections to nodes: the older one carries the session and the reservation.
    if (this.#wanted.has(peer) && this.connections(peer).length > 1) this.#upkeep.retireWorse(peer)
  }

  readonly #onClose = ({ detail: connection }: CustomEvent<Connection>): void => {
    const peer = connection.remotePeer.toString()
    this.#options.onChange(peer)
    // A connection that closed immediately was refused (for example after an unfriend): no reason for an early retry.
    const lasted = Date.now() - connection.timeline.open > netLimits.stableAfter
    if (lasted && this.connections(peer).length === 0) this.#hope(peer)
    if (isDirect(connection) && this.kind(peer) === 'relayed') this.#improveSoon(peer)
  }
}
