/** The keys of limits by address: an IPv4 address, or an IPv6 network. */
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { parseAddress } from './address.ts'

/** Hexadecimal groups of an IPv6 address: 64 bits are a household, 48 bits what one customer can get. */
const household = 4
const customer = 3
/** Names and everything else share one key. */
const unknown = 'unknown'

/**
 * `192.0.2.1`, also of an IPv6 socket that shows it as `::ffff:192.0.2.1`; or the first 64 bits of an IPv6 address,
 * since a household gets at least that many. `unknown` for names and everything else: they share one bucket.
 */
export function quotaKey(address: Multiaddr): string {
  return quotaKeysOf(address)[0] ?? unknown
}

/** The same as `quotaKeys`, of a multiaddr. */
export function quotaKeysOf(address: Multiaddr): readonly string[] {
  const { family, host } = parseAddress(address) ?? {}
  return quotaKeys(family === 'ip4' || family === 'ip6' ? host : undefined)
}

/**
 * The keys of an IP address as a socket shows it, the narrowest first: an IPv4 address has one, an IPv6 address those
 * of its /64 and of its /48.
 */
export function quotaKeys(host: string | undefined): readonly string[] {
  if (host == null || !ipaddr.isValid(host)) return [unknown]
  const ip = ipaddr.process(host)
  if (ip instanceof ipaddr.IPv4) return [ip.toString()]
  const groups = ip.parts.map((part) => part.toString(16))
  return [groups.slice(0, household).join(':'), `${groups.slice(0, customer).join(':')}::/48`]
}
