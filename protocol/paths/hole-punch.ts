/**
 * From relayed to direct by a synchronised TCP hole punch: libp2p's DCUtR, but from ports whose outside is known. Each
 * side asks a node where it sees a fresh port, sends the answer to the other side over the circuit, and both dial at
 * the agreed moment. It punches for friends only, to public addresses only, and after a failure waits longer each time.
 * The circuit stays in use throughout. The protocol is described in docs/protocol.md, /libp2p/dcutr. Retires when
 * @libp2p/dcutr dials from an observed port (libp2p/test-plans#864) and leaves the other side's preparation out of the
 * round trip.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed, parseAddress } from '../address/address.ts'
import type { PunchFailure } from '../api/advice.ts'
import type { DialAttempt } from '../api/model.ts'
import { pause, Retry } from '../base/backoff.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { peerInLog } from '../base/log.ts'
import type { Log } from '../base/log.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import { DcutrExchange } from './dcutr-exchange.ts'
import { PunchRound } from './hole-punch-round.ts'
import { pathLimits } from './limits.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { dcutrProtocol } from '../net/policy.ts'
import { PeerBackoff } from './peer-backoff.ts'

/** After these, trying again at once would end the same way. */
const lasting: ReadonlySet<PunchFailure> = new Set(['no-node', 'refused', 'unsupported'])

/** Exchanges the messages of one round, and dials. */
type Exchange = (round: PunchRound) => Promise<Connection>

export interface HolePunchesOptions {
  network: PeerNetwork
  /** Addresses of nodes that can be asked. */
  nodes(): readonly string[]
  log: Log
  /** Milliseconds, monotonic. */
  now?: () => number
  /** 0 to 1. */
  random?: () => number
}

export class HolePunches {
  readonly #options: HolePunchesOptions
  readonly #now: () => number
  readonly #random: () => number
  readonly #backoff: PeerBackoff
  readonly #failures = new Map<string, PunchFailure>()
  readonly #succeeded = new Set<string>()
  readonly #rounds = new Map<string, Promise<PunchFailure | undefined>>()
  readonly #requests: KeyedBuckets
  readonly #stopped = new AbortController()
  /** Aborted when direct paths are not allowed as they were. */
  #rules = new AbortController()

