/**
 * From relayed to direct by a synchronised TCP hole punch: libp2p's DCUtR, but from ports whose outside is known. Each
 * side asks a node where it sees a fresh port, tells the other over the circuit, and both dial at the agreed moment.
 * Only the circuit's callee begins. It punches for friends alone, to public addresses alone, and after a failure waits
 * longer each time; the circuit stays in use throughout, and what kept a direct path from coming is remembered for
 * people.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { isRelayed, parseAddress } from '../address/address.ts'
import { QuorumError, toError } from '../base/errors.ts'
import type { DialAttempt } from '../api/model.ts'
import { shortId } from '../identity/identity.ts'
import { pathLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { dcutrProtocol } from '../net/policy.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import { pause, Retry } from '../base/backoff.ts'
import { PunchRound, Talk, type Obstacle } from './hole-punch-round.ts'

/** Between two rounds, in milliseconds: routers forget what the last one left. */
const betweenRounds = { first: 400, longest: 2000 }

const explanations: Readonly<Record<Obstacle, string>> = {
  'no-node': 'no node tells under which address your router shows you',
  refused: 'their side does not take part in opening a direct path',
  'no-answer': 'their side could not tell where its router can be reached',
  unsupported: 'this system cannot open a direct path through your router',
  'our-router':
    'your router seems to change ports for every connection (symmetric NAT), so no direct path can be opened',
  'their-router':
    'their router seems to change ports for every connection (symmetric NAT), so no direct path can be opened',
  'both-routers':
    'your router and theirs seem to change ports for every connection (symmetric NAT), so no direct path can be opened',
  blocked: 'a router or firewall between you lets no direct path through',
}
/** Trying again at once would end the same way. */
const lasting: ReadonlySet<Obstacle> = new Set(['no-node', 'refused', 'unsupported'])

type Talking = (punch: PunchRound) => Promise<Connection>

export interface UpgradesOptions {
  network: PeerNetwork
  /** Nodes that can be asked, by address. */
  nodes(): readonly string[]
  log: Log
  /** Milliseconds, monotonic. */
  now?: () => number
  /** 0 to 1. */
  random?: () => number
}

interface Attempts {
  retry: Retry
  notBefore: number
  obstacle?: Obstacle
}

export class Upgrades {
  readonly #options: UpgradesOptions
  readonly #now: () => number
  readonly #random: () => number
  readonly #attempts = new Map<string, Attempts>()
  readonly #punched = new Set<string>()
  readonly #rounds = new Map<string, Promise<Obstacle | undefined>>()
  readonly #asked: KeyedBuckets
  readonly #stopped = new AbortController()

