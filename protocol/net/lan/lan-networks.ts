/**
 * The networks in which a code may be asked for and answered: those of this machine's interfaces that have a private
 * address and a hardware address. So neither the provider's side of a modem nor a tunnel to a VPN gets such a question.
 */
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { scopeOf } from '../../address/address.ts'
import { netLimits } from '../limits.ts'

/** One IPv4 network of this machine. */
export interface LanNetwork {
  /** The own address in it. */
  address: string
  /** Bits of the address that are the network. */
  prefix: number
}

/** Tunnels have none. */
const noHardware = '00:00:00:00:00:00'

/** `loopback`: this peer uses the loopback as its network, and no other. */
export function lanNetworks(loopback: boolean, interfaces: typeof networkInterfaces = networkInterfaces): LanNetwork[] {
  return Object.values(interfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && internal === loopback)
    .filter(({ address, mac }) => loopback || (mac !== noHardware && scopeOf(`/ip4/${address}`) === 'network'))
    .map(({ address, cidr }) => ({ address, prefix: Number(cidr?.split('/')[1] ?? 32) }))
    .slice(0, netLimits.lanNetworks)
}

/** `host`: an IPv4 address. */
export function isIn({ address, prefix }: LanNetwork, host: string): boolean {
  return ipaddr.IPv4.isValid(host) && ipaddr.IPv4.parse(host).match(ipaddr.IPv4.parse(address), prefix)
}
