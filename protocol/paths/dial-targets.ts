/** Which addresses of a friend may be dialled now: its own, and circuits to it, by the rules of net/policy.ts. */
import { circuitAddress, isAddress, isRelayed, lastPeer, withPeer } from '../address/address.ts'
import { byNode } from '../address/node-addresses.ts'
import type { NodeRefusal } from '../api/model.ts'
import { limits } from '../base/limits.ts'
import type { PeerNetwork } from '../net/libp2p.ts'

export interface DialTargetsOptions {
  network: Pick<PeerNetwork, 'services'>
  /** The addresses and nodes that a friend announced. */
  announced(peer: string): { addresses: readonly string[]; nodes: readonly string[] }
  /** Addresses of the own nodes that are connected. */
  ownNodes(): readonly string[]
  /** Why an own node refuses this peer, if one does. */
  nodeRefusal(): NodeRefusal | undefined
  /** A friend or a node. Connections of other peers last only long enough for one envelope. */
  isContact(peer: string): boolean
}

/** Those of `addresses` that lead directly to `peer`; without them, those that it announced. */
export function directTargets(
  options: DialTargetsOptions,
  peer: string,
  addresses: readonly string[] = options.announced(peer).addresses,
): string[] {
  return addresses
    .filter((address) => isAddress(address) && !isRelayed(address))
    .map((address) => withPeer(address, peer))
    .filter((address) => lastPeer(address) === peer && mayDial(options, address, peer))
    .slice(0, limits.addressesTold)
}

/** Circuits to `peer`, through the own nodes and through its own. */
export function circuitTargets(options: DialTargetsOptions, peer: string): string[] {
  const { announced, ownNodes, isContact } = options
  const own = byNode(ownNodes())
  // One circuit through each node is enough. Only directory/home-nodes.ts dials an own node that is disconnected.
  const others = [...byNode(announced(peer).nodes)].flatMap(([node, all]) =>
    own.has(node) || isContact(node) ? [] : all,
  )
  return [...ownNodes(), ...others]
    .map((node) => circuitAddress(node, peer))
    .filter((circuit) => mayDial(options, circuit, peer))
    .slice(0, limits.nodesTold + limits.nodeAddressesTold)
}

function mayDial({ network }: DialTargetsOptions, address: string, peer: string): boolean {
  return network.services.directDial.refuses(address, { peer }) === undefined
}
