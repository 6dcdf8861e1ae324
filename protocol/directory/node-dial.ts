/** The connection to a node: an open one, or the first of its addresses that answers. */
import type { Connection } from '@libp2p/interface'
import { isRelayed } from '../address/address.ts'
import { nodePeer } from '../address/node-addresses.ts'
import { limits } from '../base/limits.ts'
import { closeOrAbort } from '../net/close.ts'
import { mostTelling } from '../net/dial-failure.ts'
import { raceDials } from '../net/dial-race.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import type { AddressSource } from '../net/policy.ts'
import { directoryLimits } from './limits.ts'

export interface DialTarget {
  address: string
  /** Who told the address. */
  source: AddressSource
}

/**
 * Connects to the node that has these addresses.
 * Errors: `foreign-node` and others of Policy.refusesDial; else that of the dial that tells most.
 */
export async function dialNode(
  network: PeerNetwork,
  targets: readonly DialTarget[],
  signal: AbortSignal,
): Promise<Connection> {
  const { directDial } = network.services
  const refusals = targets.map(({ address, source }) => directDial.refuses(address, source))
  const sources = new Map(targets.flatMap(({ address, source }, at) => (refusals[at] ? [] : [[address, source]])))
  const [refusal] = refusals
  if (sources.size === 0 && refusal !== undefined) throw refusal
  const addresses = [...sources.keys()]
  const open = nodeConnections(network, nodePeer(addresses[0] ?? '')).find(({ status }) => status === 'open')
  if (open != null) return open
  try {
    return await raceDials({
      addresses,
      signal,
      // A node that answers and is slow has many handshakes to make: giving up on it wastes what both have done.
      dial: async (address, over) => {
        const source = sources.get(address)
        if (source === undefined) throw new Error('Not one of the targets')
        return directDial.dial(address, source, over, limits.dialAddress, limits.handshake)
      },
      // One connection carries the session and the reservation; no other code closes a second one.
      surplus: (connection) => void closeOrAbort(connection, directoryLimits.nodeClose),
    })
  } catch (error) {
    throw error instanceof AggregateError ? mostTelling(error.errors) : error
  }
}

/** The connections to a node that are not circuits. */
export function nodeConnections(network: PeerNetwork, peer: string): Connection[] {
  return network
    .getConnections()
    .filter(({ remotePeer, remoteAddr }) => remotePeer.toString() === peer && !isRelayed(remoteAddr))
}
