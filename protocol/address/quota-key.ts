/** What counts as one address when something is rationed by address: an IPv4 address, or an IPv6 network. */
import type { Multiaddr } from '@multiformats/multiaddr'

/** `192.0.2.1`, or the first 64 bits of an IPv6 address: a household gets at least that many. */
export function hostOf(address: Multiaddr): string {
  for (const { name, value } of address.getComponents()) {
    if (value == null) continue
    if (name === 'ip4') return value
    if (name === 'ip6') return mapped(value) ?? network(value)
  }
  return 'unknown'
}

/** The IPv4 address that an IPv6 socket shows as `::ffff:c000:201`. */
function mapped(address: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? []
  if (high == null || low == null) return undefined
  return [high, low].flatMap((group) => [...Buffer.from(group.padStart(4, '0'), 'hex')]).join('.')
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
