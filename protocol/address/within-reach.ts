/**
 * Where the addresses that other peers tell may lead. A public address leads anywhere; a private one only into a
 * network that this machine is in, so that nobody can send this machine through the network of its office; loopback
 * only where everything is on one machine.
 */
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { isPublic, parseAddress, scopeOf } from './address.ts'
import { addressLimits } from './limits.ts'

type Interfaces = ReturnType<typeof networkInterfaces>
type Ip = ipaddr.IPv4 | ipaddr.IPv6

/** No host has such an address; a dial to 0.0.0.0 reaches this machine. */
const nobody: ReadonlySet<string> = new Set(['unspecified', 'broadcast', 'multicast'])

/**
 * Of a circuit: whether its relay is within reach. A name counts by itself: what it resolves to has to be asked again.
 * `loopback`: this peer uses the loopback as its network.
 */
export function isWithinReach(address: string, loopback: boolean, interfaces: () => Interfaces): boolean {
  const { family, host = '' } = parseAddress(address) ?? {}
  if (family === undefined) return false
  if (family === 'dns') return loopback || scopeOf(address) !== 'machine'
  const ip = ipaddr.process(host)
  const range = ip.range()
  if (range === 'loopback') return loopback
  if (nobody.has(range)) return false
  // Tunnels and translations (6to4, 64:ff9b::/96 and the like) carry a second address, which nothing here looks at.
  if (range === 'unicast' && isPublic(`/${family}/${host}`)) return true
  return own(interfaces()).some(([network, prefix]) => sameNetwork(ip, network, prefix))
}

/** The host of the address is an interface of this machine, the loopback not counted. */
export function isOwnHost(address: string, interfaces: () => Interfaces): boolean {
  const { family, host = '' } = parseAddress(address) ?? {}
  if (family !== 'ip4' && family !== 'ip6') return false
  const ip = ipaddr.process(host).toString()
  return own(interfaces()).some(([one]) => one.toString() === ip)
}

/** Addresses of this machine, and how many bits of each are its network: never fewer than the limits say. */
function own(interfaces: Interfaces): [Ip, number][] {
  return Object.values(interfaces)
    .flatMap((all) => all ?? [])
    .flatMap(({ address, cidr, internal }) => {
      if (internal) return []
      const ip = ipaddr.process(address.replace(/%.*/, ''))
      const widest = ip.kind() === 'ipv4' ? addressLimits.widestNetwork4 : addressLimits.widestNetwork6
      return [[ip, Math.max(Number(cidr?.split('/')[1] ?? widest), widest)]]
    })
}

function sameNetwork(ip: Ip, network: Ip, prefix: number): boolean {
  return ip.kind() === network.kind() && ip.match(network, prefix)
}
