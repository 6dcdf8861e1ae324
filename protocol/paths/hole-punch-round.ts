/**
 * One round of a hole punch: our hole, the address that the other side announces for its own, the dial between the two,
 * and what a failure means for the routers. Only public addresses are announced and dialled.
 */
import type { Connection } from '@libp2p/interface'
import { endpoint, isPlainTcp, isPublic, parseAddress } from '../address/address.ts'
import type { PunchFailure } from '../api/advice.ts'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { pathLimits } from './limits.ts'
import { openHole, type Hole } from '../net/tcp/punch.ts'
import { type PeerNetwork } from '../net/libp2p.ts'
import type { Punch } from '../wire/dcutr.ts'

type Connect = Extract<Punch, { kind: 'connect' }>

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

  /** Asks a node. The promise may be awaited later: a failure before that is no unhandled rejection. */
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
      throw new QuorumError('peer-offline', 'The other side announced no address that can be reached from here')
    }
    const { localPort } = this.#hole
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(pathLimits.punch)])
    const address = `${target}/p2p/${this.#peer}`
    return this.#network.services.punch.dial(address, { localPort, initiator, random: this.#random }, signal)
  }

  /** What `error` means: why the round made no direct connection. */
  failure(error: unknown): PunchFailure {
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

/** A hole at the first of the nodes that reports a public address for it. */
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
  throw new QuorumError('node-unreachable', 'No node reports a public address of this peer', { cause: failure })
}

/** After a failed punch: which router mapped a connection to another port than the one it left from. */
export function routersBetween(
  ours: Pick<Hole, 'localPort' | 'seen'>,
  theirs: Pick<Hole, 'localPort' | 'seen'>,
): PunchFailure {
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
