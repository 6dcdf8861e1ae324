/**
 * Makes a node announce the addresses it listens on. libp2p hides public addresses until other peers have confirmed
 * them, which suits a desktop behind a router; the address of a node is configured by its operator. Retires when libp2p
 * has an option for it.
 */
import type { AddressManager, TransportManager } from '@libp2p/interface-internal'
import { netLimits } from './limits.ts'

interface Components {
  addressManager: AddressManager
  transportManager: TransportManager
}

export interface OwnAddresses {
  /** Announces the addresses listened on. Call it when the node has started. */
  announce(): void
}

/** A libp2p service: `services: { ownAddresses: ownAddresses() }`. */
export function ownAddresses(): (components: Components) => OwnAddresses {
  return ({ addressManager, transportManager }) => ({
    announce() {
      for (const address of transportManager.getAddrs()) {
        addressManager.confirmObservedAddr(address, { type: 'transport', ttl: netLimits.ownAddressTtl })
      }
    },
  })
}
