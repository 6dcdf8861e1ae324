/**
 * A node tells the addresses it listens on. libp2p hides public ones until other peers have proven them, which suits a
 * desktop behind a router; a node is put where it is by somebody who knows. Retires when libp2p takes an option for it.
 */
import type { AddressManager, TransportManager } from '@libp2p/interface-internal'

interface Components {
  addressManager: AddressManager
  transportManager: TransportManager
}

export interface OwnAddresses {
  /** From now on, what is listened on is told. Call it when the node has started. */
  tell(): void
}

/** Longer than any process lives, in milliseconds. */
const forGood = 10 * 365 * 24 * 60 * 60 * 1000

/** A libp2p service: `services: { ownAddresses: ownAddresses() }`. */
export function ownAddresses(): (components: Components) => OwnAddresses {
  return ({ addressManager, transportManager }) => ({
    tell() {
      for (const address of transportManager.getAddrs()) {
        addressManager.confirmObservedAddr(address, { type: 'transport', ttl: forGood })
      }
    },
  })
}
