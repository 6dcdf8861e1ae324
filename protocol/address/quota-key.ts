/** The key of a rate limit by address: an IPv4 address, or an IPv6 network. */
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { parseAddress } from './address.ts'

/**
 * `192.0.2.1`, also of an IPv6 socket that shows it as `::ffff:192.0.2.1`; or the first 64 bits of an IPv6 address,
 * since a household gets at least that many. `unknown` for names and everything else: they share one bucket.
 */
export function quotaKey(address: Multiaddr): string {
  const { family, host = '' } = parseAddress(address) ?? {}
  if (family !== 'ip4' && family !== 'ip6') return 'unknown'
  const ip = ipaddr.process(host)
  if (ip instanceof ipaddr.IPv4) return ip.toString()
  return ip.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}
