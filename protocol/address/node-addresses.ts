/**
 * Addresses of nodes: which node one belongs to, and which are worth keeping and telling. A node has several: a public
 * one, or one in each network of its machine and the loopback that only its neighbours on that machine can use.
 * Nothing here dials.
 */
import { isAddress, isRelayed, lastPeer, scopeOf } from './address.ts'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { addressLimits } from './limits.ts'

/** PeerId in a node's address. Errors: `bad-request`. */
export function nodePeer(address: string): string {
  const peer = peerOf(address)
  if (peer == null) {
    throw new QuorumError('bad-request', 'A node address looks like /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…')
  }
  return peer
}

/** Addresses by node, in the order given; what is no node's address is left out. */
export function byNode(addresses: readonly string[]): Map<string, string[]> {
  const nodes = new Map<string, string[]>()
  for (const address of addresses) {
    const peer = peerOf(address)
    if (peer != null) nodes.set(peer, [...(nodes.get(peer) ?? []), address])
  }
  return nodes
}

/** The addresses of one node once `address` was heard, the newest last: of too many the oldest goes. */
export function withAddress(known: readonly string[], address: string): string[] {
  return [...known.filter((other) => other !== address), address].slice(-addressLimits.nodeAddresses)
}

/**
 * What to tell others: of each node the address that most can reach, then the next of each, for as long as there is
 * room; public ones first.
 */
export function addressesToTell(nodes: Iterable<readonly string[]>): string[] {
  const told = [...nodes]
    .slice(0, limits.nodesTold)
    .map((addresses) => addresses.toSorted((a, b) => reach(a) - reach(b)))
  const rounds = Array.from({ length: addressLimits.nodeAddresses }, (_, round) =>
    told.flatMap((one) => one[round] ?? []),
  )
  return rounds
    .flat()
    .slice(0, limits.nodeAddressesTold)
    .sort((a, b) => reach(a) - reach(b))
}

/** 0: from anywhere; 1: in one network; 2: on one machine. */
function reach(address: string): number {
  const scope = scopeOf(address)
  if (scope === 'machine') return 2
  return scope === 'public' ? 0 : 1
}

function peerOf(address: string): string | undefined {
  return isAddress(address) && !isRelayed(address) ? lastPeer(address) : undefined
}
