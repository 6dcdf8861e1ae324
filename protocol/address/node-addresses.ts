/**
 * Addresses of nodes: to which node one belongs, and which are stored and announced. A node has several: a public one,
 * or one in each network of its machine and the loopback address, which only programs on that machine can use. Nothing
 * here dials.
 */
import { isAddress, isPublic, isRelayed, lastPeer, parseAddress, scopeOf } from './address.ts'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { addressLimits } from './limits.ts'
import { parsePeerId } from './peer-id.ts'

/** PeerId in a node's address. Errors: `bad-request`. */
export function nodePeer(address: string): string {
  const peer = peerOf(address)
  if (peer == null) {
    throw new QuorumError('bad-request', 'A node address looks like /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…')
  }
  return peer
}

/** Addresses by PeerId of the node, in the given order; others than node addresses are left out. */
export function byNode(addresses: readonly string[]): Map<string, string[]> {
  const nodes = new Map<string, string[]>()
  for (const address of addresses) {
    const peer = peerOf(address)
    if (peer != null) nodes.set(peer, [...(nodes.get(peer) ?? []), address])
  }
  return nodes
}

/** These are addresses of nodes, and none of the nodes is an own one. */
export function areForeign(addresses: readonly string[], isOwn: (node: string) => boolean): boolean {
  const nodes = [...byNode(addresses).keys()]
  return nodes.length > 0 && !nodes.some(isOwn)
}

/** The addresses of one node with `address` added as the newest, last; beyond the limit the oldest is dropped. */
export function withAddress(stored: readonly string[], address: string): string[] {
  return [...stored.filter((other) => other !== address), address].slice(-addressLimits.nodeAddresses)
}

/**
 * The addresses to announce, up to limits.nodeAddressesTold, of the nodes with the smallest `use` first. Among equals,
 * of each node the one with the widest scope, then the next of each; public ones first.
 */
export function addressesToAnnounce(nodes: Iterable<{ known: readonly string[]; use: number }>): string[] {
  const told = [...nodes].sort((a, b) => a.use - b.use).slice(0, limits.nodesTold)
  const groups = [...Map.groupBy(told, ({ use }) => use).values()].map((group) => {
    const sorted = group.map(({ known }) => widestFirst(known))
    const rounds = Array.from({ length: addressLimits.nodeAddresses }, (_, round) =>
      sorted.flatMap((one) => one[round] ?? []),
    )
    return rounds.flat().slice(0, limits.nodeAddressesTold)
  })
  return groups
    .flatMap((group) => group.sort((a, b) => narrowness(a) - narrowness(b)))
    .slice(0, limits.nodeAddressesTold)
}

/**
 * Those with the widest scope first, and among them one of every transport before the second of any: a network that
 * lets one through may stop the other.
 */
export function widestFirst(addresses: readonly string[]): string[] {
  const before = new Map<string, number>()
  const ranked = addresses.map((address) => {
    const kind = `${narrowness(address)} ${parseAddress(address)?.transport}`
    const rank = before.get(kind) ?? 0
    before.set(kind, rank + 1)
    return { address, rank, scope: narrowness(address) }
  })
  return ranked.sort((a, b) => a.scope - b.scope || a.rank - b.rank).map(({ address }) => address)
}

/**
 * Of `told`, what a node says of its own addresses, those to store beside `known`: they end with its PeerId, and are
 * public if all that is known is: a server's private networks are not those of its peers. `fits`: it may be dialled.
 */
export function learntAddresses(
  peer: string,
  told: readonly string[],
  known: readonly string[],
  fits: (address: string) => boolean,
): string[] {
  const near = !known.every(isPublic)
  const own = (byNode(told).get(peer) ?? []).filter(
    (address) => !known.includes(address) && (near || isPublic(address)) && fits(address),
  )
  return [...new Set(own)].slice(0, addressLimits.nodeAddressesLearnt)
}

/** Both lead to the machine of the same name or IP address. */
export function sameHost(one: string, other: string): boolean {
  const host = (address: string): string => {
    const { family = '', host: name = '' } = parseAddress(address) ?? {}
    return name === '' ? '' : `${family} ${name.toLowerCase()}`
  }
  return host(one) !== '' && host(one) === host(other)
}

/** 0: from anywhere; 1: in one network; 2: on one machine. */
function narrowness(address: string): number {
  const scope = scopeOf(address)
  if (scope === 'machine') return 2
  return scope === 'public' ? 0 : 1
}

function peerOf(address: string): string | undefined {
  const peer = isAddress(address) && !isRelayed(address) ? lastPeer(address) : undefined
  return peer === undefined || parsePeerId(peer) === undefined ? undefined : peer
}
