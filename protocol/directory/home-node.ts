/** One node of a peer: what is known of it, and what callers see. */
import type { Connection } from '@libp2p/interface'
import { withPeer } from '../address/address.ts'
import { QuorumError, type ErrorCode } from '../base/errors.ts'
import type { NodeProblem, NodeRefusal, NodeState } from '../api/model.ts'
import { learntAddresses, sameHost } from '../address/node-addresses.ts'
import type { DirectDial } from '../net/direct-dial.ts'
import type { AddressSource } from '../net/policy.ts'
import { Retry } from '../base/backoff.ts'
import { directoryLimits } from './limits.ts'
import type { DialTarget } from './node-dial.ts'
import type { DirectorySession } from './session.ts'

/** Refusals of an announcement that are reported to the person; after any other error the session is reopened. */
export const reportedToPeople: ReadonlySet<ErrorCode> = new Set(['handle-taken', 'disk-full', 'not-writable'])

export interface HomeNode {
  /** The address in use. Without a connection: the last one used, initially the first one configured. */
  address: string
  /** The addresses that a person or an invite gave, in the order in which they were added. */
  addresses: string[]
  /** Those that the node says it has, besides. */
  learnt: string[]
  peer: string
  state: NodeState['state']
  reserved: boolean
  rttMs?: number
  session?: DirectorySession
  /** Why the node refused this peer in the last session: its own answer. */
  refused?: NodeRefusal
  /** The node ends sessions as if another copy of this profile ran. */
  twice?: true
  fullUntil?: number
  problem?: NodeProblem
  /** The node refused a record as one too many; it is announced again later. */
  announceDue?: true
  retry: Retry
  /** While the node refuses this peer, or another copy of it is there. */
  refusedRetry: Retry
  stopped: AbortController
  done: Promise<void>
}

export function homeNode(address: string, peer: string): HomeNode {
  return {
    address,
    addresses: [address],
    learnt: [],
    peer,
    state: 'connecting',
    reserved: false,
    retry: new Retry(directoryLimits.nodeRetry),
    refusedRetry: new Retry(directoryLimits.nodeFull),
    stopped: new AbortController(),
    done: Promise.resolve(),
  }
}

/** Another attempt begins. */
export function forgetRefusals(node: HomeNode): void {
  delete node.refused
  delete node.twice
}

export function knownAddresses({ addresses, learnt }: HomeNode): string[] {
  return [...new Set([...addresses, ...learnt])]
}

/** For `addressesToAnnounce`: 0, the node is connected; 1, it was in this run; 2, it never answered. */
export function toAnnounce(node: HomeNode): { known: string[]; use: number } {
  const { session, rttMs } = node
  return { known: knownAddresses(node), use: session != null ? 0 : rttMs == null ? 2 : 1 }
}

/** The addresses to dial: first the one that was used last. */
export function dialTargets(node: HomeNode): DialTarget[] {
  const known = knownAddresses(node)
  const last = known.includes(node.address) ? [node.address] : []
  return [...new Set([...last, ...known])].map((address) => ({ address, source: sourceOf(address, node) }))
}

/** Another port of a machine that a person chose is the person's choice, too; other machines are the node's. */
function sourceOf(address: string, { addresses, peer }: HomeNode): AddressSource {
  return addresses.some((given) => sameHost(given, address)) ? 'own-node' : { node: peer }
}

/** What the node says of its own addresses; undefined if that is nothing, or known. `mayDial`: the rules for dials. */
export function newlyLearnt(
  node: HomeNode,
  told: readonly string[],
  mayDial: Pick<DirectDial, 'refuses'>,
): string[] | undefined {
  if (told.length === 0) return undefined
  const fits = (address: string): boolean => mayDial.refuses(address, sourceOf(address, node)) === undefined
  const learnt = learntAddresses(node.peer, told, node.addresses, fits)
  return learnt.join() === node.learnt.join() ? undefined : learnt
}

/** Which of the node's addresses a connection was made to. */
export function addressOf(connection: Connection, node: HomeNode): string {
  const remote = connection.remoteAddr.toString()
  return knownAddresses(node).find((one) => one === remote || one === withPeer(remote, node.peer)) ?? node.address
}

export function stateOf({ address, peer, state, reserved, rttMs, fullUntil, problem }: HomeNode): NodeState {
  return {
    address,
    peer,
    state,
    reserved,
    ...(fullUntil == null ? {} : { fullUntil }),
    ...(problem == null ? {} : { problem }),
    ...(rttMs == null ? {} : { rttMs: Math.round(rttMs * 10) / 10 }),
  }
}

export function isRefusal(code: ErrorCode): code is NodeRefusal {
  return code === 'node-full' || code === 'not-admitted'
}

/** Why one of these nodes refuses this peer, if one does: the reason that a person can do most about. */
export function refusalOf(nodes: readonly NodeState[]): NodeRefusal | undefined {
  if (nodes.some(({ problem }) => problem === 'not-admitted')) return 'not-admitted'
  return nodes.some(({ fullUntil }) => fullUntil != null) ? 'node-full' : undefined
}

/** What callers see of a node that is not reached and is tried again at `until`; `problem`: of the last attempt. */
export function notReached(
  { refused }: HomeNode,
  problem: NodeProblem | undefined,
  until: number,
): Pick<NodeState, 'state' | 'reserved' | 'fullUntil' | 'problem'> {
  const node = { state: 'unreachable', reserved: false } as const
  if (refused === 'node-full') return { ...node, fullUntil: until }
  const why = refused ?? problem
  return why === undefined ? node : { ...node, problem: why }
}

/** Why none of these nodes can be asked. */
export function noneAnswers(nodes: readonly NodeState[]): QuorumError {
  if (nodes.length > 0 && nodes.every(({ problem }) => problem === 'not-admitted')) {
    return new QuorumError('not-admitted', 'Your node does not accept you: ask its operator, or add another node')
  }
  const why =
    nodes.length === 0 ? 'There is no node to ask: add one, or use a link' : 'No node can be reached right now'
  return new QuorumError('node-unreachable', why)
}
