/** Codec of how a peer is reached: part of everything that it announces about itself, and of each hello. */
import { limits } from '../base/limits.ts'
import { addressesFromWire, sealingKeyFromWire, sealingKeyToWire } from './codec.ts'
import type { EnvelopeContent } from './quorum_pb.ts'
import type { SealingKeyInfo } from './sealing-key.ts'

export interface PeerAddress {
  /** Multiaddrs of its nodes, at most limits.nodeAddressesTold; a node may have several. */
  nodes: string[]
  /** Multiaddrs of its own, at most limits.addressesTold. */
  addresses: string[]
  sealingKey?: SealingKeyInfo
}

export function peerAddressToWire(address: PeerAddress) {
  const { nodes, addresses, sealingKey } = address
  return {
    nodes: nodes.slice(0, limits.nodeAddressesTold),
    addresses: addresses.slice(0, limits.addressesTold),
    ...(sealingKey == null ? {} : { sealingKey: sealingKeyToWire(sealingKey) }),
  }
}

export function peerAddressFromWire(wire: Pick<EnvelopeContent, 'nodes' | 'addresses' | 'sealingKey'>): PeerAddress {
  const sealingKey = sealingKeyFromWire(wire.sealingKey)
  return {
    nodes: addressesFromWire(wire.nodes, limits.nodeAddressesTold),
    addresses: addressesFromWire(wire.addresses, limits.addressesTold),
    ...(sealingKey == null ? {} : { sealingKey }),
  }
}