  constructor(options: HolePunchesOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#random = options.random ?? Math.random
    this.#backoff = new PeerBackoff({ ...pathLimits.punchRetry, random: this.#random }, this.#now)
    this.#requests = new KeyedBuckets(pathLimits.punches, this.#now)
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The peer stops'))
    await Promise.all(this.#rounds.values())
  }

  /** The rules about direct paths are others now: ends the rounds that run, and forgets how they went. */
  async rulesChanged(): Promise<void> {
    this.#rules.abort(new Error('Other paths are allowed now'))
    this.#rules = new AbortController()
    await Promise.all(this.#rounds.values())
    this.reset()
  }

  /** The network changed: what failed before may work now. */
  reset(): void {
    this.#backoff.reset()
    this.#failures.clear()
    this.#succeeded.clear()
  }

  forget(peer: string): void {
    this.#backoff.forget(peer)
    this.#failures.delete(peer)
    this.#succeeded.delete(peer)
  }

  /** How the last hole punch with `peer` ended, whichever side began it. */
  lastAttempt(peer: string): DialAttempt | undefined {
    const failure = this.#failures.get(peer)
    if (failure !== undefined) return { kind: 'punch', outcome: failure === 'blocked' ? 'silent' : 'failed' }
    return this.#succeeded.has(peer) ? { kind: 'punch', outcome: 'connected' } : undefined
  }

  /** Why the last hole punch with `peer` failed; undefined when it succeeded or there was none. */
  failure(peer: string): PunchFailure | undefined {
    return this.#failures.get(peer)
  }

  /**
   * Tries to make a direct connection beside a relayed one. Both sides call this; the callee of the circuit begins, and
   * its messages make the caller take part (`receive`). Does nothing soon after a failure. Never throws.
   */
  async attempt(relayed: Connection): Promise<void> {
    // DCUtR: the peer that was called over the relay begins. If both sides began, two rounds would disturb each other.
    if (relayed.direction !== 'inbound' || !isRelayed(relayed.remoteAddr)) return
    const peer = relayed.remotePeer.toString()
    const rules = this.#rules.signal
    const wait = this.#backoff.of(peer)
    if (!wait.over) return
    const pauses = new Retry({ ...pathLimits.punchRoundWait, random: this.#random })
    for (let round = 0; round < pathLimits.punchRounds; round += 1) {
      if (round > 0) await pause(pauses.next(), this.#stopped.signal)
      if (this.#stopped.signal.aborted || rules.aborted || relayed.status !== 'open' || this.#rounds.has(peer)) return
      const failure = await this.#round(relayed, (punch) => this.#propose(relayed, punch))
      if (failure === undefined) return
      if (lasting.has(failure)) break
    }
    wait.begin()
  }

  /** The handler of /libp2p/dcutr, for streams that policy has accepted. */
  async receive(stream: Stream, relayed: Connection): Promise<void> {
    const peer = relayed.remotePeer.toString()
    if (!isRelayed(relayed.remoteAddr)) throw new QuorumError('bad-request', 'This path is direct already')
    if (this.#rounds.has(peer) || !this.#requests.take(peer)) {
      throw new QuorumError('rate-limited', 'A hole punch is running, or there were too many')
    }
    this.#stopped.signal.throwIfAborted()
    await this.#round(relayed, (punch) => this.#answer(stream, punch))
  }

  /** One round, the only one with that peer: why it failed, or undefined when there is a direct connection. */
  async #round(relayed: Connection, exchange: Exchange): Promise<PunchFailure | undefined> {
    const peer = relayed.remotePeer.toString()
    const round = this.#punch(relayed, exchange).finally(() => this.#rounds.delete(peer))
    this.#rounds.set(peer, round)
    return round
  }

  async #punch(relayed: Connection, exchange: Exchange): Promise<PunchFailure | undefined> {
    const { network, nodes, log } = this.#options
    const peer = relayed.remotePeer.toString()
    const signal = AbortSignal.any([
      this.#stopped.signal,
      this.#rules.signal,
      AbortSignal.timeout(pathLimits.punchRound),
    ])
    // The node that both sides use comes first.
    const asked = [parseAddress(relayed.remoteAddr)?.relay ?? '', ...nodes()]
    const punch = new PunchRound(peer, network, asked, signal, this.#random)
    const begun = this.#now()
    try {
      await exchange(punch)
      log('info', `a direct path to ${peerInLog(peer)} after ${Math.round(this.#now() - begun)} ms`)
      this.forget(peer)
      this.#succeeded.add(peer)
      return undefined
    } catch (error) {
      const failure = punch.failure(error)
      log('debug', `no direct path to ${peerInLog(peer)} (${failure})`, toError(error))
      // The end of the circuit itself is no evidence about routers.
      if (relayed.status === 'open') this.#failures.set(peer, failure)
      return failure
    } finally {
      await punch.close()
    }
  }

  /** The callee of the circuit begins, measures the round trip, and dials half a round trip after its last message. */
  async #propose(relayed: Connection, punch: PunchRound): Promise<Connection> {
    const { signal } = punch
    // At the same time as the other side, which asks its node as soon as the stream opens.
    const opening = punch.open()
    const stream = await relayed.newStream(dcutrProtocol, { signal, runOnLimitedConnection: true })
    using exchange = new DcutrExchange(stream, signal)
    await opening
    const begun = performance.now()
    await exchange.send(punch.ours())
    punch.theirs = await exchange.receive('connect')
    const measured = performance.now() - begun
    await exchange.send({ kind: 'sync' })
    // The answer may have waited for the other side's node; the round trip of a ping contains no such wait. With half
    // of the measured time alone the two dials rarely coincide: of 4 pairs behind routers that answer with resets, 3
    // stayed relayed in the lab.
    await pause(Math.min(measured, relayed.rtt ?? measured) / 2, signal)
    return await punch.dial(false)
  }

  /** The caller of the circuit answers, and dials as soon as the last message arrives. */
  async #answer(stream: Stream, punch: PunchRound): Promise<Connection> {
    using exchange = new DcutrExchange(stream, punch.signal)
    await punch.open()
    punch.theirs = await exchange.receive('connect')
    await exchange.send(punch.ours())
    await exchange.receive('sync')
    return await punch.dial(true)
  }
}
