/**
 * How two friends reach each other. Direct addresses are dialled side by side with a short stagger, circuits through
 * the friend's nodes and ours a moment later, so that a dead address delays nothing; the first that answers carries
 * the conversation, and a direct path that comes later takes over. For every friend this goes on for as long as the
 * peer runs.
 */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { circuitAddress, isAddress, isPublic, isRelayed, lastPeer, relayPeer, withPeer } from '../address/address.ts'
import { advice, adviceCode, ConnectionDoctor } from './path-diagnosis.ts'
import { QuorumError, toError } from '../base/errors.ts'
import type { ConnectionInfo, DialAttempt, PathKind } from '../api/model.ts'
import { shortId } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { pathLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import { type PeerNetwork } from '../net/libp2p.ts'
import { byNode } from '../address/node-addresses.ts'
import { type DirectMode } from '../net/policy.ts'
import { pause, Retry } from '../base/backoff.ts'

/** Between the starts of two direct dials, and before the circuits, in milliseconds. */
const stagger = 100
const circuitsAfter = 300
const circuitCourtesy = 400
/** A path that a better one replaced is closed after this, in milliseconds: streams have moved by then. */
const replacedAfter = 10_000
/** A connection that lasted this long, in milliseconds, was meant. */
const stableAfter = 3000
/** A circuit is improved on after this, in milliseconds, or up to twice that: the hello with their addresses has come. */
const upgradeAfter = 500
/** Direct dials of an upgrade have the first word for this long, in milliseconds; then holes are punched. */
const punchAfter = 500

export interface PathsOptions {
  network: PeerNetwork
  direct: DirectMode
  /** That peer may learn our address, and is dialled; without one: anybody may. */
  mayBeDirect(peer?: string): boolean
  /** LAN addresses are told, and dialled. */
  lan: boolean
  log: Log
  /** Where a friend may be: its own addresses and its nodes, as it told. */
  known(peer: string): { addresses: readonly string[]; nodes: readonly string[] }
  /** Own public addresses that a node has dialled back. */
  confirmed(): readonly string[]
  /** Nodes we are connected to. */
  ownNodes(): readonly string[]
  /** Tries to punch a hole beside a relayed connection. Never throws. */
  punch(relayed: Connection): Promise<void>
  /** Why that failed, as a part of a sentence. */
  whyNotPunched(peer: string): string | undefined
  /** How the last hole punch ended. */
  punched(peer: string): DialAttempt | undefined
  /** Nothing known answered: ask the nodes where the friend is now. */
  discover(peer: string): Promise<void>
  /** Nothing reaches the friend: ask it to dial us. Never throws. */
  askToDial(peer: string): Promise<void>
  /** A friend or a node; others are given just the time for an envelope. */
  mayStay(peer: string): boolean
  /** A connection to anybody opened. */
  onOpen(connection: Connection): void
  /** The best path to a peer may have changed. */
  onChange(peer: string): void
}

interface Wanted {
  retry: Retry
  stopped: AbortController
  /** Why the last attempt failed, for people. */
  failure?: string
}

export class Paths {
  readonly #options: PathsOptions
  readonly #wanted = new Map<string, Wanted>()
  readonly #attempts = new Map<string, Promise<Connection>>()
  readonly #upgrading = new Set<string>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #stopped = new AbortController()
  readonly #doctor = new ConnectionDoctor()
  #rotation: NodeJS.Timeout | undefined

  constructor(options: PathsOptions) {
    this.#options = options
  }

  start(): void {
    const { network } = this.#options
    network.addEventListener('connection:open', this.#onOpen)
    network.addEventListener('connection:close', this.#onClose)
    this.#rotation = setInterval(() => this.#rotate(), pathLimits.connectionLook)
  }

  stop(): void {
    const { network } = this.#options
    network.removeEventListener('connection:open', this.#onOpen)
    network.removeEventListener('connection:close', this.#onClose)
    clearInterval(this.#rotation)
    this.#stopped.abort(new Error('The peer stops'))
    for (const timer of this.#timers) clearTimeout(timer)
    for (const wanted of this.#wanted.values()) wanted.stopped.abort()
    this.#wanted.clear()
  }

  /** Stay connected to `peer` from now on. */
  want(peer: string): void {
    if (this.#wanted.has(peer)) return
    const wanted: Wanted = { retry: new Retry(limits.friendRetry), stopped: new AbortController() }
    this.#wanted.set(peer, wanted)
    void this.#keep(peer, wanted)
  }

  /** Not a friend any more: ends every connection to `peer`. */
  unwant(peer: string): void {
    this.#wanted.get(peer)?.stopped.abort()
    this.#wanted.delete(peer)
    this.#doctor.forget(peer)
    for (const connection of this.connections(peer)) this.#close(connection)
  }

  /** Try everybody who is away now: a node came back, or the network changed. */
  retryNow(): void {
    for (const wanted of this.#wanted.values()) wanted.retry.now()
  }

  /** They ask for it, and have told where they are. */
  dialNow(peer: string): void {
    if (this.kind(peer) === 'relayed') void this.#upgrade(peer)
    else if (this.kind(peer) === 'none') this.#wanted.get(peer)?.retry.now()
  }

  /** Whether they may be reached directly is another matter now. */
  ruleChanged(peer: string): void {
    if (this.#options.mayBeDirect(peer)) this.dialNow(peer)
    else for (const connection of this.connections(peer)) if (isDirect(connection)) this.#close(connection)
  }

  /**
   * Open connections, the best first: direct before relayed; then, so that both sides agree, those that the smaller
   * PeerId dialled; then the newest.
   */
  connections(peer: string): Connection[] {
    const smaller = this.#options.network.peerId.toString() < peer
    const rank = (connection: Connection): number =>
      2 * Number(isDirect(connection)) + Number((connection.direction === 'outbound') === smaller)
    return this.#options.network
      .getConnections(peerIdFromString(peer))
      .filter((connection) => connection.status === 'open')
      .sort((a, b) => rank(b) - rank(a) || b.timeline.open - a.timeline.open)
  }

  /** What may have died of the same cause: every connection to that peer, and to the node that carries this one. */
  sharing({ remotePeer, remoteAddr }: Connection): Connection[] {
    const via = relayPeer(remoteAddr)
    return this.#options.network
      .getConnections()
      .filter((other) => other.remotePeer.equals(remotePeer) || other.remotePeer.toString() === via)
  }

  kind(peer: string): PathKind {
    const best = this.connections(peer)[0]
    if (best == null) return 'none'
    return isDirect(best) ? 'direct' : 'relayed'
  }

  info(peer: string): ConnectionInfo {
    const { direct: mode, mayBeDirect, ownNodes } = this.#options
    const direct = mode === 'verified' && mayBeDirect(peer) ? 'auto' : mode
    const best = this.connections(peer)[0]
    const tried = [...this.#doctor.tried(peer), ...[this.#options.punched(peer) ?? []].flat()]
    const limited = best == null || isDirect(best) ? undefined : limitsOf(best)
    const stops = this.#wanted.has(peer) ? adviceCode(this.kind(peer), direct, ownNodes().length, tried) : undefined
    const code = limited == null ? stops : 'limited'
    const found = {
      tried,
      ...(limited == null ? {} : { limited }),
      ...(code == null ? {} : { advice: advice[code], adviceCode: code }),
    }
    if (best == null) return { path: 'none', reason: this.#whyNone(peer), ...found }
    const address = best.remoteAddr.toString()
    const via = relayPeer(address)
    return {
      path: isDirect(best) ? 'direct' : 'relayed',
      transport: address.includes('/ws') ? 'websocket' : 'tcp',
      address,
      ...(via == null ? {} : { via }),
      ...(best.rtt == null ? {} : { rttMs: Math.round(best.rtt * 10) / 10 }),
      since: best.timeline.open,
      reason: isDirect(best)
        ? 'You are connected directly.'
        : `You are connected through node ${shortId(via ?? '')}, which cannot read what you say${inWords(limited)}; ${this.#whyRelayed(peer)}.`,
      ...found,
    }
  }

  /**
   * An open connection to a friend, made now if there is none. Errors: `peer-offline` when no path works,
   * `relay-refused` when only a circuit could and the node refuses it.
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

  /** A direct connection to somebody who is not a friend yet, for one envelope. */
  async connectDirectly(peer: string, addresses: readonly string[]): Promise<Connection | undefined> {
    const targets = this.#directTargets(peer, addresses)
    return targets.length === 0 ? undefined : this.#race(targets)
  }

  /** Own addresses to tell that friend, or anybody, private ones only where LAN paths are wanted. */
  ownAddresses(to?: string): string[] {
    if (!this.#options.mayBeDirect(to)) return []
    const listening = this.#options.network.services.directDial
      .listening()
      .filter((address) => !isRelayed(address) && (this.#options.lan || isPublic(address)))
    return [...new Set([...this.#options.confirmed(), ...listening])].slice(0, limits.addressesTold)
  }

  async #keep(peer: string, wanted: Wanted): Promise<void> {
    const { signal } = wanted.stopped
    while (!signal.aborted) {
      if (this.kind(peer) !== 'none') {
        delete wanted.failure
        // Ended early by the close of a connection.
        await wanted.retry.wait(signal)
        if (!signal.aborted && this.kind(peer) === 'relayed') await this.#upgrade(peer)
        continue
      }
      try {
        await this.connect(peer)
      } catch (error) {
        wanted.failure = toError(error).message
        if (!signal.aborted) void this.#options.askToDial(peer)
        await wanted.retry.wait(signal)
      }
    }
  }

  /** While relayed: a direct path may work by now. The circuit is left once the conversation has moved. */
  async #upgrade(peer: string): Promise<void> {
    if (this.#upgrading.has(peer) || !this.#options.mayBeDirect(peer)) return
    this.#upgrading.add(peer)
    try {
      const targets = this.#directTargets(peer, this.#options.known(peer).addresses)
      // Why each one failed is in the log already; the circuit carries on.
      const dials = targets.length === 0 ? undefined : this.#race(targets).catch(() => undefined)
      await Promise.race([dials, pause(punchAfter, this.#stopped.signal)])
      const best = this.connections(peer)[0]
      if (best != null && !isDirect(best)) await this.#options.punch(best)
      await dials
    } finally {
      this.#upgrading.delete(peer)
    }
  }

  /** A circuit has come, or is what is left. */
  #upgradeSoon(peer: string): void {
    if (!this.#wanted.has(peer)) return
    this.#later(upgradeAfter * (1 + Math.random()), () => {
      if (this.#wanted.has(peer) && this.kind(peer) === 'relayed') void this.#upgrade(peer)
    })
  }

  async #attempt(peer: string): Promise<Connection> {
    try {
      return await this.#climb(peer)
    } catch (first) {
      // What was known is stale: look it up, and climb once more if that told anything new.
      const before = JSON.stringify(this.#options.known(peer))
      await this.#options.discover(peer)
      if (JSON.stringify(this.#options.known(peer)) === before) throw first
      return this.#climb(peer)
    }
  }

  /** The ladder: direct addresses, then circuits. `worn`: a connection that does not count. */
  async #climb(peer: string, worn?: Connection): Promise<Connection> {
    const { network, direct, ownNodes, known } = this.#options
    const { addresses, nodes } = known(peer)
    const targets = this.#directTargets(peer, addresses)
    const own = byNode(ownNodes())
    // Where we are already, one circuit is enough; a node of ours that is away is dialled by directory/home-nodes.ts, and only there.
    const others = [...byNode(nodes)].flatMap(([node, all]) =>
      own.has(node) || this.#options.mayStay(node) ? [] : all,
    )
    const relays =
      direct === 'only' ? [] : [...ownNodes(), ...others].slice(0, limits.nodesTold + limits.nodeAddressesTold)
    const circuits = relays.map((node) => circuitAddress(node, peer))
    if (targets.length + circuits.length === 0) {
      throw new QuorumError('peer-offline', 'no address of theirs is known, and no node of theirs can be reached')
    }
    // Of two that look for each other one circuit is enough: the smaller PeerId dials first.
    const later = network.peerId.toString() < peer ? 0 : circuitCourtesy
    return this.#race(targets, circuits, (targets.length === 0 ? 0 : circuitsAfter) + later, worn)
  }

  #directTargets(peer: string, addresses: readonly string[]): string[] {
    if (!this.#options.mayBeDirect(peer)) return []
    return addresses
      .filter((address) => isAddress(address) && !isRelayed(address) && (this.#options.lan || isPublic(address)))
      .map((address) => withPeer(address, peer))
      .filter((address) => lastPeer(address) === peer)
      .slice(0, limits.addressesTold)
  }

  /** The first that answers ends the others; only, direct dials go on when a circuit was first. */
  async #race(
    targets: readonly string[],
    circuits: readonly string[] = [],
    circuitsDelay = 0,
    worn?: Connection,
  ): Promise<Connection> {
    const { log, network } = this.#options
    const answered = new AbortController()
    const answeredDirectly = new AbortController()
    const dial = async (address: string, delay: number): Promise<Connection> => {
      const relayed = isRelayed(address)
      const over = AbortSignal.any([this.#stopped.signal, (relayed ? answered : answeredDirectly).signal])
      await pause(delay, over)
      over.throwIfAborted()
      const open = relayed ? this.connections(lastPeer(address) ?? '') : []
      const theirs = open.find((connection) => connection !== worn)
      if (theirs != null) return theirs
      const dialled = network.services.directDial.dial(address, over, relayed ? limits.dial : limits.dialAddress)
      const connection = await this.#doctor.watch(address, over, dialled)
      answered.abort(new Error('Another path was faster'))
      if (!relayed) answeredDirectly.abort(new Error('Another direct path was faster'))
      return connection
    }
    try {
      return await Promise.any([
        ...targets.map((address, index) => dial(address, index * stagger)),
        ...circuits.map((address) => dial(address, circuitsDelay)),
      ])
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
    this.#options.onOpen(connection)
    this.#options.onChange(peer)
    if (!this.#options.mayStay(peer)) {
      this.#later(pathLimits.strangerStay, () => this.#dismiss(connection))
    }
    if (!isDirect(connection)) this.#upgradeSoon(peer)
    // Connections to nodes are directory/home-nodes.ts's: the older one carries the session and the reservation.
    if (this.#wanted.has(peer) && this.connections(peer).length > 1) this.#retire(peer)
  }

  readonly #onClose = ({ detail: connection }: CustomEvent<Connection>): void => {
    const peer = connection.remotePeer.toString()
    this.#options.onChange(peer)
    // One that was refused at once (they removed us, say) is no reason to hurry.
    const lasted = Date.now() - connection.timeline.open > stableAfter
    if (lasted && this.connections(peer).length === 0) this.#wanted.get(peer)?.retry.now()
    if (isDirect(connection) && this.kind(peer) === 'relayed') this.#upgradeSoon(peer)
  }

  /** Ends a stranger's connection, unless it carries circuits: then it is the node of a friend. */
  #dismiss(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    if (connection.status !== 'open' || this.#options.mayStay(peer)) return
    const carries = this.#options.network.getConnections().some(({ remoteAddr }) => relayPeer(remoteAddr) === peer)
    if (carries) this.#later(pathLimits.strangerStay, () => this.#dismiss(connection))
    else this.#close(connection)
  }

  /** One path is enough: once the conversation has moved, the side that dialled a worse one ends it. */
  #retire(peer: string): void {
    this.#later(replacedAfter, () => {
      for (const worse of this.connections(peer).slice(1)) if (worse.direction === 'outbound') this.#close(worse)
    })
  }

  /** Connections of a day, or that carried much, are replaced: fresh keys. The side that dialled does it. */
  #rotate(): void {
    for (const peer of this.#wanted.keys()) {
      const best = this.connections(peer)[0]
      if (best == null || best.direction !== 'outbound' || !this.#worn(best)) continue
      this.#climb(peer, best)
        // Before the new one could be taken for the one too many: it may be a circuit beside a direct path.
        .then(() => this.#later(replacedAfter / 2, () => this.#close(best)))
        .catch((error: unknown) => this.#options.log('debug', 'a connection could not be renewed', toError(error)))
    }
  }

  #worn(connection: Connection): boolean {
    const { received, sent } = this.#options.network.services.traffic.of(connection)
    return Date.now() - connection.timeline.open > limits.connectionAge || received + sent > pathLimits.connectionBytes
  }

  #whyNone(peer: string): string {
    const failure = this.#wanted.get(peer)?.failure
    if (!this.#wanted.has(peer)) return 'You are not connected, because you are not friends.'
    return failure == null
      ? 'Connecting.'
      : `You are not connected: ${failure}. Quorum keeps trying, and messages wait until it works.`
  }

  #whyRelayed(peer: string): string {
    const { direct, known, mayBeDirect, whyNotPunched } = this.#options
    if (!mayBeDirect(peer))
      return `direct paths are ${direct === 'never' ? 'switched off' : 'for verified friends only'}`
    const dialled =
      this.#directTargets(peer, known(peer).addresses).length === 0
        ? 'they have told no address that can be reached from here'
        : 'none of their addresses answers directly'
    const notPunched = whyNotPunched(peer)
    return notPunched == null ? dialled : `${dialled}, and ${notPunched}`
  }

  #close(connection: Connection): void {
    connection
      .close({ signal: AbortSignal.timeout(limits.stop) })
      .catch((error: unknown) => connection.abort(toError(error)))
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    this.#timers.add(timer)
  }
}

function isDirect(connection: Connection): boolean {
  return !isRelayed(connection.remoteAddr)
}

/** What is left of what the node granted when it made the circuit. */
function limitsOf({ limits: stated }: Connection): ConnectionInfo['limited'] {
  if (stated == null) return undefined
  const { bytes, seconds } = stated
  return {
    ...(bytes == null ? {} : { bytes: Number(bytes) }),
    // js-libp2p's relay writes milliseconds into the field of seconds: nobody limits circuits to days.
    ...(seconds == null ? {} : { seconds: seconds >= 30_000 ? Math.round(seconds / 1000) : seconds }),
  }
}

function inWords(limited: ConnectionInfo['limited']): string {
  const { bytes, seconds } = limited ?? {}
  const amounts = [bytes == null ? [] : `${Math.ceil(bytes / 1024)} KiB`, seconds == null ? [] : `${seconds} seconds`]
  return limited == null ? '' : ` and ends this connection after ${amounts.flat().join(' or ') || 'a while'}`
}
