/**
 * Finds peers on the local network by multicast DNS, and is found by them, between `listen` and the call that ends it;
 * otherwise it sends nothing and opens no socket. It is not registered as a discovery service of libp2p, which would
 * store the addresses of every stranger and announce only public ones. It announces only addresses of the local
 * network. The service has a name of its own, so that other libp2p programs neither find nor dial this peer. Retires
 * when @libp2p/mdns takes the addresses to announce.
 */
import { isStartable, stop, type ComponentLogger, type PeerId, type PeerInfo } from '@libp2p/interface'
import type { AddressManager, TransportManager } from '@libp2p/interface-internal'
import { mdns as libp2pMdns } from '@libp2p/mdns'
import type { Multiaddr } from '@multiformats/multiaddr'
import { hostPart, scopeOf } from '../../address/address.ts'
import { guardSocketOf } from './dns-datagrams.ts'

interface Components {
  peerId: PeerId
  transportManager: TransportManager
  addressManager: AddressManager
  logger: ComponentLogger
}

export interface Mdns {
  /**
   * Announces this peer on the local network, and calls `found` for every other one: a PeerId and unproven addresses.
   * Queries every ten seconds. Ends with the function it returns.
   */
  listen(found: (peer: string, addresses: string[]) => void): Promise<() => Promise<void>>
}

const serviceTag = '_quorum._udp.local'

/** A libp2p service: `services: { mdns: mdns() }`. */
export function mdns(): (components: Components) => Mdns {
  return ({ peerId, transportManager, addressManager, logger }) => ({
    async listen(found) {
      const own = (): Multiaddr[] =>
        transportManager
          .getAddrs()
          .filter(isNearby)
          .map((address) => address.encapsulate(`/p2p/${peerId.toString()}`))
      const announcing = Object.create(addressManager, { getAddresses: { value: own } }) as AddressManager
      const search = libp2pMdns({ serviceTag })({ addressManager: announcing, logger })
      search.addEventListener('peer', ({ detail }: CustomEvent<PeerInfo>) => {
        if (!detail.id.equals(peerId)) found(detail.id.toString(), detail.multiaddrs.filter(isNearby).map(String))
      })
      if (!isStartable(search)) throw new Error('This version of multicast DNS cannot be started: check the pin')
      try {
        await guardSocketOf(() => search.start())
      } catch (error) {
        await stop(search)
        throw error
      }
      return () => stop(search)
    },
  })
}

/** An address of the local network that all its machines can use: a link-local one needs the name of an interface. */
export function isNearby(address: Multiaddr): boolean {
  return hostPart(address) !== undefined && scopeOf(address) === 'network'
}
