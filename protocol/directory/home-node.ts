/** One node of a peer: what is known of it, and what callers see. */
import type { Connection } from '@libp2p/interface'
import { withPeer } from '../address/address.ts'
import type { NodeProblem, NodeState } from '../api/model.ts'
import { Retry } from '../base/backoff.ts'
import { directoryLimits } from './limits.ts'
import type { DirectorySession } from './session.ts'

export interface HomeNode {
  /** The address in use. Without a connection: the last one used, initially the first one configured. */
  address: string
  /** All known addresses in the order in which they were added. */
  addresses: string[]
  peer: string
  state: NodeState['state']
  reserved: boolean
  rttMs?: number
  session?: DirectorySession
  /** The node refused this peer because it is full, in the last session. */
  full?: true
  fullUntil?: number
  problem?: NodeProblem
  /** The node refused a record as one too many; it is announced again later. */
  announceDue?: true
  retry: Retry
  /** While the node is full. */
  fullRetry: Retry
  stopped: AbortController
  done: Promise<void>
}

export function homeNode(address: string, peer: string): HomeNode {
  return {
    address,
    addresses: [address],
    peer,
    state: 'connecting',
    reserved: false,
    retry: new Retry(directoryLimits.nodeRetry),
    fullRetry: new Retry(directoryLimits.nodeFull),
    stopped: new AbortController(),
    done: Promise.resolve(),
  }
}

/** Which of the node's addresses a connection was made to. */
export function addressOf(connection: Connection, { address, addresses, peer }: HomeNode): string {
  const remote = connection.remoteAddr.toString()
  return addresses.find((one) => one === remote || one === withPeer(remote, peer)) ?? address
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
