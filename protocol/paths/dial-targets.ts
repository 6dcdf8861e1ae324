/** Which addresses of a friend may be dialled now: its own by the rules about direct paths, and circuits to it. */
import { circuitAddress, isAddress, isPublic, isRelayed, lastPeer, withPeer } from '../address/address.ts'
import { byNode } from '../address/node-addresses.ts'
import type { Privacy } from '../api/privacy.ts'
import { limits } from '../base/limits.ts'

export interface DialTargetsOptions {
  /** The current choices about direct paths, and about announcing and dialling LAN addresses. */
  privacy(): Pick<Privacy, 'direct' | 'lan'>
  /** This peer may dial `peer` and reveal its own address to it. Without `peer`: to any peer. */
  mayBeDirect(peer?: string): boolean
  /** The addresses and nodes that a friend announced. */
  announced(peer: string): { addresses: readonly string[]; nodes: readonly string[] }
  /** Addresses of the own nodes that are connected. */
  ownNodes(): readonly string[]
  /** A friend or a node. Connections of other peers last only long enough for one envelope. */
  isContact(peer: string): boolean
}

/** Those of `addresses` that lead directly to `peer`; without them, those that it announced. */
export function directTargets(
  { privacy, mayBeDirect, announced }: DialTargetsOptions,
  peer: string,
  addresses: readonly string[] = announced(peer).addresses,
): string[] {
  if (!mayBeDirect(peer)) return []
  return addresses
    .filter((address) => isAddress(address) && !isRelayed(address) && (privacy().lan || isPublic(address)))
    .map((address) => withPeer(address, peer))
    .filter((address) => lastPeer(address) === peer)
    .slice(0, limits.addressesTold)
}

/** Circuits to `peer`, through the own nodes and through its own. */
export function circuitTargets(
  { privacy, announced, ownNodes, isContact }: DialTargetsOptions,
  peer: string,
): string[] {
  if (privacy().direct === 'only') return []
  const own = byNode(ownNodes())
  // One circuit through each node is enough. Only directory/home-nodes.ts dials an own node that is disconnected.
  const others = [...byNode(announced(peer).nodes)].flatMap(([node, all]) =>
    own.has(node) || isContact(node) ? [] : all,
  )
  return [...ownNodes(), ...others]
    .slice(0, limits.nodesTold + limits.nodeAddressesTold)
    .map((node) => circuitAddress(node, peer))
}
