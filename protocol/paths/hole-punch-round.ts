/**
 * One round of a hole punch: our hole, what the other side tells of its own, the dial between the two, and what a
 * failure says about the routers. Only public addresses are told and dialled.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { endpoint, isPlainTcp, isPublic, parseAddress } from '../address/address.ts'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { pathLimits } from './limits.ts'
import { pull, push } from '../net/streams.ts'
import { openHole, type Hole } from '../net/tcp/punch.ts'
import { type PeerNetwork } from '../net/libp2p.ts'
import { punchFromWire, punchToWire, type Punch } from '../wire/dcutr.ts'
import { frame, unframe } from '../wire/framing.ts'

/** What kept the last attempt from succeeding. */
export type Obstacle =
  /** No node tells our address. */
  | 'no-node'
  /** They do not speak DCUtR. */
  | 'refused'
  /** They told no public address, or not in time. */
  | 'no-answer'
  /** This system does not let two connections share a port. */
  | 'unsupported'
  /** Every connection leaves a router from another port. */
  | 'our-router'
  | 'their-router'
  | 'both-routers'
  | 'blocked'

type Connect = Extract<Punch, { kind: 'connect' }>

/** Our hole, theirs, and the dial between them. */
export class PunchRound {
  readonly signal: AbortSignal
  theirs: Connect | undefined
  readonly #peer: string
  readonly #network: PeerNetwork
  readonly #nodes: readonly string[]
  readonly #random: () => number
  #opening: Promise<Hole> | undefined
  #hole: Hole | undefined

  constructor(peer: string, network: PeerNetwork, nodes: readonly string[], signal: AbortSignal, random: () => number) {
    this.#peer = peer
    this.#network = network
    this.#nodes = nodes
    this.#random = random
    this.signal = signal
  }

  /** Asks a node. May be awaited later: what fails before must not be a rejection that nobody sees. */
  open(): Promise<void> {
    this.#opening = openHoleAt(this.#nodes, this.signal)
    const opened = this.#opening.then((hole) => {
      this.#hole = hole
    })
    opened.catch(() => undefined)
    return opened
  }

  ours(): Connect {
    const { seen, localPort } = this.#hole ?? { localPort: 0 }
    return { kind: 'connect', addresses: seen == null ? [] : [seen], localPort }
  }

  async dial(initiator: boolean): Promise<Connection> {
    const target = this.#target()
    if (this.#hole == null || target == null) {
      throw new QuorumError('peer-offline', 'They have told no address that can be reached from here')
    }
    const { localPort } = this.#hole
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(pathLimits.punch)])
    const address = `${target}/p2p/${this.#peer}`
    return this.#network.services.punch.dial(address, { localPort, initiator, random: this.#random }, signal)
  }

  /** What `error` says about why there is no direct path. */
  obstacle(error: unknown): Obstacle {
    if (error instanceof Error && error.name === 'UnsupportedProtocolError') return 'refused'
    if (this.#hole == null) return 'no-node'
    const target = this.#target()
    if (this.theirs == null || target == null) return 'no-answer'
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return 'unsupported'
    return routersBetween(this.#hole, { localPort: this.theirs.localPort, seen: target })
  }

  async close(): Promise<void> {
    const hole = await this.#opening?.catch(() => undefined)
    await hole?.close()
  }

  #target(): string | undefined {
    const family = parseAddress(this.#hole?.seen ?? '')?.family
    return this.theirs?.addresses
      .flatMap((address) => endpoint(address) ?? [])
      .find((address) => isPublic(address) && (family === undefined || parseAddress(address)?.family === family))
  }
}

/** One DCUtR conversation. A stream that is silent is aborted when `signal` is. */
export class Talk implements Disposable {
  readonly #stream: Stream
  readonly #signal: AbortSignal
  readonly #messages: AsyncGenerator<Punch>

  constructor(stream: Stream, signal: AbortSignal) {
    this.#stream = stream
    this.#signal = signal
    this.#messages = messages(stream)
    signal.addEventListener('abort', this.#abort)
  }

  send(punch: Punch): Promise<void> {
    return push(this.#stream, frame(punchToWire(punch)), this.#signal)
  }

  /** Errors: `bad-request` for another message or none. */
  async receive<K extends Punch['kind']>(kind: K): Promise<Extract<Punch, { kind: K }>> {
    const next = await this.#messages.next()
    if (next.done === true || next.value.kind !== kind) {
      throw new QuorumError('bad-request', `The other side did not say ${kind}`)
    }
    return next.value as Extract<Punch, { kind: K }>
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#stream.close({ signal: AbortSignal.timeout(limits.stop) }).catch(this.#abort)
  }

  readonly #abort = (): void => this.#stream.abort(new Error('The hole punch is over'))
}

async function* messages(stream: Stream): AsyncGenerator<Punch> {
  for await (const frames of pipe(pull(stream), unframe(pathLimits.punchFrame))) yield* frames.map(punchFromWire)
}

/** The first of the nodes that tells a public address of ours. */
async function openHoleAt(nodes: readonly string[], signal: AbortSignal): Promise<Hole> {
  let failure: unknown
  // A node with a private address is on this side of the router.
  for (const node of new Set(nodes.filter((address) => isPlainTcp(address) && isPublic(address)))) {
    try {
      const hole = await openHole(node, AbortSignal.any([signal, AbortSignal.timeout(limits.dialAddress)]))
      if (isPublic(hole.seen)) return hole
      await hole.close()
    } catch (error) {
      failure = error
    }
  }
  throw new QuorumError('node-unreachable', 'No node tells our address', { cause: failure })
}

/** Which routers showed another port than the one a connection left from, after a punch between two that failed. */
export function routersBetween(
  ours: Pick<Hole, 'localPort' | 'seen'>,
  theirs: Pick<Hole, 'localPort' | 'seen'>,
): Obstacle {
  const ourRouter = changesPorts(ours)
  const theirRouter = changesPorts(theirs)
  if (ourRouter && theirRouter) return 'both-routers'
  if (ourRouter) return 'our-router'
  return theirRouter ? 'their-router' : 'blocked'
}

function changesPorts({ localPort, seen }: Pick<Hole, 'localPort' | 'seen'>): boolean {
  const port = parseAddress(seen)?.port
  return localPort !== 0 && port !== localPort
}