  constructor(options: UpgradesOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#random = options.random ?? Math.random
    this.#asked = new KeyedBuckets(pathLimits.punches, this.#now)
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The peer stops'))
    await Promise.all(this.#rounds.values())
  }

  /** The network changed: what failed before may work now. */
  reset(): void {
    this.#attempts.clear()
    this.#punched.clear()
  }

  /** How the last attempt with `peer` ended, whoever began it. */
  trial(peer: string): DialAttempt | undefined {
    const obstacle = this.#attempts.get(peer)?.obstacle
    if (obstacle != null) return { kind: 'punch', outcome: obstacle === 'blocked' ? 'silent' : 'failed' }
    return this.#punched.has(peer) ? { kind: 'punch', outcome: 'connected' } : undefined
  }

  /** Why there is no direct path to `peer`, as a part of a sentence; undefined while nothing has failed. */
  why(peer: string): string | undefined {
    const obstacle = this.#attempts.get(peer)?.obstacle
    return obstacle == null ? undefined : explanations[obstacle]
  }

  /**
   * Tries to make a direct connection beside a relayed one that the other side dialled; does nothing on any other, nor
   * soon after a failure. Never throws.
   */
  async attempt(relayed: Connection): Promise<void> {
    if (relayed.direction !== 'inbound' || !isRelayed(relayed.remoteAddr)) return
    const peer = relayed.remotePeer.toString()
    const attempts = this.#of(peer)
    if (this.#now() < attempts.notBefore) return
    const between = new Retry({ ...betweenRounds, random: this.#random })
    for (let round = 0; round < pathLimits.punchRounds; round += 1) {
      if (round > 0) await pause(between.next(), this.#stopped.signal)
      if (this.#stopped.signal.aborted || relayed.status !== 'open' || this.#rounds.has(peer)) return
      const obstacle = await this.#round(relayed, (punch) => this.#propose(relayed, punch))
      if (obstacle == null) return
      if (lasting.has(obstacle)) break
    }
    attempts.notBefore = this.#now() + attempts.retry.next()
  }

  /** The handler of /libp2p/dcutr; policy has let the stream through. */
  async receive(stream: Stream, relayed: Connection): Promise<void> {
    const peer = relayed.remotePeer.toString()
    if (!isRelayed(relayed.remoteAddr)) throw new QuorumError('bad-request', 'This path is direct already')
    if (this.#rounds.has(peer) || !this.#asked.take(peer)) throw new QuorumError('rate-limited', 'Not now')
    this.#stopped.signal.throwIfAborted()
    await this.#round(relayed, (punch) => this.#answer(stream, punch))
  }

  /** One round, the only one with that peer: what came between, or undefined when there is a direct connection. */
  async #round(relayed: Connection, talk: Talking): Promise<Obstacle | undefined> {
    const peer = relayed.remotePeer.toString()
    const round = this.#punch(relayed, talk).finally(() => this.#rounds.delete(peer))
    this.#rounds.set(peer, round)
    return round
  }

  async #punch(relayed: Connection, talk: Talking): Promise<Obstacle | undefined> {
    const { network, nodes, log } = this.#options
    const peer = relayed.remotePeer.toString()
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(pathLimits.punchRound)])
    // The node that both know first.
    const asked = [parseAddress(relayed.remoteAddr)?.relay ?? '', ...nodes()]
    const punch = new PunchRound(peer, network, asked, signal, this.#random)
    const begun = this.#now()
    try {
      await talk(punch)
      log('info', `a direct path to ${shortId(peer)} after ${Math.round(this.#now() - begun)} ms`)
      this.#attempts.delete(peer)
      this.#punched.add(peer)
      return undefined
    } catch (error) {
      const obstacle = punch.obstacle(error)
      log('debug', `no direct path to ${shortId(peer)} (${obstacle})`, toError(error))
      // When the circuit itself ends, that says nothing about routers.
      if (relayed.status === 'open') this.#of(peer).obstacle = obstacle
      return obstacle
    } finally {
      await punch.close()
    }
  }

  /** The callee of the circuit: begins, measures the round trip, and dials half of it after the last word. */
  async #propose(relayed: Connection, punch: PunchRound): Promise<Connection> {
    const { signal } = punch
    // At the same time as the other side, which begins when the stream opens.
    const opening = punch.open()
    using talk = new Talk(await relayed.newStream(dcutrProtocol, { signal, runOnLimitedConnection: true }), signal)
    await opening
    const begun = performance.now()
    await talk.send(punch.ours())
    punch.theirs = await talk.receive('connect')
    const measured = performance.now() - begun
    await talk.send({ kind: 'sync' })
    // They may have waited for their node in between; a ping waits for nobody.
    await pause(Math.min(measured, relayed.rtt ?? measured) / 2, signal)
    return await punch.dial(false)
  }

  /** The caller of the circuit: dials as soon as the last word comes. */
  async #answer(stream: Stream, punch: PunchRound): Promise<Connection> {
    using talk = new Talk(stream, punch.signal)
    await punch.open()
    punch.theirs = await talk.receive('connect')
    await talk.send(punch.ours())
    await talk.receive('sync')
    return await punch.dial(true)
  }

  #of(peer: string): Attempts {
    let attempts = this.#attempts.get(peer)
    if (attempts == null) {
      attempts = { retry: new Retry({ ...pathLimits.punchRetry, random: this.#random }), notBefore: 0 }
      this.#attempts.set(peer, attempts)
    }
    return attempts
  }
}
