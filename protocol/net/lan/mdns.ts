/**
 * Finds peers on the local network by multicast DNS, and is found by them, while somebody listens; otherwise it sends
 * and opens nothing. It is no discovery service of libp2p: that would keep every stranger's addresses, and tells only
 * those that everybody may know. Only addresses of the local network are told. The service has a name of its own, so
 * that libp2p programs of other kinds neither find nor dial us. Retires when @libp2p/mdns takes the addresses to tell.
 */
import { start, stop, type ComponentLogger, type PeerId, type PeerInfo } from '@libp2p/interface'
import type { AddressManager, TransportManager } from '@libp2p/interface-internal'
import { mdns as libp2pMdns } from '@libp2p/mdns'
import type { Multiaddr } from '@multiformats/multiaddr'
import { hostPart, scopeOf } from '../../address/address.ts'

interface Components {
  peerId: PeerId
  transportManager: TransportManager
  addressManager: AddressManager
  logger: ComponentLogger
}

export interface Mdns {
  /**
   * Tells the local network who and where we are, and `heard` who else is there: a PeerId and unproven addresses.
   * Ends with the function it returns. Asks again every ten seconds.
   */
  listen(heard: (peer: string, addresses: string[]) => void): Promise<() => Promise<void>>
}

const serviceTag = '_quorum._udp.local'

/** A libp2p service: `services: { mdns: mdns() }`. */
export function mdns(): (components: Components) => Mdns {
  return ({ peerId, transportManager, addressManager, logger }) => ({
    async listen(heard) {
      const own = (): Multiaddr[] =>
        transportManager
          .getAddrs()
          .filter(isNearby)
          .map((address) => address.encapsulate(`/p2p/${peerId.toString()}`))
      const told = Object.create(addressManager, { getAddresses: { value: own } }) as AddressManager
      const search = libp2pMdns({ serviceTag })({ addressManager: told, logger })
      search.addEventListener('peer', ({ detail }: CustomEvent<PeerInfo>) => {
        if (!detail.id.equals(peerId)) heard(detail.id.toString(), detail.multiaddrs.filter(isNearby).map(String))
      })
      await start(search)
      return () => stop(search)
    },
  })
}

/** Of the local network, and the same for everybody there: a link-local one needs to be told the interface. */
function isNearby(address: Multiaddr): boolean {
  return hostPart(address) !== undefined && scopeOf(address) === 'network'
}
