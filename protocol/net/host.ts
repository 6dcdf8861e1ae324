/** What counts as one address when something is rationed by address: an IPv4 address, or an IPv6 network. */
import type { Multiaddr } from '@multiformats/multiaddr'

/** `192.0.2.1`, or the first 64 bits of an IPv6 address: a household gets at least that many. */
export function hostOf(address: Multiaddr): string {
  for (const { name, value } of address.getComponents()) {
    if (value == null) continue
    if (name === 'ip4') return value
    if (name === 'ip6') return value.startsWith('::ffff:') ? value.slice(7) : network(value)
  }
  return 'unknown'
}

function network(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail != null) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length < 8 - after) groups.push('0')
  }
  return groups.slice(0, 4).join(':')
}
